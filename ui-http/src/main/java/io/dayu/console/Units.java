package io.dayu.console;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Pattern;

/** Figures as people read and write them. */
public final class Units {
  private static final Pattern DURATION = Pattern.compile("(\\d+(?:\\.\\d+)?)(ms|s|m|h)?");
  private static final String[] BYTES = {"B", "KB", "MB", "GB", "TB"};

  private Units() {}

  /**
   * Reads {@code 90}, {@code 90s}, {@code 1.5m}, {@code 2h} or {@code 500ms}; seconds if no unit.
   */
  public static Duration duration(String text) {
    var match = DURATION.matcher(text.strip());
    if (!match.matches())
      throw new IllegalArgumentException("'" + text + "' is not a duration such as 60s, 2m or 1h");
    var unit = match.group(2) == null ? "s" : match.group(2);
    double millis =
        switch (unit) {
          case "ms" -> 1;
          case "s" -> 1_000;
          case "m" -> 60_000;
          default -> 3_600_000;
        };
    return Duration.ofMillis(Math.round(Double.parseDouble(match.group(1)) * millis));
  }

  /** {@code 1:05} or {@code 2:01:05}. */
  public static String clock(Duration elapsed) {
    long seconds = elapsed.toSeconds();
    return seconds < 3600
        ? String.format(Locale.ROOT, "%s:%02d", seconds / 60, seconds % 60)
        : String.format(
            Locale.ROOT, "%s:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  }

  /** {@code 0.4 ms}, {@code 120 ms}, {@code 3.4 s}, {@code 5 min}, {@code 4.5 h}, {@code 3.2 d}. */
  public static String millis(double ms) {
    if (Double.isNaN(ms)) return "-";
    if (ms < 10) return format("%.1f ms", ms);
    if (ms < 1_000) return format("%.0f ms", ms);
    if (ms < 120_000) return format("%.1f s", ms / 1_000);
    if (ms < 7_200_000) return format("%.0f min", ms / 60_000);
    if (ms < 172_800_000) return format("%.1f h", ms / 3_600_000);
    return format("%.1f d", ms / 86_400_000);
  }

  /** Decimal units: {@code 128 MB}. */
  public static String bytes(double bytes) {
    int unit = 0;
    while (bytes >= 1000 && unit < BYTES.length - 1) {
      bytes /= 1000;
      unit++;
    }
    return format(unit == 0 || bytes >= 100 ? "%.0f " : "%.1f ", bytes) + BYTES[unit];
  }

  /** {@code 0.42} is {@code 42 %}. */
  public static String percent(double share) {
    return format("%.0f %%", share * 100);
  }

  public static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? format("%.0f", value)
        : format(Math.abs(value) < 10 ? "%.2f" : "%.1f", value);
  }

  private static String format(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
