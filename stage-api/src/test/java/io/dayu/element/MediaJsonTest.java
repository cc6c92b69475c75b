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
        Media.newBuilder().setOpaque(ByteString.copyFromUtf8("\0any")).build());
  }

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
            List.of(Map.of("x", 0, "y", 0, "width", 0, "height", 0, "frame", 1e12))));
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
