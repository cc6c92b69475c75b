package io.dayu.catalog.sensor;

import io.dayu.catalog.StreamStates;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.Output;
import io.dayu.element.Reading;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What a stage remembers per stream and sensor. At most {@value #SENSORS} sensors of a stream are
 * remembered, the one that was unused for longest is forgotten.
 */
final class SensorStates<S> implements AutoCloseable {
  static final int SENSORS = 1000;
  private static final int STREAMS = 100;

  private final StreamStates<BySensor<S>> streams;

  SensorStates(Supplier<S> create) {
    streams = new StreamStates<>(STREAMS, () -> new BySensor<>(create), s -> {});
  }

  /** The turn of an element; its state is asked for per sensor. */
  StreamStates.Turn<BySensor<S>> turn(Element element) {
    return streams.turn(element);
  }

  /** The readings that earlier stages put out, or those of the payload if there are none. */
  static List<Reading> readings(Element element) {
    var before =
        element.getOutputsList().stream()
            .filter(output -> output.getMedia().hasReadings())
            .sorted(Comparator.comparing(Output::getStage))
            .map(Output::getMedia)
            .toList();
    return (before.isEmpty() ? List.of(element.getPayload()) : before)
        .stream().map(Media::getReadings).flatMap(r -> r.getReadingList().stream()).toList();
  }

  @Override
  public void close() {
    streams.close();
  }

  /** The states of one stream's sensors. */
  static final class BySensor<S> {
    private final Supplier<S> create;
    private final Map<String, S> states =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<String, S> eldest) {
            return size() > SENSORS;
          }
        };

    private BySensor(Supplier<S> create) {
      this.create = create;
    }

    S of(String sensor) {
      return states.computeIfAbsent(sensor, s -> create.get());
    }
  }
}
