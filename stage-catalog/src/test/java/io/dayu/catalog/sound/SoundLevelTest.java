package io.dayu.catalog.sound;

import static io.dayu.catalog.sound.Sounds.sine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import io.dayu.catalog.Samples;
import io.dayu.element.Audio;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.Reading;
import io.dayu.stage.Outcome;
import io.dayu.stage.testkit.StageTestKit;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

class SoundLevelTest {
  private static final int RATE = 48_000;

  @Test
  void aSineThatFillsTheScaleHasALevelAndAPeakOfZero() {
    for (var weighting : List.of("A", "Z"))
      try (var run = StageTestKit.start(new SoundLevel(), Map.of("weighting", weighting))) {
        var both = readings(run, element(0, sine(1_000, RATE, 1)));
        assertThat(both).extracting(Reading::getSensor).containsExactly("level", "peak");
        assertThat(both).extracting(Reading::getValue).allMatch(value -> Math.abs(value) < 0.1);
        assertThat(both)
            .extracting(Reading::getUnit)
            .containsExactly(weighting.equals("A") ? "dBFS(A)" : "dBFS", "dBFS");
      }
  }

  /** Table 3 of IEC 61672-1, within what class 1 allows. */
  @Test
  void frequenciesAreWeighedAsEarsHearThem() {
    var table =
        Map.of(
            31.5, -39.4, 63.0, -26.2, 125.0, -16.1, 250.0, -8.6, 500.0, -3.2, 2_000.0, 1.2, 4_000.0,
            1.0, 8_000.0, -1.1);
    for (var row : table.entrySet())
      try (var run = StageTestKit.start(new SoundLevel(), Map.of())) {
        // The first element is still coloured by how the tone begins.
        var unused = level(run, element(0, sine(row.getKey(), RATE, 0.9)));
        var level = level(run, element(1, sine(row.getKey(), RATE, 0.9)));
        assertThat(level - 20 * Math.log10(0.9))
            .as("%s Hz", row.getKey())
            .isCloseTo(row.getValue(), within(1.0));
      }
  }

  @Test
  void whereItIsKnownHowLoudAFullScaleIsLevelsAreThatLoud() {
    try (var run =
        StageTestKit.start(new SoundLevel(), Map.of("calibration", 94, "weighting", "Z"))) {
      var both = readings(run, element(0, sine(1_000, RATE, 0.1)));
      assertThat(both.get(0).getValue()).isCloseTo(74, within(0.1));
      assertThat(both.get(0).getUnit()).isEqualTo("dB");
      assertThat(both.get(1).getValue()).isCloseTo(-20, within(0.1));
    }
  }

  @Test
  void silenceIsAsLowAsItGets() {
    try (var run = StageTestKit.start(new SoundLevel(), Map.of())) {
      assertThat(readings(run, element(0, i -> 0)))
          .extracting(Reading::getValue)
          .containsExactly(-120.0, -120.0);
      assertThat(level(run, Samples.element(1, Sounds.audio(ByteString.EMPTY, RATE, 1, 0))))
          .isEqualTo(-120);
    }
  }

  @Test
  void anElementThatComesAgainIsMeasuredWithoutWhatCameAfterIt() {
    try (var run = StageTestKit.start(new SoundLevel(), Map.of())) {
      var quiet = element(5, sine(40, RATE, 0.01));
      var first = level(run, quiet);
      var unused = level(run, element(6, sine(40, RATE, 1)));
      assertThat(level(run, quiet)).isEqualTo(first);
    }
  }

  @Test
  void whatIsNoSoundOfSamplesFailsForGoodInWords() {
    try (var run = StageTestKit.start(new SoundLevel(), Map.of())) {
      var sound = Sounds.audio(ByteString.copyFrom(new byte[8]), RATE, 1, 0).getAudio();
      assertFails(run, sound.toBuilder().setContentType("audio/mpeg"), "audio/mpeg");
      assertFails(run, sound.toBuilder().setChannels(0), "0 channels");
      assertFails(run, sound.toBuilder().setSampleRate(-3), "-3 samples");
      assertFails(run, sound.toBuilder().setData(ByteString.copyFrom(new byte[7])), "cut off");
    }
    for (var wrong : List.of(Map.of("weighting", "B"), Map.of("calibration", -1)))
      try (var run = StageTestKit.start(new SoundLevel(), Map.copyOf(wrong))) {
        assertThat(run.process(element(0, i -> 0)))
            .isInstanceOfSatisfying(
                Outcome.Failed.class, f -> assertThat(f.reason()).startsWith("parameters: "));
      }
  }

  private static void assertFails(StageTestKit run, Audio.Builder audio, String words) {
    var element = Samples.element(0, Media.newBuilder().setAudio(audio).build());
    assertThat(run.process(element))
        .isInstanceOfSatisfying(
            Outcome.Failed.class,
            failed -> {
              assertThat(failed.reason()).contains(words);
              assertThat(failed.retryable()).isFalse();
            });
  }

  private static Element element(long seq, IntToDoubleFunction sample) {
    return Samples.element(seq, Sounds.audio(Sounds.samples(RATE, sample), RATE, 1, 1000 * seq));
  }

  private static double level(StageTestKit run, Element element) {
    return readings(run, element).get(0).getValue();
  }

  private static List<Reading> readings(StageTestKit run, Element element) {
    return run.output(element).getReadings().getReadingList();
  }
}
