package io.dayu.read;

import io.dayu.element.Reading;
import io.dayu.source.Query;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * How the columns (fields) that make up a reading are called in the data, and how what stands there
 * is written. A name that was given must be there; of the standard names, sensor, time and unit may
 * be missing if there is a default.
 *
 * @param defaultSensor the sensor where the data has no such column
 * @param defaultAtMs the time where the data has no such column, if it may lack it
 */
record Columns(
    Column sensor,
    Column at,
    Column value,
    Column unit,
    Numbers numbers,
    Times times,
    String defaultSensor,
    OptionalLong defaultAtMs) {
  static final List<String> PARAMETERS =
      Stream.concat(
              Stream.of("sensor", "at", "value", "unit", Numbers.PARAMETER),
              Times.PARAMETERS.stream())
          .toList();

  /** Given as {@code unit=none}: the data has no units. */
  private static final String NONE = "none";

  /**
   * @param given whether the pipeline names it
   */
  record Column(String name, boolean given) {
    private static Column of(Query query, String parameter) {
      var name = query.text(parameter);
      if (name.filter(String::isBlank).isPresent())
        throw query.wrong(parameter + "= names no column");
      return new Column(name.orElse(parameter), name.isPresent());
    }
  }

  static Columns of(Query query, String defaultSensor) {
    return new Columns(
        Column.of(query, "sensor"),
        Column.of(query, "at"),
        Column.of(query, "value"),
        Column.of(query, "unit"),
        Numbers.of(query),
        Times.of(query),
        defaultSensor,
        OptionalLong.empty());
  }

  /** For data whose sensor and time are known otherwise. */
  Columns withDefaults(String sensorNow, long atMs) {
    return new Columns(sensor, at, value, unit, numbers, times, sensorNow, OptionalLong.of(atMs));
  }

  /** The names that data with these names must have. */
  List<String> required() {
    var names = new ArrayList<String>();
    if (sensor.given()) names.add(sensor.name());
    if (at.given() || defaultAtMs.isEmpty()) names.add(at.name());
    names.add(value.name());
    if (needsUnit()) names.add(unit.name());
    return names;
  }

  private boolean needsUnit() {
    return unit.given() && !unit.name().equals(NONE);
  }

  /** For messages. */
  String names() {
    return "%s,%s,%s,%s".formatted(sensor.name(), at.name(), value.name(), unit.name());
  }

  /**
   * @throws IllegalArgumentException what is wrong with the record
   */
  Reading reading(Cells record) {
    return Reading.newBuilder()
        .setSensor(sensor(record))
        .setAtMs(atMs(record))
        .setValue(numbers.parse(value.name(), required(record, value)))
        .setUnit(unit(record))
        .build();
  }

  /** A number that came alone. */
  Reading reading(String number) {
    return Reading.newBuilder()
        .setSensor(defaultSensor)
        .setAtMs(defaultAtMs.orElseThrow())
        .setValue(numbers.parse(value.name(), number))
        .build();
  }

  private String sensor(Cells record) {
    return record.text(sensor.name()).isEmpty() && !sensor.given()
        ? defaultSensor
        : required(record, sensor);
  }

  private long atMs(Cells record) {
    boolean missing = record.text(at.name()).filter(text -> !text.isBlank()).isEmpty();
    return missing && !at.given() && defaultAtMs.isPresent()
        ? defaultAtMs.getAsLong()
        : times.epochMs(at.name(), required(record, at));
  }

  private String unit(Cells record) {
    var text = record.text(unit.name());
    if (text.isEmpty() && needsUnit()) throw missing(record, unit);
    return readable(unit, text.orElse("").strip());
  }

  private static String required(Cells record, Column column) {
    return readable(
        column,
        record
            .text(column.name())
            .filter(text -> !text.isBlank())
            .orElseThrow(() -> missing(record, column)));
  }

  private static IllegalArgumentException missing(Cells record, Column column) {
    boolean absent = record.text(column.name()).isEmpty() && !record.names().isEmpty();
    return new IllegalArgumentException(
        "'%s' is missing%s".formatted(column.name(), absent ? "; there is " + record.names() : ""));
  }

  /** A text without the character that stands for bytes which are none. */
  private static String readable(Column column, String text) {
    if (text.indexOf('\ufffd') < 0) return text;
    throw new IllegalArgumentException(
        "'%s' holds bytes of another encoding: %s; name it, as in charset=ISO-8859-1"
            .formatted(column.name(), Cells.excerpt(text)));
  }
}
