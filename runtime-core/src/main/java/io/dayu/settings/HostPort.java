package io.dayu.settings;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A host and a port as people write them: {@code host:port}, with brackets around an IPv6 address.
 * Hosts are kept in one spelling, so that equal ones are equal texts: names in lower case, IPv6
 * addresses without brackets and as short as RFC 5952 has them.
 */
public record HostPort(String host, int port) {
  private static final Pattern NAME = Pattern.compile("[^:@/\\[\\]\\s]+");
  private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");
  private static final Pattern ZEROS = Pattern.compile("(?<![0-9a-f])0(:0)+(?![0-9a-f])");
  private static final Pattern TEXT = Pattern.compile("(\\[[^\\]]*\\]|[^:]*):(\\d{1,5})");

  /**
   * @throws IllegalArgumentException if the host is none or the port is not 0 to 65535
   */
  public HostPort {
    host = host(host);
    if (port < 0 || port > 65_535)
      throw new IllegalArgumentException("the port %s is not 0 to 65535".formatted(port));
  }

  /**
   * Reads {@code host:port}.
   *
   * @throws IllegalArgumentException with what is wrong
   */
  public static HostPort parse(String text) {
    var parts = TEXT.matcher(text);
    if (!parts.matches())
      throw new IllegalArgumentException(
          "it is not host:port (an IPv6 address stands in brackets, as in [2001:db8::1]:25520)");
    return new HostPort(parts.group(1), Integer.parseInt(parts.group(2)));
  }

  /**
   * The one spelling of a name or address; brackets around an IPv6 address are left out.
   *
   * @throws IllegalArgumentException with what is wrong
   */
  public static String host(String text) {
    boolean brackets = text.startsWith("[") && text.endsWith("]") && text.length() > 1;
    var bare = brackets ? text.substring(1, text.length() - 1) : text;
    if (bare.contains("%"))
      throw new IllegalArgumentException(
          "an address with a zone (%) is known on one machine only; take another one");
    if (IPV6.matcher(bare).matches()) return shortest(bare);
    if (brackets || !NAME.matcher(bare).matches())
      throw new IllegalArgumentException("\"%s\" is no name and no address".formatted(text));
    return bare.toLowerCase(Locale.ROOT);
  }

  /** As it is written in an address or a URL. */
  public static String text(String host, int port) {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }

  /** Whether only this machine reaches what listens there; may ask a name service. */
  public static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false; // whoever listens there will say what is wrong
    }
  }

  @Override
  public String toString() {
    return text(host, port);
  }

  private static String shortest(String address) {
    try {
      var full = InetAddress.getByName(address).getHostAddress(); // asks nobody for an address
      var zeros = ZEROS.matcher(full);
      int start = 0;
      int end = 0;
      while (zeros.find())
        if (zeros.end() - zeros.start() > end - start) {
          start = zeros.start();
          end = zeros.end();
        }
      return end == 0
          ? full
          : full.substring(0, start).replaceFirst(":$", "")
              + "::"
              + full.substring(end).replaceFirst("^:", "");
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("\"%s\" is no IPv6 address".formatted(address), e);
    }
  }
}
