package io.dayu.element;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Nodes of two versions talk to each other while a cluster is updated, so numbers and types of
 * fields never change. Where these bytes differ the change is the mistake, not the test; a new
 * field is added here.
 */
class ElementWireTest {
  private static final Element ELEMENT =
      Element.newBuilder()
          .setStream("p/s")
          .setSeq(1)
          .setAttempt(2)
          .setDecision(3)
          .setOrigin("e")
          .setCreatedAtMs(4)
          .setElapsedUs(5)
          .setKeep(true)
          .setPayload(
              Media.newBuilder()
                  .setFrames(
                      Frames.newBuilder()
                          .addFrame(
                              Frame.newBuilder()
                                  .setJpeg(ByteString.copyFromUtf8("j"))
                                  .setWidth(6)
                                  .setHeight(7)
                                  .setOffsetMs(8))
                          .setFps(0.5)))
          .addOutputs(
              Outputs.of(
                  "b",
                  Media.newBuilder()
                      .setBoxes(
                          Boxes.newBuilder()
                              .addBox(
                                  Box.newBuilder()
                                      .setX(0.5f)
                                      .setY(0.25f)
                                      .setWidth(1)
                                      .setHeight(2)
                                      .setLabel("l")
                                      .setScore(4)
                                      .setTrack(9)
                                      .setFrame(10)))
                      .build()))
          .addTrace(
              Hop.newBuilder()
                  .setStage("b")
                  .setNode("e")
                  .setQueueUs(11)
                  .setWorkUs(12)
                  .setTransferUs(13)
                  .setTries(14))
          .addPath(Step.newBuilder().setStage("b").setNode("e"))
          .setEnding(Ending.newBuilder().setKind(Ending.Kind.FAILED).setStage("b").setReason("r"))
          .setUnstored(Element.Unstored.SENT_BACK)
          .setPart(15)
          .setRetryOf(16)
          .setSide(17)
          .build();

  private static final List<Media> OTHERS =
      List.of(
          Media.newBuilder()
              .setLabels(
                  Labels.newBuilder().addLabel(Label.newBuilder().setName("n").setValue(0.5)))
              .build(),
          Media.newBuilder().setText(Text.newBuilder().addLine("t")).build(),
          Media.newBuilder()
              .setReadings(
                  Readings.newBuilder()
                      .addReading(
                          Reading.newBuilder()
                              .setSensor("s")
                              .setAtMs(1)
                              .setValue(0.5)
                              .setUnit("u")))
              .build(),
          Media.newBuilder().setOpaque(ByteString.copyFromUtf8("o")).setContentType("c").build(),
          Media.newBuilder()
              .setTracks(
                  Tracks.newBuilder()
                      .addTrack(
                          Track.newBuilder()
                              .setId(1)
                              .setLabel("l")
                              .addPoint(
                                  TrackPoint.newBuilder().setX(0.5f).setY(0.25f).setOffsetMs(2))))
              .build(),
          Media.newBuilder()
              .setKeypoints(
                  Keypoints.newBuilder()
                      .addPose(
                          Pose.newBuilder()
                              .addPoint(
                                  Keypoint.newBuilder()
                                      .setName("n")
                                      .setX(0.5f)
                                      .setY(0.25f)
                                      .setScore(1))
                              .setLabel("l")
                              .setScore(2)
                              .setTrack(3)
                              .setFrame(4))
                      .addBone(Bone.newBuilder().setFrom("a").setTo("b")))
              .build(),
          Media.newBuilder()
              .setMasks(
                  Masks.newBuilder()
                      .addMask(
                          Mask.newBuilder()
                              .setX(0.5f)
                              .setY(0.25f)
                              .setWidth(1)
                              .setHeight(2)
                              .setColumns(3)
                              .setRows(4)
                              .addAllRun(List.of(5, 300))
                              .setLabel("l")
                              .setScore(6)
                              .setTrack(7)
                              .setFrame(8)))
              .build(),
          Media.newBuilder()
              .setRegions(
                  Regions.newBuilder()
                      .addRegion(
                          Region.newBuilder()
                              .addCorner(Corner.newBuilder().setX(0.5f).setY(0.25f))
                              .setText("t")
                              .setScore(1)
                              .setTrack(2)
                              .setFrame(3)))
              .build(),
          Media.newBuilder()
              .setAttributes(
                  Attributes.newBuilder()
                      .addAttribute(
                          Attribute.newBuilder()
                              .setName("n")
                              .setValue("v")
                              .setScore(1)
                              .setOf("o")
                              .setBox(0)
                              .setTrack(2)))
              .build(),
          Media.newBuilder()
              .setAudio(
                  Audio.newBuilder()
                      .setData(ByteString.copyFromUtf8("d"))
                      .setContentType("c")
                      .setSampleRate(1)
                      .setChannels(2)
                      .setOffsetMs(3))
              .build());

