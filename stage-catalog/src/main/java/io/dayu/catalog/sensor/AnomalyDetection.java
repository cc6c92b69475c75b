package io.dayu.catalog.sensor;

import io.dayu.catalog.Checked;
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
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.Behavior;

/**
 * Finds readings that are far from what their sensor usually sends. The output has one label per
 * sensor with such a reading, whose value is the farthest score in standard deviations; it is empty
 * when all is well. Values that are no numbers are as far as can be, and nothing is learnt from
 * them. How the scores are computed, and after whom, is told by {@link Score}.
 */
public final class AnomalyDetection implements StageProvider {
  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "anomaly-detection",
        "1",
        "Labels sensors whose reading is unusual; the value is the distance in standard deviations",
        Set.of(MediaType.READINGS),
        Set.of(MediaType.READINGS),
        MediaType.LABELS,
        List.of(
            Parameter.optional(
                "method",
                Parameter.Type.STRING,
                "robust",
                "robust (median of the last readings) or ewma (exponentially weighted mean)"),
            Parameter.optional(
                    "threshold",
                    Parameter.Type.NUMBER,
                    4.0,
                    "standard deviations that are too many")
                .perElement(),
            Parameter.optional(
                "window", Parameter.Type.NUMBER, 50.0, "readings looked back at, 2 to 10000"),
            Parameter.optional(
                "warmUp", Parameter.Type.NUMBER, 20.0, "readings of a sensor before it is judged")),
        1,
        10);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Checked.create(
        () -> {
          var params = context.params();
          var score =
              score(
                  params.string("method"),
                  (int) Checked.within("window", params.number("window"), 2, 10_000));
          var warmUp = (int) Checked.within("warmUp", params.number("warmUp"), 0, 1_000_000);
          return Stages.using(() -> new Detector(score, context, warmUp));
        });
  }

  private static Supplier<Score> score(String method, int window) {
    return switch (method) {
      case "robust" -> () -> new Score.Robust(window);
      // The weight with which the mean age of values is that of a window (Roberts, 1959).
      case "ewma" -> () -> new Score.Ewma(2.0 / (window + 1));
      default -> throw new IllegalArgumentException("method must be robust or ewma, was " + method);
    };
  }

  private static final class Sensor {
    private final Score score;
    private int learnt;

    private Sensor(Score score) {
      this.score = score;
    }
  }

  private static final class Detector implements Stages.Resource {
    private final SensorStates<Sensor> sensors;
    private final StageContext context;
    private final int warmUp;

    private Detector(Supplier<Score> score, StageContext context, int warmUp) {
      this.sensors = new SensorStates<>(() -> new Sensor(score.get()));
      this.context = context;
      this.warmUp = warmUp;
    }

    @Override
    public Outcome apply(Element element) {
      var threshold = context.params(element).number("threshold");
      // It may change, so a wrong one fails elements only for as long as it stands.
      if (!(threshold >= 0 && threshold <= Score.MOST))
        return Checked.failed(Checked.outside("threshold", threshold, 0, Score.MOST));
      var turn = sensors.turn(element);
      var unusual = new TreeMap<String, Double>();
      for (var reading : SensorStates.readings(element)) {
        var score = judge(turn.state().of(reading.getSensor()), reading.getValue(), turn.fresh());
        if (Math.abs(score) > threshold)
          unusual.merge(reading.getSensor(), score, (a, b) -> Math.abs(a) >= Math.abs(b) ? a : b);
      }
      var labels = Labels.newBuilder();
      unusual.forEach(
          (sensor, score) -> labels.addLabel(Label.newBuilder().setName(sensor).setValue(score)));
      return Stages.output(Media.newBuilder().setLabels(labels).build());
    }

    private double judge(Sensor sensor, double value, boolean learn) {
      if (!Double.isFinite(value)) return Score.MOST;
      var score = sensor.learnt < warmUp ? 0 : sensor.score.of(value);
      if (learn) {
        sensor.score.learn(value);
        sensor.learnt = Math.min(Integer.MAX_VALUE - 1, sensor.learnt + 1);
      }
      return score;
    }

    @Override
    public void close() {
      sensors.close();
    }
  }
}
