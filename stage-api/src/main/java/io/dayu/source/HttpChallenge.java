package io.dayu.source;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What a server wants to see before it lets somebody in.
 *
 * @param scheme as the server writes it
 * @param parameters by name in lower case
 */
record HttpChallenge(String scheme, Map<String, String> parameters) {
  private static final int MOST = 16 << 10;

  /** A word is the name of a scheme, or of a parameter if an equals sign follows. */
  private static final Pattern WORD =
      Pattern.compile(
          "\\G[\\s,]*+([\\w!#$%&'*+.^`|~/-]++)(?:\\s*+=\\s*+(\"(?:[^\"\\\\]|\\\\.)*+\"|[^\\s,]*+))?+");

  HttpChallenge {
    parameters = Map.copyOf(parameters);
  }

  /**
   * In the order of the server.
   *
   * @param headers {@code WWW-Authenticate}, each with one or more challenges
   */
  static List<HttpChallenge> of(List<String> headers) {
    var challenges = new ArrayList<HttpChallenge>();
    for (var header : headers) {
      if (header.length() > MOST) continue;
      var scheme = "";
      var parameters = new TreeMap<String, String>();
      var word = WORD.matcher(header);
      while (word.find()) {
        if (word.group(2) != null) {
          parameters.putIfAbsent(word.group(1).toLowerCase(Locale.ROOT), unquoted(word.group(2)));
          continue;
        }
        if (!scheme.isEmpty()) challenges.add(new HttpChallenge(scheme, parameters));
        scheme = word.group(1);
        parameters = new TreeMap<>();
      }
      if (!scheme.isEmpty()) challenges.add(new HttpChallenge(scheme, parameters));
    }
    return challenges;
  }

  String parameter(String name) {
    return parameters.getOrDefault(name, "");
  }

  boolean isBasic() {
    return scheme.equalsIgnoreCase("Basic");
  }

  /** For a message: never more than a word of what the server sent. */
  String kind() {
    var algorithm = parameter("algorithm");
    var text = algorithm.isEmpty() ? scheme : scheme + " " + algorithm;
    return text.length() > 40 ? text.substring(0, 40) : text;
  }

  private static String unquoted(String text) {
    return text.startsWith("\"")
        ? text.substring(1, text.length() - 1).replaceAll("\\\\(.)", "$1")
        : text;
  }
}
