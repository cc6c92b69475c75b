package io.dayu.element;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.dayu.element.MediaJson.UnreadableMedia;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MediaJsonTest {
  static Stream<Media> everyType() {
    return Stream.of(
        Media.newBuilder()
            .setFrames(
                Frames.newBuilder()
                    .setFps(25)
                    .addFrame(
                        Frame.newBuilder()
                            .setJpeg(ByteString.copyFrom(new byte[] {-1, -40, 0}))
                            .setWidth(3)
                            .setHeight(2)
                            .setOffsetMs(40)))
            .build(),
        Media.newBuilder()
            .setBoxes(
                Boxes.newBuilder()
                    .addBox(
                        Box.newBuilder()
                            .setX(0.1f)
                            .setY(0.2f)
                            .setWidth(0.3f)
                            .setHeight(0.4f)
                            .setLabel("person")
                            .setScore(0.9f)
                            .setTrack(7)
                            .setFrame(1)))
            .build(),
        Media.newBuilder()
            .setLabels(
                Labels.newBuilder()
                    .addLabel(Label.newBuilder().setName("cars").setValue(3))
                    .addLabel(Label.newBuilder().setName("cars").setValue(4)))
            .build(),
        Media.newBuilder().setText(Text.newBuilder().addLine("a").addLine("")).build(),
        Media.newBuilder()
            .setReadings(
                Readings.newBuilder()
                    .addReading(
                        Reading.newBuilder()
                            .setSensor("t-1")
                            .setAtMs(1_714_564_800_250L)
                            .setValue(21.5)
                            .setUnit("C")))
            .build(),
        Media.newBuilder().setOpaque(ByteString.copyFromUtf8("\0any")).build(),
        Media.newBuilder()
            .setOpaque(ByteString.copyFromUtf8("%PDF"))
            .setContentType("application/pdf")
            .build(),
        Media.newBuilder()
            .setTracks(
                Tracks.newBuilder()
                    .addTrack(
                        Track.newBuilder()
                            .setId(7)
                            .setLabel("car")
                            .addPoint(TrackPoint.newBuilder().setX(0.1f).setY(0.2f).setOffsetMs(40))
                            .addPoint(TrackPoint.newBuilder().setX(0.3f).setOffsetMs(80))))
            .build(),
        Media.newBuilder()
            .setKeypoints(
                Keypoints.newBuilder()
                    .addPose(
                        Pose.newBuilder()
                            .addPoint(
                                Keypoint.newBuilder()
                                    .setName("nose")
                                    .setX(0.1f)
                                    .setY(0.2f)
                                    .setScore(0.9f))
                            .setLabel("person")
                            .setScore(0.8f)
                            .setTrack(7)
                            .setFrame(1))
                    .addBone(Bone.newBuilder().setFrom("nose").setTo("left_eye")))
            .build(),
        MASK,
        Media.newBuilder()
            .setRegions(
                Regions.newBuilder()
                    .addRegion(
                        Region.newBuilder()
                            .addCorner(Corner.newBuilder().setX(0.1f).setY(0.2f))
                            .addCorner(Corner.newBuilder().setX(0.3f).setY(0.2f))
                            .addCorner(Corner.newBuilder().setX(0.3f).setY(0.4f))
                            .setText("M AB 123")
                            .setScore(0.7f)
                            .setTrack(7)
                            .setFrame(1)))
            .build(),
        Media.newBuilder()
            .setAttributes(
                Attributes.newBuilder()
                    .addAttribute(
                        Attribute.newBuilder()
                            .setName("plate")
                            .setValue("M AB 123")
                            .setScore(0.7f)
                            .setOf("detect")
                            .setBox(0)
                            .setTrack(7))
                    .addAttribute(Attribute.newBuilder().setName("weather").setValue("rain")))
            .build(),
        Media.newBuilder()
            .setAudio(
                Audio.newBuilder()
                    .setData(ByteString.copyFrom(new byte[] {1, 2, 3, 4}))
                    .setSampleRate(16_000)
                    .setChannels(2)
                    .setOffsetMs(40))
            .build());
  }

  private static final Media MASK =
      Media.newBuilder()
          .setMasks(
              Masks.newBuilder()
                  .addMask(
                      Mask.newBuilder()
                          .setX(0.1f)
                          .setY(0.2f)
                          .setWidth(0.3f)
                          .setHeight(0.4f)
                          .setColumns(3)
                          .setRows(2)
                          .addAllRun(List.of(1, 2, 3))
                          .setLabel("person")
                          .setScore(0.9f)
                          .setTrack(7)
                          .setFrame(1)))
          .build();

  @ParameterizedTest
  @MethodSource("everyType")
  void whatIsWrittenInFullIsReadAsItWas(Media media) throws UnreadableMedia {
    assertThat(MediaJson.read(MediaJson.full(media))).isEqualTo(media);
  }

  @ParameterizedTest
  @MethodSource("everyType")
  void aTreeNamesItsTypeAndHasAMemberOfThatName(Media media) {
    var word = MediaType.of(media).word();
    assertThat(MediaJson.full(media)).containsEntry("type", word).containsKey(word);
    assertThat(MediaJson.brief(media)).containsEntry("type", word).containsKey(word);
  }

  @Test
  void inBriefBytesAreCountedOnly() {
    assertThat(MediaJson.brief(everyType().toList().get(5)))
        .isEqualTo(Map.of("type", "opaque", "opaque", Map.of("bytes", 4)));
  }

  @Test
  void inBriefSoundIsCountedOnly() {
    var audio = (Map<?, ?>) MediaJson.brief(everyType().toList().get(12)).get("audio");
    assertThat(audio.get("bytes")).isEqualTo(4);
    assertThat(audio.containsKey("data")).isFalse();
  }

  @Test
  void inBriefMasksHaveTheirCellsWhileTheyAreFew() throws UnreadableMedia {
    var mask = MASK.getMasks().getMask(0);
    var ragged = mask.toBuilder().clearRun().setColumns(200).setRows(200);
    for (int i = 0; i < 15_000; i++) ragged.addRun(1);
    var media =
        Media.newBuilder()
            .setMasks(Masks.newBuilder().addMask(ragged).addMask(ragged).addMask(mask))
            .build();

    var masks = (List<?>) MediaJson.brief(media).get("masks");
    assertThat(((Map<?, ?>) masks.get(0)).get("runs")).isEqualTo(ragged.getRunList());
    assertThat(((Map<?, ?>) masks.get(1)).containsKey("runs")).isFalse();
    assertThat(((Map<?, ?>) masks.get(1)).get("runCount")).isEqualTo(15_000);
    assertThat(((Map<?, ?>) masks.get(2)).get("runs")).isEqualTo(List.of(1, 2, 3));
    assertThat(MediaJson.read(MediaJson.full(media))).isEqualTo(media);
  }

  @Test
  void whatCannotBeReadIsToldWithItsPlace() {
    var labels = List.of(Map.of("name", "a", "value", 1), Map.of("name", "b"));
    assertThatThrownBy(() -> MediaJson.read(Map.of("type", "labels", "labels", labels)))
        .hasMessage("labels[1]: value is missing");
  }

  @Test
  void whatMeansNothingMayBeLeftOut() throws UnreadableMedia {
    var box = Map.of("x", 0, "y", 0.5, "width", 1, "height", 0.25, "colour", "red");
    var media = MediaJson.read(Map.of("type", "boxes", "boxes", List.of(box)));
    assertThat(media.getBoxes().getBox(0))
        .isEqualTo(Box.newBuilder().setY(0.5f).setWidth(1).setHeight(0.25f).build());
  }

  static Stream<Object> unreadable() {
    return Stream.of(
        "text",
        List.of(),
        Map.of(),
        Map.of("type", 3),
        Map.of("type", "sounds", "sounds", List.of()),
        Map.of("type", "labels"),
        Map.of("type", "labels", "labels", Map.of()),
        Map.of("type", "labels", "labels", List.of("a")),
        Map.of("type", "labels", "labels", List.of(Map.of("name", "a"))),
        Map.of("type", "labels", "labels", List.of(Map.of("name", 1, "value", 2))),
        Map.of("type", "labels", "labels", List.of(Map.of("name", "a", "value", "2"))),
        Map.of("type", "labels", "labels", Arrays.asList((Object) null)),
        Map.of("type", "text", "text", List.of(1)),
        Map.of("type", "opaque", "opaque", "no base 64!"),
        Map.of("type", "readings", "readings", List.of(Map.of("value", 2, "at", "yesterday"))),
        Map.of("type", "readings", "readings", List.of(Map.of("value", 2))),
        Map.of(
            "type",
            "boxes",
            "boxes",
            List.of(Map.of("x", 0, "y", 0, "width", 0, "height", 0, "track", 0.5))),
        Map.of(
            "type",
            "boxes",
            "boxes",
            List.of(Map.of("x", 0, "y", 0, "width", 0, "height", 0, "frame", 1e12))),
        Map.of("type", "tracks", "tracks", List.of(Map.of("id", 1))),
        Map.of("type", "keypoints", "keypoints", List.of(), "bones", List.of(List.of("a"))),
        Map.of("type", "regions", "regions", List.of(Map.of("corners", List.of(List.of(0, 1))))),
        Map.of("type", "regions", "regions", List.of(Map.of("corners", List.of(List.of("0", 1))))),
        Map.of("type", "masks", "masks", List.of(mask(2, 1, 3))),
        Map.of("type", "masks", "masks", List.of(mask(2, -1, 2))),
        Map.of("type", "masks", "masks", List.of(mask(2, 0.5))),
        Map.of("type", "masks", "masks", List.of(mask(4097, 1))),
        Map.of("type", "attributes", "attributes", List.of(Map.of("name", "n", "value", 1))),
        Map.of("type", "audio", "audio", List.of()),
        Map.of("type", "audio", "audio", Map.of("data", "AAA=", "sampleRate", 8000)),
        Map.of("type", "audio", "audio", Map.of("data", "AA==", "sampleRate", 1, "channels", 1)),
        Map.of("type", "audio", "audio", Map.of("data", "", "channels", 1)),
        Map.of("type", "opaque", "opaque", "", "contentType", "text/plain\r\nx: y"));
  }

  private static Map<String, Object> mask(int columns, Number... runs) {
    return Map.of(
        "x",
        0,
        "y",
        0,
        "width",
        1,
        "height",
        1,
        "columns",
        columns,
        "rows",
        1,
        "runs",
        List.of(runs));
  }

  @ParameterizedTest
  @MethodSource("unreadable")
  void whatIsNoMediaIsSaidToBeNone(Object tree) {
    assertThatThrownBy(() -> MediaJson.read(tree))
        .isInstanceOf(UnreadableMedia.class)
        .message()
        .isNotBlank();
  }
}
