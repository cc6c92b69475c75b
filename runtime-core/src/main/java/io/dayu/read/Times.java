package io.dayu.read;

import io.dayu.source.Query;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How times are written: as ISO 8601 and its common relatives, or as a number since 1970.
 *
 * @param unit of numbers; if empty it is the one unit in which a number is between 1990 and 2040,
 *     and other numbers are refused
 * @param zone of times without one. A time that the clocks there skip when they are put forward is
 *     refused. One that they show twice when they are put back is the first of the two, since
 *     nothing tells them apart
 */
record Times(Optional<Unit> unit, ZoneId zone) {
  /** The words are those of the parameter. */
  enum Unit {
    S(-3),
    MS(0),
    US(3),
    NS(6);

    private final int scale; // in powers of ten of a millisecond

    Unit(int scale) {
      this.scale = scale;
    }

    private BigDecimal millis(BigDecimal number) {
      return number.movePointLeft(scale);
    }
  }

  static final List<String> PARAMETERS = List.of("timeUnit", "timeZone");

  private static final Pattern NUMBER = Pattern.compile("[+-]?\\d{1,20}(\\.\\d{1,12})?");
  private static final Pattern TEXT =
      Pattern.compile(
          "(\\d{4})([-/])(\\d\\d)\\2(\\d\\d)(?:[Tt ](\\d\\d:\\d\\d(?::\\d\\d(?:[.,]\\d{1,9})?)?)"
              + " ?([Zz]|UTC|GMT|[+-]\\d\\d(?::?\\d\\d)?)?)?");
  private static final BigDecimal YEAR_1990 = millis("1990-01-01");
  private static final BigDecimal YEAR_2040 = millis("2040-01-01");
  private static final BigDecimal YEAR_10000 = millis("9999-12-31");

  static Times of(Query query) {
    return new Times(
        query.choice("timeUnit", List.of(Unit.values())),
        query.text("timeZone").<ZoneId>map(name -> zone(query, name)).orElse(ZoneOffset.UTC));
  }

  private static ZoneId zone(Query query, String name) {
    try {
      return ZoneId.of(name);
    } catch (DateTimeException e) {
      throw query.wrong(
          "timeZone=%s is no time zone, such as Europe/Berlin, America/New_York or UTC"
              .formatted(name));
    }
  }

  /**
   * @param name of the column
   * @return milliseconds since 1970
   * @throws IllegalArgumentException if it is no time, or an implausible one
   */
  long epochMs(String name, String text) {
    var stripped = text.strip();
    var time = TEXT.matcher(stripped);
    try {
      if (time.matches()) return date(name, time);
    } catch (DateTimeException e) {
      throw none(name, text, e);
    }
    return NUMBER.matcher(stripped).matches()
        ? number(name, text, new BigDecimal(stripped))
        : refuse(name, text);
  }

  private long date(String name, Matcher time) {
    var day = LocalDate.parse(time.group(1) + "-" + time.group(3) + "-" + time.group(4));
    var clock = time.group(5);
    // Where the clocks are put forward at midnight, the day begins later.
    if (clock == null) return day.atStartOfDay(zone).toInstant().toEpochMilli();
    var local = day.atTime(LocalTime.parse(clock.replace(',', '.')));
    var offset = time.group(6);
    if (offset != null) return local.toInstant(offset(offset)).toEpochMilli();
    if (zone.getRules().getValidOffsets(local).isEmpty())
      throw new IllegalArgumentException(
          "'%s' is a time that the clocks of %s skip: %s"
              .formatted(name, zone, Cells.excerpt(time.group())));
    return local.atZone(zone).withEarlierOffsetAtOverlap().toInstant().toEpochMilli();
  }

  private static ZoneOffset offset(String text) {
    return Character.isLetter(text.charAt(0)) ? ZoneOffset.UTC : ZoneOffset.of(text);
  }

  private long number(String name, String text, BigDecimal number) {
    var found =
        unit.or(() -> Arrays.stream(Unit.values()).filter(u -> plausible(u, number)).findFirst());
    if (found.isEmpty()) return refuse(name, text);
    var millis = found.get().millis(number);
    if (millis.abs().compareTo(YEAR_10000) > 0)
      throw new IllegalArgumentException(
          "'%s' is no time with timeUnit=%s: %s"
              .formatted(name, Query.word(found.get()), Cells.excerpt(text)));
    return millis.setScale(0, RoundingMode.FLOOR).longValueExact();
  }

  private static boolean plausible(Unit unit, BigDecimal number) {
    var millis = unit.millis(number);
    return millis.compareTo(YEAR_1990) >= 0 && millis.compareTo(YEAR_2040) < 0;
  }

  private static BigDecimal millis(String day) {
    return BigDecimal.valueOf(
        LocalDate.parse(day).atStartOfDay().toInstant(ZoneOffset.UTC).toEpochMilli());
  }

  private static long refuse(String name, String text) {
    throw none(name, text, null);
  }

  private static IllegalArgumentException none(
      String name, String text, @Nullable Throwable cause) {
    return new IllegalArgumentException(
        "'%s' is neither a time as 2024-05-01T12:00:00Z nor seconds, milliseconds, microseconds or nanoseconds since 1970 (before 1990 and after 2040 only with timeUnit=s, ms, us or ns): %s"
            .formatted(name, Cells.excerpt(text)),
        cause);
  }
}
