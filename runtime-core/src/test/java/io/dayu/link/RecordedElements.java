package io.dayu.link;

import com.google.protobuf.ByteString;
import io.dayu.element.Box;
import io.dayu.element.Boxes;
import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Frame;
import io.dayu.element.Frames;
import io.dayu.element.Hop;
import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.element.Reading;
import io.dayu.element.Readings;
import io.dayu.element.Step;
import io.dayu.element.Text;
import java.util.List;

/**
 * The elements that release 0.1 sent over the link that was recorded, in their order. Never to be
 * changed: every field of an element occurs, and every kind of media.
 */
final class RecordedElements {
  private RecordedElements() {}

  static List<Element> all() {
    return List.of(
        Element.newBuilder().setStream("crossing/cam-0").setAttempt(1).setOrigin("edge-1").build(),
        element(1)
            .setKeep(true)
            .setPayload(
                Media.newBuilder()
                    .setFrames(
                        Frames.newBuilder()
                            .setFps(12.5)
                            .addFrame(frame("first", 0))
                            .addFrame(frame("second", 80))))
            .build(),
        element(2)
            .addOutputs(
                Outputs.of(
                    "detect",
                    Media.newBuilder()
                        .setBoxes(
                            Boxes.newBuilder()
                                .addBox(
                                    Box.newBuilder()
                                        .setX(0.25f)
                                        .setY(0.5f)
                                        .setWidth(0.125f)
                                        .setHeight(0.0625f)
                                        .setLabel("person")
                                        .setScore(0.75f)
                                        .setTrack(7)
                                        .setFrame(1)))
                        .build()))
            .addTrace(hop("detect", "edge-2", 1_500, 20_000, 800, 1))
            .build(),
        element(3)
            .addOutputs(Outputs.of("read", text("Fußgänger", "歩行者")))
            .addOutputs(
                Outputs.of(
                    "count",
                    Media.newBuilder()
                        .setLabels(
                            Labels.newBuilder().addLabel(label("car", 3)).addLabel(label("", 0)))
                        .build()))
            .addTrace(hop("read", "edge-2", 10, 20, 30, 2))
            .addTrace(hop("count", "cloud-1", 0, 0, 0, 1))
            .build(),
        element(4)
            .setPayload(
                Media.newBuilder()
                    .setReadings(
                        Readings.newBuilder()
                            .addReading(
                                Reading.newBuilder()
                                    .setSensor("meter")
                                    .setAtMs(1_700_000_000_000L)
                                    .setValue(-40.5)
                                    .setUnit("°C"))))
            .build(),
        element(5).setEnding(ending(Ending.Kind.SKIPPED, "detect", "")).build(),
        element(6)
            .setAttempt(3)
            .setEnding(ending(Ending.Kind.FAILED, "detect", "no answer within 10 s"))
            .build(),
        element(1L << 40).setDecision(1L << 33).setPayload(opaque(0)).build(),
        element(8).setPayload(opaque(100 << 10)).build(), // a frame of its own
        element(9).setPayload(opaque(5 << 20)).build(), // two frames
        element(10).setPayload(opaque(20 << 10)).build(), // too large to be bundled
        element(11).setPayload(opaque(1 << 10)).build());
  }

  private static Element.Builder element(long seq) {
    return Element.newBuilder()
        .setStream("crossing/cam-0")
        .setSeq(seq)
        .setAttempt(1)
        .setDecision(5)
        .setOrigin("edge-1")
        .setCreatedAtMs(1_700_000_000_000L + seq % 1_000)
        .setElapsedUs(seq * 250)
        .addPath(Step.newBuilder().setStage("detect").setNode("edge-2"))
        .addPath(Step.newBuilder().setStage("count").setNode("cloud-1"));
  }

  private static Frame frame(String jpeg, long offsetMs) {
    return Frame.newBuilder()
        .setJpeg(ByteString.copyFromUtf8(jpeg))
        .setWidth(640)
        .setHeight(360)
        .setOffsetMs(offsetMs)
        .build();
  }

  private static Hop hop(
      String stage, String node, long queueUs, long workUs, long transferUs, int tries) {
    return Hop.newBuilder()
        .setStage(stage)
        .setNode(node)
        .setQueueUs(queueUs)
        .setWorkUs(workUs)
        .setTransferUs(transferUs)
        .setTries(tries)
        .build();
  }

  private static Label label(String name, double value) {
    return Label.newBuilder().setName(name).setValue(value).build();
  }

  private static Media text(String... lines) {
    return Media.newBuilder().setText(Text.newBuilder().addAllLine(List.of(lines))).build();
  }

  private static Ending ending(Ending.Kind kind, String stage, String reason) {
    return Ending.newBuilder().setKind(kind).setStage(stage).setReason(reason).build();
  }

  /**
   * Another byte in every 16 KiB, so that it is small when compressed and no part is like another.
   */
  private static Media opaque(int bytes) {
    var payload = new byte[bytes];
    for (int i = 0; i < bytes; i++) payload[i] = (byte) (i >> 14);
    return Media.newBuilder().setOpaque(ByteString.copyFrom(payload)).build();
  }
}
