package io.dayu.service;

import com.google.protobuf.MessageLite;
import io.dayu.service.wire.Call;
import io.dayu.service.wire.Calls;
import io.dayu.service.wire.Description;
import io.dayu.service.wire.Replies;
import io.dayu.service.wire.Reply;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** A service over gRPC as somebody might write it; what it answers the test says. */
final class TestGrpcService implements AutoCloseable {
  /** What the service does with a message of calls. */
  interface Work {
    void got(Stream stream, Calls calls);
  }

  /** A stream that a node has opened. */
  final class Stream extends ServerCall.Listener<Calls> {
    private final ServerCall<Calls, Object> call;

    /** Completes when the node has given the stream up. */
    final CompletableFuture<Void> cancelled = new CompletableFuture<>();

    Stream(ServerCall<Calls, Object> call) {
      this.call = call;
    }

    @Override
    public void onMessage(Calls message) {
      messages.add(message);
      got.addAll(message.getCallList());
      work.got(this, message);
      call.request(1);
    }

    @Override
    public void onCancel() {
      cancelled.complete(null);
    }

    void send(Replies replies) {
      call.sendMessage(replies);
    }

    /** Bytes in place of a message. */
    void raw(byte[] bytes) {
      call.sendMessage(bytes);
    }

    void credit(int calls) {
      send(Replies.newBuilder().setCredit(calls).build());
    }

    void reply(Call to, Reply.Builder reply) {
      send(Replies.newBuilder().addReply(reply.setId(to.getId())).build());
    }

    void end(Status status) {
      call.close(status, new Metadata());
    }

    /** Takes what has not been asked for yet. */
    void read() {
      call.request(1);
    }
  }

  private static final MethodDescriptor.Marshaller<Object> ANYTHING =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(Object value) {
          return new ByteArrayInputStream(
              value instanceof byte[] bytes ? bytes : ((MessageLite) value).toByteArray());
        }

        @Override
        public Object parse(InputStream stream) {
          throw new AssertionError("only the node reads these");
        }
      };

  /**
   * It tells of every connection that breaks, which is what tests do; kept, so that its level is.
   */
  private static final java.util.logging.Logger GRPC =
      java.util.logging.Logger.getLogger("io.grpc.netty.NettyServerHandler");

  static {
    GRPC.setLevel(java.util.logging.Level.OFF);
  }

  private final Server server;
  final List<Call> got = new CopyOnWriteArrayList<>();
  final List<Calls> messages = new CopyOnWriteArrayList<>();
  final List<Stream> streams = new CopyOnWriteArrayList<>();
  volatile Work work = (stream, calls) -> {};
  volatile String description = TestService.TEXT_TO_LABELS;
  volatile Status notReady = Status.OK;

  /** What a new stream grants at once. */
  volatile int credit = 1_000;

  /** Whether nothing is answered, as by a process that is stopped. */
  volatile boolean frozen;

  /** Whether streams are read at all. */
  volatile boolean reads = true;

  private TestGrpcService(NettyServerBuilder builder) throws IOException {
    server =
        builder
            .maxInboundMessageSize(64 << 20)
            .addService(
                ServerServiceDefinition.builder(StageMethods.SERVICE)
                    .addMethod(StageMethods.DESCRIBE, (call, headers) -> describe(call))
                    .addMethod(
                        StageMethods.WORK.toBuilder(
                                StageMethods.WORK.getRequestMarshaller(), ANYTHING)
                            .build(),
                        (call, headers) -> open(call))
                    .build())
            .build()
            .start();
  }

  static TestGrpcService start() {
    return start(0);
  }

  static TestGrpcService start(int port) {
    try {
      return new TestGrpcService(NettyServerBuilder.forAddress(address(port)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One over TLS. */
  static TestGrpcService start(TestAuthority.Identity identity) throws Exception {
    var tls =
        GrpcSslContexts.configure(
                SslContextBuilder.forServer(
                    identity.key(), identity.certificate(), identity.authority()),
                SslProvider.JDK)
            .build();
    return new TestGrpcService(NettyServerBuilder.forAddress(address(0)).sslContext(tls));
  }

  private static InetSocketAddress address(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  int port() {
    return server.getPort();
  }

  private <Q> ServerCall.Listener<Q> describe(ServerCall<Q, Description> call) {
    if (frozen) return new ServerCall.Listener<>() {};
    if (notReady.isOk()) {
      call.sendHeaders(new Metadata());
      call.sendMessage(Description.newBuilder().setJson(description).build());
    }
    call.close(notReady, new Metadata());
    return new ServerCall.Listener<>() {};
  }

  private ServerCall.Listener<Calls> open(ServerCall<Calls, Object> call) {
    var stream = new Stream(call);
    call.sendHeaders(new Metadata());
    streams.add(stream);
    if (credit > 0) stream.credit(credit);
    if (reads) call.request(1);
    return stream;
  }

  /** Breaks all connections. */
  @Override
  public void close() {
    server.shutdownNow();
    try {
      server.awaitTermination();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
