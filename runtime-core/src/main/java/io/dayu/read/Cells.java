package io.dayu.read;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** One record, by the names of its columns or fields. */
interface Cells {
  /**
   * The text that stands under a name, blank if nothing does; empty if there is no such name.
   *
   * @throws IllegalArgumentException if something stands there that is no text or number
   */
  Optional<String> text(String name);

  /** What names there are, for a message; empty if that says nothing. */
  default String names() {
    return "";
  }

  Pattern NAME = Pattern.compile("[\\p{L}_][^\\p{Cntrl}]{0,39}");

  /**
   * A list for a message. What does not look like names is not shown: it is the content of a file
   * that holds no readings, and nobody's business.
   */
  static String list(List<String> names) {
    var filled = names.stream().filter(name -> !name.isBlank()).toList();
    if (filled.isEmpty() || !filled.stream().allMatch(name -> NAME.matcher(name).matches()))
      return "";
    return filled.stream().limit(12).collect(Collectors.joining(", "))
        + (filled.size() > 12 ? ", …" : "");
  }

  /** A text as a message may hold it. */
  static String excerpt(String text) {
    var shown = new StringBuilder();
    for (char c : text.substring(0, Math.min(40, text.length())).toCharArray())
      shown.append(
          Character.isISOControl(c)
              ? String.format(Locale.ROOT, "\\u%04x", (int) c)
              : String.valueOf(c));
    return "'" + shown + (text.length() > 40 ? "…" : "") + "'";
  }
}
