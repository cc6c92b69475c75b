package io.dayu.catalog.sensor;

import io.dayu.catalog.Checked;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Readings;
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

/**
 * Smooths every sensor: each reading's value becomes the mean of the sensor's last readings, itself
 * included. Values that are no numbers are left out of the mean and pass unchanged.
 */
public final class MovingAverage implements StageProvider {
  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "moving-average",
        "1",
        "Replaces each reading by the mean of its sensor's last readings",
        Set.of(MediaType.READINGS),
        Set.of(MediaType.READINGS),
        MediaType.READINGS,
        List.of(
            Parameter.optional(
                "window", Parameter.Type.NUMBER, 10.0, "readings per mean, 1 to 10000")),
        1,
        10);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Checked.create(
        () -> {
          var window = (int) Checked.within("window", context.params().number("window"), 1, 10_000);
          return Stages.using(() -> new Average(window));
        });
  }

  private static final class Average implements Stages.Resource {
    private final SensorStates<Window> windows;

    private Average(int window) {
      windows = new SensorStates<>(() -> new Window(window));
    }

    @Override
    public Outcome apply(Element element) {
      var turn = windows.turn(element);
      var smooth = Readings.newBuilder();
      for (var reading : SensorStates.readings(element)) {
        var window = turn.state().of(reading.getSensor());
        var counts = Double.isFinite(reading.getValue());
        if (counts && turn.fresh()) window.add(reading.getValue());
        smooth.addReading(
            counts && window.size() > 0
                ? reading.toBuilder().setValue(window.mean()).build()
                : reading);
      }
      return Stages.output(Media.newBuilder().setReadings(smooth).build());
    }

    @Override
    public void close() {
      windows.close();
    }
  }
}
