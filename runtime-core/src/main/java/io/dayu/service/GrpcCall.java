package io.dayu.service;

import io.dayu.element.Element;
import io.dayu.service.wire.Call;

/** A call in a stream of gRPC. What changes is guarded by its service. */
final class GrpcCall extends ServiceCall {
  private final Element sent;
  private final int size;

  /** When it was sent last; nothing while it waits. */
  long sentNanos;

  /** It was at the service with others when a stream broke off, so it may be the cause. */
  boolean suspect;

  GrpcCall(Element element, Stage stage, ServiceDescription description, long deadlineNanos) {
    super(element, stage, deadlineNanos);
    var descriptor = description.descriptor();
    this.sent =
        sent(element, descriptor, descriptor.readsPayload() && element.hasPayload())
            .setCreatedAtMs(element.getCreatedAtMs())
            .build();
    this.size = sent.getSerializedSize();
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
    stage().params().ifPresent(call::setParams);
    return call.build();
  }
}
