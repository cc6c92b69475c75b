package io.dayu.pipeline;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Pattern;

/** Wording of problems: values cut to a readable length, and guesses at what was meant. */
final class Words {
  private static final int SHOWN = 60;
  private static final int LISTED = 20;
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,63}");

  private Words() {}

  /** The path of a field of {@code parent}; the root's path is empty. */
  static String field(String parent, String name) {
    if (!PLAIN.matcher(name).matches()) return parent + "[" + quote(name) + "]";
    return parent.isEmpty() ? name : parent + "." + name;
  }

  static String quote(String text) {
    return "\"" + (text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…") + "\"";
  }

  /** "did you mean …?" where a candidate is close, or what there is to choose from. */
  static String choose(String word, Collection<String> candidates) {
    if (candidates.isEmpty()) return "remove it; there is none";
    return nearest(word, candidates)
        .map(near -> "did you mean " + quote(near) + "?")
        .orElseGet(() -> "use one of: " + list(candidates));
  }

  static String list(Collection<String> words) {
    var shown = String.join(", ", words.stream().limit(LISTED).toList());
    return words.size() <= LISTED ? shown : shown + " and " + (words.size() - LISTED) + " more";
  }

  /**
   * The candidate that differs from {@code word} by typing errors: at most one in three letters.
   */
  static Optional<String> nearest(String word, Collection<String> candidates) {
    if (word.length() > SHOWN) return Optional.empty();
    return candidates.stream()
        .filter(c -> distance(word, c) <= Math.max(1, Math.max(word.length(), c.length()) / 3))
        .min(Comparator.comparingInt((String c) -> distance(word, c)).thenComparing(c -> c));
  }

  /** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
  private static int distance(String a, String b) {
    var d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) d[i][0] = i;
    for (int j = 0; j <= b.length(); j++) d[0][j] = j;
    for (int i = 1; i <= a.length(); i++)
      for (int j = 1; j <= b.length(); j++) {
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(Math.min(d[i - 1][j] + 1, d[i][j - 1] + 1), d[i - 1][j - 1] + change);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
      }
    return d[a.length()][b.length()];
  }
}
