package io.dayu.client;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The address and the token of an HTTP interface as a person gives them. What is wrong is an {@link
 * IllegalArgumentException} whose message goes on after the name of the option or variable. A token
 * never stands in a message, and neither does an address that has a password.
 */
public final class ApiAccess {
  private static final String EXAMPLE = "give host and port, as in http://127.0.0.1:8080";

  private ApiAccess() {}

  /** An address without a path, such as {@code http://127.0.0.1:8080}. */
  public static URI address(String text) {
    var plain = text.strip();
    if (plain.contains("@"))
      throw new IllegalArgumentException(
          "has a user or a password, which the interface does not read; leave it out and give a"
              + " token with --token or DAYU_TOKEN");
    var scheme = plain.split("://", 2)[0].toLowerCase(Locale.ROOT);
    if (!plain.contains("://"))
      throw new IllegalArgumentException(
          "is %s, without http:// before it; %s".formatted(quoted(plain), EXAMPLE));
    if (!scheme.equals("http") && !scheme.equals("https"))
      throw new IllegalArgumentException(
          "is %s, but only http:// and https:// are spoken; %s".formatted(quoted(plain), EXAMPLE));
    var uri = uri(plain);
    var rest = uri.getRawPath();
    if (!rest.isEmpty() && !rest.equals("/")
        || uri.getRawQuery() != null
        || uri.getRawFragment() != null)
      throw new IllegalArgumentException(
          "is %s, with more than a host and a port; leave out what follows them"
              .formatted(quoted(plain)));
    return uri;
  }

  private static URI uri(String plain) {
    URI uri;
    try {
      uri = new URI(plain);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          "is %s, which is no address; %s".formatted(quoted(plain), EXAMPLE), e);
    }
    var authority = uri.getRawAuthority();
    if (authority == null)
      throw new IllegalArgumentException(
          "is %s, without a host; %s".formatted(quoted(plain), EXAMPLE));
    var port = authority.replaceFirst("^.*?:([^:\\]]*)$", "$1");
    if (!port.equals(authority) && !isPort(port))
      throw new IllegalArgumentException(
          "is %s, but a port is a number from 1 to 65535".formatted(quoted(plain)));
    if (uri.getHost() == null)
      throw new IllegalArgumentException(
          "is %s, whose host is neither a name nor an address: a name has letters, digits, '-' and"
                  .formatted(quoted(plain))
              + " '.', an IPv6 address stands in brackets");
    return uri;
  }

  private static boolean isPort(String text) {
    if (!text.matches("[0-9]{1,5}")) return false;
    int port = Integer.parseInt(text);
    return port >= 1 && port <= 65_535;
  }

  /** A token that can be sent in a header. */
  public static String token(String token) {
    if (token.isBlank()) throw new IllegalArgumentException("is empty");
    var bad = firstBad(token);
    if (bad.isPresent())
      throw new IllegalArgumentException(
          "has %s as character %s; a token has letters, digits and other printable ASCII characters"
                  .formatted(kind(token.charAt(bad.getAsInt())), bad.getAsInt() + 1)
              + " on one line");
    return token;
  }

  private static OptionalInt firstBad(String token) {
    return IntStream.range(0, token.length())
        .filter(i -> token.charAt(i) <= ' ' || token.charAt(i) > '~')
        .findFirst();
  }

  private static String kind(char bad) {
    if (bad == '\n' || bad == '\r') return "a line break";
    if (bad == ' ') return "a space";
    return bad < ' ' || bad == 0x7f ? "a control character" : "one that is not ASCII";
  }

  private static String quoted(String text) {
    var shown = text.length() <= 100 ? text : text.substring(0, 100) + "…";
    return "\"" + shown.replaceAll("\\p{Cntrl}", "?") + "\"";
  }
}
