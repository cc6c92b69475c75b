package io.dayu.read;

import io.dayu.element.Reading;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * How the columns (fields) that make up a reading are called in the data.
 *
 * @param defaultSensor the sensor where the data has no such column
 * @param defaultAtMs the time where the data has no such column, if it may lack it
 */
record Columns(
    String sensor,
    String at,
    String value,
    String unit,
    String defaultSensor,
    OptionalLong defaultAtMs) {
  static final List<String> PARAMETERS = List.of("sensor", "at", "value", "unit");

  static Columns of(Query query, String defaultSensor) {
    return new Columns(
        query.text("sensor").orElse("sensor"),
        query.text("at").orElse("at"),
        query.text("value").orElse("value"),
        query.text("unit").orElse("unit"),
        defaultSensor,
        OptionalLong.empty());
  }

  /** For data whose sensor and time are known otherwise. */
  Columns withDefaults(String sensorNow, long atMs) {
    return new Columns(sensor, at, value, unit, sensorNow, OptionalLong.of(atMs));
  }

  /**
   * @param record the text of a column, empty if it is missing
   * @throws IllegalArgumentException what is wrong with the record
   */
  Reading reading(Function<String, Optional<String>> record) {
    return Reading.newBuilder()
        .setSensor(record.apply(sensor).orElse(defaultSensor))
        .setAtMs(
            defaultAtMs.isPresent() && record.apply(at).isEmpty()
                ? defaultAtMs.getAsLong()
                : epochMs(required(record, at)))
        .setValue(finite(required(record, value)))
        .setUnit(record.apply(unit).orElse(""))
        .build();
  }

  private static String required(Function<String, Optional<String>> record, String column) {
    return record
        .apply(column)
        .filter(text -> !text.isBlank())
        .orElseThrow(() -> new IllegalArgumentException("'" + column + "' is missing"));
  }

  private double finite(String text) {
    try {
      var number = Double.parseDouble(text);
      if (Double.isFinite(number)) return number;
    } catch (NumberFormatException e) {
      // The same answer as for one that is not finite.
    }
    throw new IllegalArgumentException("'%s' is not a number: '%s'".formatted(value, text));
  }

  private long epochMs(String text) {
    try {
      if (text.matches("-?\\d+")) return Long.parseLong(text);
      if (text.length() <= LocalDate.EPOCH.toString().length())
        return LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC).toEpochMilli();
      var zoned = text.endsWith("Z") || text.substring(text.indexOf('T') + 1).matches(".*[+-].*");
      return (zoned
              ? OffsetDateTime.parse(text)
              : LocalDateTime.parse(text).atOffset(ZoneOffset.UTC))
          .toInstant()
          .toEpochMilli();
    } catch (DateTimeException | NumberFormatException e) {
      throw new IllegalArgumentException(
          "'%s' is neither a time as 2024-05-01T12:00:00Z nor milliseconds since 1970: '%s'"
              .formatted(at, text),
          e);
    }
  }
}