  private static final String ELEMENT_BYTES =
      "0a03702f731001180220032a01653004380540014a160a140a090a016a1006180720081100000000"
          + "0000e03f52290a0162122412220a200d0000003f150000803e1d0000803f25000000402a016c3500"
          + "0080403809400a5a0e0a0162120165180b200c280d300e62060a01621201656a0808021201621a01"
          + "727002780fa00110a80111";
  private static final List<String> OTHERS_BYTES =
      List.of(
          "1a0e0a0c0a016e11000000000000e03f",
          "22030a0174",
          "2a130a110a0173100119000000000000e03f220175",
          "32016f6a0163",
          "3a150a13080112016c1a0c0d0000003f150000803e1802",
          "422a0a200a120a016e150000003f1d0000803e250000803f12016c1d00000040200328041206"
              + "0a0161120162",
          "4a2b0a290d0000003f150000803e1d0000803f2500000040280330043a0305ac0242016c4d00"
              + "00c04050075808",
          "521a0a180a0a0d0000003f150000803e1201741d0000803f20022803",
          "5a140a120a016e1201761d0000803f22016f28003002",
          "620c0a0164120163180120022803");

  @Test
  void fieldsOfAnElementKeepTheirNumbers() throws Exception {
    assertThat(HexFormat.of().formatHex(ELEMENT.toByteArray())).isEqualTo(ELEMENT_BYTES);
    assertThat(Element.parseFrom(HexFormat.of().parseHex(ELEMENT_BYTES))).isEqualTo(ELEMENT);
  }

  @Test
  void fieldsOfMediaKeepTheirNumbers() {
    assertThat(OTHERS.stream().map(m -> HexFormat.of().formatHex(m.toByteArray())).toList())
        .isEqualTo(OTHERS_BYTES);
  }

  @Test
  void theSampleSetsEveryField() {
    for (var message :
        List.of(
            ELEMENT,
            ELEMENT.getPayload().getFrames(),
            ELEMENT.getPayload().getFrames().getFrame(0),
            Outputs.get(ELEMENT, "b").getBoxes().getBox(0),
            ELEMENT.getTrace(0),
            ELEMENT.getEnding(),
            OTHERS.get(0).getLabels().getLabel(0),
            OTHERS.get(2).getReadings().getReading(0),
            OTHERS.get(4).getTracks().getTrack(0),
            OTHERS.get(4).getTracks().getTrack(0).getPoint(0),
            OTHERS.get(5).getKeypoints(),
            OTHERS.get(5).getKeypoints().getPose(0),
            OTHERS.get(5).getKeypoints().getPose(0).getPoint(0),
            OTHERS.get(5).getKeypoints().getBone(0),
            OTHERS.get(6).getMasks().getMask(0),
            OTHERS.get(7).getRegions().getRegion(0),
            OTHERS.get(7).getRegions().getRegion(0).getCorner(0),
            OTHERS.get(8).getAttributes().getAttribute(0),
            OTHERS.get(9).getAudio()))
      assertThat(message.getAllFields().keySet())
          .containsExactlyInAnyOrderElementsOf(message.getDescriptorForType().getFields());
  }

  @Test
  void fieldsOfANewerVersionAreCarriedAlong() throws Exception {
    var newer = HexFormat.of().parseHex(ELEMENT_BYTES + "a00601");

    assertThat(Element.parseFrom(newer).getSeq()).isEqualTo(1);
    assertThat(Element.parseFrom(newer).toByteArray()).isEqualTo(newer);
  }
}
