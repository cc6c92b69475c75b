package io.dayu.log;

/** Text of strangers as it may stand in a log. */
final class Visible {
  /** Longer ones say nothing more to a reader, and a log must not grow by what others send. */
  private static final int LONGEST = 4_000;

  /** More than a failure and its causes have with six calls each. */
  private static final int MOST_LINES = 100;

  private Visible() {}

  /**
   * The text in one line: control characters, which could end a line, forge another one, or command
   * a terminal, are written as Java writes them in a literal. What is longer than 4,000 characters
   * is cut, with its length.
   */
  static String line(String text) {
    if (text.length() <= LONGEST && text.chars().noneMatch(Visible::isHidden)) return text;
    var shown = new StringBuilder(Math.min(text.length(), LONGEST) + 32);
    text.chars().limit(LONGEST).forEach(c -> add(shown, (char) c));
    if (text.length() > LONGEST) shown.append("… (").append(text.length()).append(" characters)");
    return shown.toString();
  }

  /** Several lines, 100 at most, of which none begins where a record of the log does. */
  static String block(String text) {
    var lines = text.lines().limit(MOST_LINES).map(Visible::line).map(Visible::continued).toList();
    return lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
  }

  private static String continued(String line) {
    return line.startsWith("\t") ? line : "\t| " + line;
  }

  private static void add(StringBuilder shown, char c) {
    switch (c) {
      case '\n' -> shown.append("\\n");
      case '\r' -> shown.append("\\r");
      default -> {
        if (isHidden(c)) shown.append("\\u").append(hex(c));
        else shown.append(c);
      }
    }
  }

  private static String hex(char c) {
    var digits = Integer.toHexString(c);
    return "0000".substring(digits.length()) + digits;
  }

  /** Control characters but the tab, separators of lines, and marks that turn the direction. */
  private static boolean isHidden(int c) {
    if (c == '\t') return false;
    return switch (Character.getType(c)) {
      case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
      case Character.FORMAT -> c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069;
      default -> false;
    };
  }
}
