package io.dayu.cli;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;

/** Points in time as a person at this machine reads them. */
final class Times {
  private static final DateTimeFormatter CLOCK =
      DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT);

  private Times() {}

  /** The time of day of an ISO 8601 instant, in the machine's zone; what is none stays as it is. */
  static String local(String instant) {
    try {
      return CLOCK.format(Instant.parse(instant).atZone(ZoneId.systemDefault()));
    } catch (DateTimeParseException e) {
      return instant;
    }
  }
}
