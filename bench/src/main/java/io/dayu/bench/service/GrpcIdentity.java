package io.dayu.bench.service;

import io.dayu.service.StageMethods;
import io.dayu.service.wire.Calls;
import io.dayu.service.wire.Description;
import io.dayu.service.wire.Replies;
import io.dayu.service.wire.Reply;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * A service over gRPC that gives back the opaque payload that it gets, for {@code bench service}.
 */
public final class GrpcIdentity {
  /** Calls that may be with it: enough that it never waits for the next. */
  private static final int CREDIT = 512;

  private static final int WINDOW = 4 << 20;
  private static final int MAX_MESSAGE = 64 << 20;
  private static final String DESCRIPTION =
      """
      {"apiVersion": "dayu.io/v1alpha1", "description": "Gives back what it gets", "payload": ["opaque"], "output": "opaque",
       "parallelism": 2, "batch": 256}
      """;

  private GrpcIdentity() {}

  /**
   * Serves until the process is ended.
   *
   * @param args the port on 127.0.0.1; without it that of {@code DAYU_SERVICE_PORT}
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    int port = Integer.parseInt(args.length > 0 ? args[0] : System.getenv("DAYU_SERVICE_PORT"));
    NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
        .directExecutor()
        .flowControlWindow(WINDOW)
        .maxInboundMessageSize(MAX_MESSAGE)
        .addService(
            ServerServiceDefinition.builder(StageMethods.SERVICE)
                .addMethod(StageMethods.DESCRIBE, (call, headers) -> describe(call))
                .addMethod(StageMethods.WORK, (call, headers) -> work(call))
                .build())
        .build()
        .start()
        .awaitTermination();
  }

  private static <Q> ServerCall.Listener<Q> describe(ServerCall<Q, Description> call) {
    call.sendHeaders(new Metadata());
    call.sendMessage(Description.newBuilder().setJson(DESCRIPTION).build());
    call.close(Status.OK, new Metadata());
    return new ServerCall.Listener<>() {};
  }

  private static ServerCall.Listener<Calls> work(ServerCall<Calls, Replies> stream) {
    stream.sendHeaders(new Metadata());
    stream.sendMessage(Replies.newBuilder().setCredit(CREDIT).build());
    stream.request(2);
    return new ServerCall.Listener<>() {
      @Override
      public void onMessage(Calls calls) {
        // Each answer makes room for another call.
        var replies = Replies.newBuilder().setCredit(calls.getCallCount());
        for (var call : calls.getCallList())
          replies.addReply(
              Reply.newBuilder().setId(call.getId()).setOutput(call.getElement().getPayload()));
        stream.sendMessage(replies.build());
        stream.request(1);
      }
    };
  }
}
