package io.dayu.conformance;

import io.dayu.service.StageMethods;
import io.dayu.service.wire.Call;
import io.dayu.service.wire.Calls;
import io.dayu.service.wire.Description;
import io.dayu.service.wire.Replies;
import io.dayu.service.wire.Reply;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.function.Function;

/** A service over gRPC that grants credit as a test says. */
final class FakeGrpcService implements AutoCloseable {
  /**
   * How it grants credit.
   *
   * @param first at once
   * @param each for a reply
   */
  record Credit(int first, int each) {}

  private final Server server;

  FakeGrpcService(String description, Credit credit, Function<Call, Reply.Builder> work)
      throws IOException {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .maxInboundMessageSize(64 << 20)
            .addService(
                ServerServiceDefinition.builder(StageMethods.SERVICE)
                    .addMethod(
                        StageMethods.DESCRIBE, (call, headers) -> describe(call, description))
                    .addMethod(StageMethods.WORK, (call, headers) -> work(call, credit, work))
                    .build())
            .build()
            .start();
  }

  URI url() {
    return URI.create("grpc://127.0.0.1:" + server.getPort());
  }

  private static <Q> ServerCall.Listener<Q> describe(
      ServerCall<Q, Description> call, String description) {
    call.sendHeaders(new Metadata());
    call.sendMessage(Description.newBuilder().setJson(description).build());
    call.close(Status.OK, new Metadata());
    return new ServerCall.Listener<>() {};
  }

  private static ServerCall.Listener<Calls> work(
      ServerCall<Calls, Replies> stream, Credit credit, Function<Call, Reply.Builder> work) {
    stream.sendHeaders(new Metadata());
    stream.sendMessage(Replies.newBuilder().setCredit(credit.first()).build());
    stream.request(1);
    return new ServerCall.Listener<>() {
      @Override
      public void onMessage(Calls calls) {
        var replies = Replies.newBuilder().setCredit(calls.getCallCount() * credit.each());
        for (var call : calls.getCallList()) replies.addReply(work.apply(call).setId(call.getId()));
        stream.sendMessage(replies.build());
        stream.request(1);
      }
    };
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
