package io.dayu.catalog.sound;

import io.dayu.catalog.Checked;
import io.dayu.catalog.StreamStates;
import io.dayu.catalog.model.SharedModels;
import io.dayu.element.Element;
import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.stage.Outcome;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.typed.Behavior;
import org.jspecify.annotations.Nullable;

/**
 * Tells where somebody speaks, whatever noise or music is there besides, by {@link SpeechModel}.
 * Its labels: {@code voice}, the share of the element in which somebody speaks; {@code score}, how
 * likely speech is where it is most likely; and for each stretch {@code from} and {@code to}, in
 * seconds from the start of the source.
 */
public final class VoiceActivity implements StageProvider {
  private static final int STREAMS = 100;

  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "voice-activity",
        "1",
        "Tells where somebody speaks: labels voice (share of the element), score, and from and to"
            + " (seconds from the start of the source) of each stretch",
        Set.of(MediaType.AUDIO),
        Set.of(),
        MediaType.LABELS,
        List.of(
            Parameter.optional(
                "threshold",
                Parameter.Type.NUMBER,
                0.5,
                "score from which it counts as speech, 0.2 to 1"),
            Parameter.optional(
                "skipSilence",
                Parameter.Type.BOOLEAN,
                false,
                "elements in which nobody speaks go to no later stage")),
        1,
        45);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Checked.create(
        () -> {
          var params = context.params();
          var threshold = Checked.within("threshold", params.number("threshold"), 0.2, 1);
          boolean skip = params.bool("skipSilence");
          return Stages.using(() -> new Detector(threshold, skip));
        });
  }

  private static final class State {
    private @Nullable SpeechListener listener;
  }

  private static final class Detector implements Stages.Resource {
    private final SharedModels.Lease<SpeechModel> model = SpeechModel.lease();
    private final double threshold;
    private final boolean skip;
    private final StreamStates<State> states = new StreamStates<>(STREAMS, State::new, s -> {});

    private Detector(double threshold, boolean skip) {
      this.threshold = threshold;
      this.skip = skip;
    }

    @Override
    public Outcome apply(Element element) {
      var audio = element.getPayload().getAudio();
      float[] samples;
      try {
        samples = Pcm.mono(audio);
      } catch (IllegalArgumentException e) {
        return new Outcome.Failed(String.valueOf(e.getMessage()), false);
      }
      var heard = listener(states.turn(element), audio.getSampleRate()).hear(samples);
      if (skip && heard.share() == 0) return new Outcome.Skip("nobody speaks");
      var labels = Labels.newBuilder();
      add(labels, "voice", heard.share());
      add(labels, "score", heard.score());
      for (var stretch : heard.stretches()) {
        add(labels, "from", (audio.getOffsetMs() + stretch.from()) / 1000);
        add(labels, "to", (audio.getOffsetMs() + stretch.to()) / 1000);
      }
      return Stages.output(Media.newBuilder().setLabels(labels).build());
    }

    /** It goes on from the element before; for one that comes again or late it begins anew. */
    private SpeechListener listener(StreamStates.Turn<State> turn, int rate) {
      var known = turn.state().listener;
      if (known != null && turn.step() == 1 && known.rate() == rate) return known;
      var listener = new SpeechListener(model.model(), rate, threshold);
      if (turn.fresh()) turn.state().listener = listener;
      return listener;
    }

    private static void add(Labels.Builder labels, String name, double value) {
      var unused = labels.addLabel(Label.newBuilder().setName(name).setValue(value));
    }

    @Override
    public void close() {
      states.close();
      model.close();
    }
  }
}
