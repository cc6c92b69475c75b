package io.dayu.catalog.sound;

import static io.dayu.catalog.sound.Sounds.sine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import io.dayu.catalog.Samples;
import io.dayu.catalog.Stop;
import io.dayu.element.Element;
import io.dayu.element.Label;
import io.dayu.stage.Outcome;
import io.dayu.stage.testkit.StageTestKit;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

class VoiceActivityTest {
  /** A second of silence, five of speech by espeak-ng, one and a half of silence. */
  private static final Path SPEECH = Path.of("src", "test", "resources", "sound", "speech.opus");

  /**
   * What the model answers at every fifth step to the tone below if it is given the samples before
   * a step and its state, as its authors' own code does.
   */
  private static final float[] REFERENCE = {
    0.10802755f, 0.01212132f, 0.1340206f, 0.10616493f, 0.055946797f, 0.02420631f,
    0.0014137328f, 0.0033510327f, 0.008998394f, 0.0014868379f, 0.003566146f, 0.009542972f
  };

  @Test
  void theModelHearsEachStepWithWhatCameBefore() {
    try (var lease = SpeechModel.lease()) {
      var memory = new SpeechModel.Memory();
      var samples = new float[SpeechModel.STEP];
      for (var step = 0; step < REFERENCE.length * 5; step++) {
        for (var i = 0; i < samples.length; i++) samples[i] = tone(step * samples.length + i);
        var answer = lease.model().next(samples, memory);
        if (step % 5 == 4)
          assertThat(answer).as("step %s", step).isCloseTo(REFERENCE[step / 5], within(1e-4f));
      }
    }
  }

  private static float tone(int i) {
    var t = i / 16_000.0;
    var value = 0.0;
    for (var h = 1; h < 9; h++)
      value += Math.sin(2 * Math.PI * h * (130 * t + 4 * Math.sin(5 * t))) / h;
    return (float) (0.1 * value * (1 + Math.sin(2 * Math.PI * 4 * t)));
  }

  @Test
  void speechIsFoundWhereItIs() throws Exception {
    try (var recording = DecodedSound.open(SPEECH, new Stop());
        var run = StageTestKit.start(new VoiceActivity())) {
      var elements = elements(recording, recording.rate() / 2, i -> 0);
      var shares = elements.stream().map(element -> label(run, element, "voice")).toList();
      assertThat(shares.subList(0, 2)).as("before it").containsOnly(0.0);
      assertThat(shares.get(2)).as("as it begins").isGreaterThan(0.5);
      assertThat(shares.get(shares.size() - 2)).as("behind it").isZero();
      var spoken = shares.stream().mapToDouble(share -> share / 2).sum();
      assertThat(spoken).isBetween(3.5, 5.5);
    }
  }

  @Test
  void stretchesAreSecondsFromTheStartOfTheSourceHoweverItIsCut() throws Exception {
    for (var millis : new int[] {20, 500, 7_000})
      try (var recording = DecodedSound.open(SPEECH, new Stop());
          var run = StageTestKit.start(new VoiceActivity())) {
        var elements = elements(recording, recording.rate() * millis / 1000, i -> 0);
        var from = new ArrayList<Double>();
        var to = new ArrayList<Double>();
        for (var element : elements)
          for (var label : run.output(element).getLabels().getLabelList()) {
            if (label.getName().equals("from")) from.add(label.getValue());
            if (label.getName().equals("to")) to.add(label.getValue());
          }
        assertThat(from).as("%s ms", millis).isSorted().hasSameSizeAs(to);
        assertThat(from.get(0)).as("%s ms", millis).isCloseTo(1.0, within(0.15));
        assertThat(to.get(to.size() - 1)).as("%s ms", millis).isBetween(5.0, 6.5);
      }
  }

  @Test
  void speechIsFoundInNoiseAndNoiseIsNotTakenForIt() throws Exception {
    var random = new Random(11);
    IntToDoubleFunction noise = i -> 0.02 * random.nextGaussian();
    try (var recording = DecodedSound.open(SPEECH, new Stop());
        var run = StageTestKit.start(new VoiceActivity())) {
      var shares =
          elements(recording, recording.rate() / 2, noise).stream()
              .map(element -> label(run, element, "voice"))
              .toList();
      assertThat(shares.subList(0, 2)).as("before it").containsOnly(0.0);
      assertThat(shares.stream().mapToDouble(share -> share / 2).sum()).isBetween(3.0, 5.5);
    }
    var siren = (IntToDoubleFunction) i -> 0.4 * Math.sin(0.3 * i + 400 * Math.sin(i / 20_000.0));
    for (var sound : List.of(noise, siren, sine(1_000, 16_000, 0.5), i -> i % 8_000 < 50 ? 0.9 : 0))
      try (var run = StageTestKit.start(new VoiceActivity())) {
        for (var seq = 0; seq < 10; seq++)
          assertThat(label(run, element(seq, Sounds.samples(16_000, sound), 16_000), "voice"))
              .isZero();
      }
  }

