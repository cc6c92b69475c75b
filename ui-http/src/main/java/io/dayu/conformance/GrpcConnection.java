package io.dayu.conformance;

import io.dayu.service.StageMethods;
import io.dayu.service.wire.Call;
import io.dayu.service.wire.Calls;
import io.dayu.service.wire.DescribeRequest;
import io.dayu.service.wire.Description;
import io.dayu.service.wire.Replies;
import io.dayu.service.wire.Reply;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A connection to a service over gRPC, as a node has it. Not thread-safe; what waits, blocks. */
final class GrpcConnection implements AutoCloseable {
  private static final int MAX_MESSAGE = 256 << 20;

  private final ManagedChannel channel;
  private final Duration timeout;

  GrpcConnection(URI url, Duration timeout) {
    this.timeout = timeout;
    this.channel =
        NettyChannelBuilder.forAddress(url.getHost(), url.getPort())
            .usePlaintext()
            .proxyDetector(address -> null)
            .disableRetry()
            .maxInboundMessageSize(MAX_MESSAGE)
            .build();
  }

  /** How a method has ended. */
  static final class Ended extends IOException {
    private static final long serialVersionUID = 1L;

    private final Status.Code code;

    Ended(String message, Status status) {
      super(message + words(status));
      this.code = status.getCode();
    }

    Status.Code code() {
      return code;
    }

    private static String words(Status status) {
      for (var cause = status.getCause(); cause != null; cause = cause.getCause())
        if (cause instanceof ConnectException) return "nobody listens there";
      return status.getDescription() == null
          ? status.getCode().toString()
          : status.getCode() + ": " + status.getDescription();
    }
  }

  /**
   * What the service says of itself, as JSON.
   *
   * @throws Ended if it does not
   */
  String describe() throws IOException {
    var call = channel.newCall(StageMethods.DESCRIBE, CallOptions.DEFAULT);
    var heard = new LinkedBlockingQueue<Object>();
    call.start(new Listener<Description>(heard), new Metadata());
    call.request(2);
    call.sendMessage(DescribeRequest.getDefaultInstance());
    call.halfClose();
    var first = take(heard);
    if (first instanceof Description description) return description.getJson();
    throw new Ended("Describe: ", (Status) first);
  }

  Stream open() {
    return new Stream();
  }

  /** A message, or the status of the end. */
  private Object take(LinkedBlockingQueue<Object> heard) throws IOException {
    try {
      var next = heard.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
      if (next == null) throw new SocketTimeoutException("it says nothing");
      return next;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  private static final class Listener<M> extends ClientCall.Listener<M> {
    private final LinkedBlockingQueue<Object> heard;

    Listener(LinkedBlockingQueue<Object> heard) {
      this.heard = heard;
    }

    @Override
    public void onMessage(M message) {
      heard.add(message);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      heard.add(status);
    }
  }

  /** The stream of elements. */
  final class Stream {
    private final LinkedBlockingQueue<Object> heard = new LinkedBlockingQueue<>();
    private final ClientCall<byte[], Replies> call;
    private final Map<Long, Reply> replies = new HashMap<>();
    private long last;
    private long credit;

    Stream() {
      call =
          channel.newCall(
              StageMethods.WORK.toBuilder(BYTES, StageMethods.WORK.getResponseMarshaller()).build(),
              CallOptions.DEFAULT);
      call.start(new Listener<>(heard), new Metadata());
      call.request(1);
    }

    long credit() {
      return credit;
    }

    /** Sends all in one message and gives their replies, in their order. */
    List<Reply> work(List<Call.Builder> calls) throws IOException {
      var message = Calls.newBuilder();
      var ids = calls.stream().map(each -> ++last).toList();
      while (credit < calls.size()) next();
      credit -= calls.size();
      for (int i = 0; i < ids.size(); i++) message.addCall(calls.get(i).setId(ids.get(i)));
      call.sendMessage(message.build().toByteArray());
      while (!replies.keySet().containsAll(ids)) next();
      return ids.stream().map(replies::remove).toList();
    }

    /** Waits until the service takes so many. */
    void awaitCredit(int calls) throws IOException {
      while (credit < calls) next();
    }

    /** Sends bytes in place of a message. */
    void raw(byte[] bytes) {
      call.sendMessage(bytes);
    }

    /** Waits for the end. */
    Status end() throws IOException {
      while (true)
        try {
          next();
        } catch (Ended e) {
          return Status.fromCode(e.code());
        }
    }

    private void next() throws IOException {
      var next = take(heard);
      if (next instanceof Status status) throw new Ended("it ends the stream: ", status);
      var message = (Replies) next;
      credit += message.getCredit();
      for (var reply : message.getReplyList()) replies.put(reply.getId(), reply);
      call.request(1);
    }
  }

  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] bytes) {
          return new ByteArrayInputStream(bytes);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
