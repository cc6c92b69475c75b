package io.dayu.service;

import com.google.protobuf.UnsafeByteOperations;
import io.dayu.element.Element;
import io.dayu.facts.SideFactsProto;
import io.dayu.service.wire.Call;
import io.dayu.service.wire.SideName;
import java.util.Optional;

/** A call in a stream of gRPC. What changes is guarded by its service. */
final class GrpcCall extends ServiceCall {
  private final Element sent;
  private final Optional<io.dayu.service.wire.Body> body;
  private final int size;

  /** When it was sent last; nothing while it waits. */
  long sentNanos;

  /** It was at the service with others when a stream broke off, so it may be the cause. */
  boolean suspect;

  GrpcCall(Element element, Stage stage, Element sent, Optional<Body> body, long deadlineNanos) {
    super(element, stage, deadlineNanos);
    this.sent = sent;
    this.body = body.map(GrpcCall::message);
    this.size = sent.getSerializedSize() + body.map(form -> form.bytes().length).orElse(0);
  }

  static GrpcCall of(
      Element element, Stage stage, ServiceDescription description, long deadlineNanos)
      throws Refused {
    var form =
        form(element, description).orElseThrow(() -> new Refused(refusal(element, description)));
    var descriptor = description.descriptor();
    boolean whole = form == ContentType.PROTOBUF;
    return new GrpcCall(
        element,
        stage,
        (whole ? sent(element, descriptor) : identity(element))
            .setCreatedAtMs(element.getCreatedAtMs())
            .build(),
        whole ? Optional.empty() : Optional.of(body(form, element, descriptor)),
        deadlineNanos);
  }

  private static io.dayu.service.wire.Body message(Body body) {
    return io.dayu.service.wire.Body.newBuilder()
        .setContentType(body.header())
        .setContent(UnsafeByteOperations.unsafeWrap(body.bytes()))
        .build();
  }

  /** Bytes of the element as it is sent. */
  int size() {
    return size;
  }

  Call message(long id, long nowNanos) {
    long left = Math.max(1, (deadlineNanos() - nowNanos) / 1_000_000);
    var call =
        Call.newBuilder()
            .setId(id)
            .setStage(stage().id())
            .setDeadlineMs((int) Math.min(left, Integer.MAX_VALUE))
            .setElement(sent);
    params().ifPresent(call::setParams);
    body.ifPresent(call::setBody);
    sides()
        .forEach(
            (name, side) ->
                call.addSide(
                    SideName.newBuilder()
                        .setName(name)
                        .setSha256(SideFactsProto.bytes(side.digest()))));
    return call.build();
  }
}
