package io.dayu.bench.link;

import com.google.protobuf.UnsafeByteOperations;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.Step;
import java.util.Random;

/**
 * Elements as a generator makes them: what differs is set in a builder for each, the payload is
 * shared. About 90 bytes of metadata. Not thread-safe.
 */
final class Elements {
  private final Element template;
  private long seq;

  Elements(int payload) {
    // Taken at its creation for people only; nothing here is computed from it.
    template =
        Element.newBuilder()
            .setStream("crossing/cam-0")
            .setAttempt(1)
            .setDecision(7)
            .setOrigin("edge-1")
            .setCreatedAtMs(System.currentTimeMillis())
            .addPath(Step.newBuilder().setStage("detect").setNode("edge-1"))
            .addPath(Step.newBuilder().setStage("track").setNode("edge-1"))
            .addPath(Step.newBuilder().setStage("count").setNode("cloud-1"))
            .setPayload(
                Media.newBuilder().setOpaque(UnsafeByteOperations.unsafeWrap(bytes(payload))))
            .build();
  }

  Element next() {
    return template.toBuilder().setSeq(seq++).build();
  }

  /** Bytes that no layer can make smaller, the same in every run. */
  static byte[] bytes(int payload) {
    var bytes = new byte[payload];
    new Random(1).nextBytes(bytes);
    return bytes;
  }
}
