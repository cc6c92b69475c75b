package io.dayu.element;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MediaTypeTest {
  @ParameterizedTest
  @EnumSource
  void everyTypeIsRecognisedFromItsMedia(MediaType type) {
    var media = Media.newBuilder();
    switch (type) {
      case FRAMES -> media.setFrames(Frames.getDefaultInstance());
      case BOXES -> media.setBoxes(Boxes.getDefaultInstance());
      case LABELS -> media.setLabels(Labels.getDefaultInstance());
      case TEXT -> media.setText(Text.getDefaultInstance());
      case READINGS -> media.setReadings(Readings.getDefaultInstance());
      case OPAQUE -> media.setOpaque(ByteString.EMPTY);
      case TRACKS -> media.setTracks(Tracks.getDefaultInstance());
      case KEYPOINTS -> media.setKeypoints(Keypoints.getDefaultInstance());
      case MASKS -> media.setMasks(Masks.getDefaultInstance());
      case REGIONS -> media.setRegions(Regions.getDefaultInstance());
      case ATTRIBUTES -> media.setAttributes(Attributes.getDefaultInstance());
      case AUDIO -> media.setAudio(Audio.getDefaultInstance());
    }

    assertThat(MediaType.of(media.build())).isEqualTo(type);
    assertThat(MediaType.all()).contains(type);
  }

  @Test
  void mediaWithoutAKindAreOpaque() {
    assertThat(MediaType.of(Media.getDefaultInstance())).isEqualTo(MediaType.OPAQUE);
  }

  @Test
  void wordsAreTheFieldNamesOfTheWireMessage() {
    assertThat(Media.getDescriptor().getOneofs().get(0).getFields())
        .extracting(field -> field.getName())
        .containsExactlyElementsOf(Arrays.stream(MediaType.values()).map(MediaType::word).toList());
  }
}