  @Test
  void elementsInWhichNobodySpeaksAreLeftOutIfAskedFor() throws Exception {
    try (var recording = DecodedSound.open(SPEECH, new Stop());
        var run = StageTestKit.start(new VoiceActivity(), Map.of("skipSilence", true))) {
      var outcomes =
          elements(recording, recording.rate() / 2, i -> 0).stream().map(run::process).toList();
      assertThat(outcomes.get(0)).isEqualTo(new Outcome.Skip("nobody speaks"));
      assertThat(outcomes.get(3)).isInstanceOf(Outcome.Output.class);
    }
  }

  @Test
  void anElementThatComesAgainChangesNothingForThoseAfterIt() throws Exception {
    try (var recording = DecodedSound.open(SPEECH, new Stop());
        var once = StageTestKit.start(new VoiceActivity());
        var twice = StageTestKit.start(new VoiceActivity())) {
      for (var element : elements(recording, recording.rate() / 4, i -> 0)) {
        var expected = once.output(element);
        assertThat(twice.output(element)).isEqualTo(expected);
        if (element.getSeq() > 0) {
          var unused = twice.output(element.toBuilder().setAttempt(2).build());
        }
      }
    }
  }

  @Test
  void streamsDoNotHearEachOther() throws Exception {
    try (var recording = DecodedSound.open(SPEECH, new Stop());
        var alone = StageTestKit.start(new VoiceActivity());
        var among = StageTestKit.start(new VoiceActivity())) {
      var noise = Sounds.samples(4_000, sine(440, 16_000, 0.8));
      for (var element : elements(recording, recording.rate() / 4, i -> 0)) {
        var other = element(element.getSeq(), noise, 16_000).toBuilder().setStream("other").build();
        assertThat(label(among, other, "voice")).isZero();
        assertThat(among.output(element)).isEqualTo(alone.output(element));
      }
    }
  }

  @Test
  void instancesShareTheModelAndTheLastOneClosesIt() {
    try (var one = StageTestKit.start(new VoiceActivity());
        var other = StageTestKit.start(new VoiceActivity())) {
      for (var run : List.of(one, other)) {
        var silence = element(0, Sounds.samples(16_000, i -> 0), 16_000);
        assertThat(label(run, silence, "voice")).isZero();
      }
      assertThat(SpeechModel.loaded()).isEqualTo(1);
    }
    assertThat(SpeechModel.loaded()).isZero();
  }

  @Test
  void whatMakesNoSenseFailsForGoodInWords() {
    try (var run = StageTestKit.start(new VoiceActivity())) {
      var odd = Samples.element(0, Sounds.audio(ByteString.copyFrom(new byte[3]), 8_000, 1, 0));
      assertThat(run.process(odd))
          .isInstanceOfSatisfying(
              Outcome.Failed.class, failed -> assertThat(failed.reason()).contains("cut off"));
    }
    try (var run = StageTestKit.start(new VoiceActivity(), Map.of("threshold", 2))) {
      assertThat(run.process(element(0, ByteString.EMPTY, 8_000)))
          .isInstanceOfSatisfying(
              Outcome.Failed.class, failed -> assertThat(failed.reason()).contains("threshold"));
    }
  }

  private static List<Element> elements(Recording recording, int each, IntToDoubleFunction noise)
      throws Exception {
    var elements = new ArrayList<Element>();
    var samples = new float[each];
    for (var read = fill(recording, samples); read > 0; read = fill(recording, samples)) {
      var count = read;
      var sound =
          Sounds.samples(
              count, i -> Math.max(-1, Math.min(1, samples[i] + noise.applyAsDouble(i))));
      elements.add(
          Samples.element(
              elements.size(),
              Sounds.audio(
                  sound, recording.rate(), 1, 1000L * each * elements.size() / recording.rate())));
    }
    return elements;
  }

  private static int fill(Recording recording, float[] samples) throws Exception {
    var one = new float[samples.length];
    var done = 0;
    while (done < samples.length) {
      var read = recording.read(one, samples.length - done);
      if (read == 0) break;
      System.arraycopy(one, 0, samples, done, read);
      done += read;
    }
    return done;
  }

  private static Element element(long seq, ByteString sound, int rate) {
    return Samples.element(seq, Sounds.audio(sound, rate, 1, seq * 1000));
  }

  private static double label(StageTestKit run, Element element, String name) {
    return run.output(element).getLabels().getLabelList().stream()
        .filter(label -> label.getName().equals(name))
        .mapToDouble(Label::getValue)
        .findFirst()
        .orElseThrow();
  }
}
