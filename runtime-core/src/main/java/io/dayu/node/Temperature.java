package io.dayu.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How hot the processor is, where the kernel tells it. Safe for any thread. */
final class Temperature {
  private static final Logger LOG = LoggerFactory.getLogger(Temperature.class);

  /**
   * A directory of sensors, what begins the name of one, the file that says what it measures, and
   * the one with the value. Drivers of processors are in the first; boards have zones of all kinds.
   */
  private record Kind(String directory, String prefix, String name, String value, Pattern wanted) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind("hwmon", "hwmon", "name", "temp1_input", Pattern.compile("coretemp|k10temp")),
          new Kind(
              "thermal",
              "thermal_zone",
              "type",
              "temp",
              Pattern.compile("(?i)(.*[-_])?(cpu|soc|x86[-_]pkg)([-_].*|\\d.*)?")));

  private static final double MILLI = 1000;

  private final Optional<Path> sensor;

  private Temperature(Optional<Path> sensor) {
    this.sensor = sensor;
  }

  /** Looks for a sensor once; says in the log where there is none. */
  static Temperature find(Path classes) {
    var sensor =
        KINDS.stream()
            .flatMap(kind -> sensors(classes, kind))
            .filter(Files::isReadable)
            .findFirst();
    if (sensor.isEmpty()) LOG.info("No temperature sensor: the temperature is left out of reports");
    return new Temperature(sensor);
  }

  private static Stream<Path> sensors(Path classes, Kind kind) {
    var directory = classes.resolve(kind.directory());
    if (!Files.isDirectory(directory)) return Stream.empty();
    try (var all = Files.list(directory)) {
      return all
          .filter(sensor -> sensor.getFileName().toString().startsWith(kind.prefix()))
          .filter(
              sensor -> kind.wanted().matcher(read(sensor.resolve(kind.name())).strip()).matches())
          .map(sensor -> sensor.resolve(kind.value()))
          .sorted()
          .toList()
          .stream();
    } catch (IOException e) {
      return Stream.empty();
    }
  }

  /** Degrees; empty where there is no sensor, or where it cannot be read just now. */
  OptionalDouble celsius() {
    var value = sensor.map(Temperature::read).orElse("").strip();
    return value.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(Long.parseLong(value) / MILLI);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }
}
