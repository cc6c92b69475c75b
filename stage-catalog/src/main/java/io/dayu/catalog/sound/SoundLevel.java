package io.dayu.catalog.sound;

import io.dayu.catalog.Checked;
import io.dayu.catalog.StreamStates;
import io.dayu.element.Audio;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Reading;
import io.dayu.element.Readings;
import io.dayu.stage.Outcome;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import org.apache.pekko.actor.typed.Behavior;

/**
 * Measures how loud an element is: its level (the root of the mean square) and its peak, as two
 * readings, which the stages for sensors go on with.
 *
 * <p>A sine that fills the scale has a level of 0 dBFS (AES17); what is below {@value #FLOOR}
 * counts as that. Where it is known how loud such a sine is at the microphone, levels are the
 * equivalent continuous sound levels of IEC 61672-1.
 */
public final class SoundLevel implements StageProvider {
  private static final double FLOOR = -120; // dBFS, below what 16 bits can hold
  private static final int STREAMS = 100;

  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "sound-level",
        "1",
        "Measures level and peak of sound in decibels, as readings of the sensors level and peak",
        Set.of(MediaType.AUDIO),
        Set.of(),
        MediaType.READINGS,
        List.of(
            Parameter.optional(
                "weighting",
                Parameter.Type.STRING,
                "A",
                "A (as ears hear) or Z (all frequencies alike) for the level; a peak is never weighted"),
            Parameter.optional(
                "calibration",
                Parameter.Type.NUMBER,
                "decibels of sound pressure of a sine that fills the scale; levels are below full"
                    + " scale (dBFS) without it")),
        1,
        10);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Checked.create(
        () -> {
          var weighting = context.params().string("weighting");
          if (!weighting.equals("A") && !weighting.equals("Z"))
            throw new IllegalArgumentException("weighting must be A or Z, was " + weighting);
          var calibration =
              context
                  .params()
                  .find("calibration")
                  .map(
                      given ->
                          Checked.within("calibration", ((Number) given).doubleValue(), 0, 250));
          return Stages.using(
              () ->
                  new Meter(
                      weighting.equals("A"),
                      calibration.map(OptionalDouble::of).orElse(OptionalDouble.empty())));
        });
  }

  private static final class Meter implements Stages.Resource {
    private final boolean weighted;
    private final OptionalDouble calibration;
    private final StreamStates<Ear> ears = new StreamStates<>(STREAMS, Ear::new, ear -> {});

    private Meter(boolean weighted, OptionalDouble calibration) {
      this.weighted = weighted;
      this.calibration = calibration;
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
      var filter = filter(ears.turn(element), audio);
      var squares = 0.0;
      var peak = 0.0;
      for (var sample : samples) {
        var heard = weighted ? filter.next(sample) : sample;
        squares += heard * heard;
        peak = Math.max(peak, Math.abs(sample));
      }
      var level = decibels(Math.sqrt(2 * squares / Math.max(1, samples.length)));
      var unit = (calibration.isPresent() ? "dB" : "dBFS") + (weighted ? "(A)" : "");
      return Stages.output(
          Media.newBuilder()
              .setReadings(
                  Readings.newBuilder()
                      .addReading(reading(element, "level", level + calibration.orElse(0), unit))
                      .addReading(reading(element, "peak", decibels(peak), "dBFS")))
              .build());
    }

    /** The filter goes on from the element before; one that comes again or late begins anew. */
    private static AWeighting filter(StreamStates.Turn<Ear> turn, Audio audio) {
      var rate = audio.getSampleRate();
      if (!turn.fresh()) return new AWeighting(rate);
      var ear = turn.state();
      if (turn.step() > 1 || ear.rate != rate) {
        ear.filter = new AWeighting(rate);
        ear.rate = rate;
      }
      return ear.filter;
    }

    private static double decibels(double of) {
      return of <= 0 ? FLOOR : Math.max(FLOOR, 20 * Math.log10(of));
    }

    private static Reading reading(Element element, String sensor, double value, String unit) {
      return Reading.newBuilder()
          .setSensor(sensor)
          .setAtMs(element.getCreatedAtMs())
          .setValue(value)
          .setUnit(unit)
          .build();
    }

    @Override
    public void close() {
      ears.close();
    }
  }

  private static final class Ear {
    private int rate = Recording.SLOWEST;
    private AWeighting filter = new AWeighting(rate);
  }
}
