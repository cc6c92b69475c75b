package io.dayu.source;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * Hosts that a node's owner means, as {@code dayu.read.hosts} and credentials name them: a name,
 * {@code *.} and the end of names, an address, or a network, and a port where only one is meant.
 */
public sealed interface HostRule {
  /** Names, whatever address they have. */
  record Name(String name, OptionalInt port) implements HostRule {
    private static final String ANY_BEFORE = "*.";

    @Override
    public boolean names(String host) {
      return name.equals("*")
          || name.equals(host)
          || name.startsWith(ANY_BEFORE) && host.endsWith(name.substring(1));
    }

    @Override
    public boolean contains(InetAddress address) {
      return false; // what it means, it means by name
    }
  }

  /**
   * Addresses, whatever name leads to them.
   *
   * @param bits that all its addresses have in common with {@code base}
   */
  record Network(InetAddress base, int bits, OptionalInt port) implements HostRule {
    public Network {
      if (bits < 0 || bits > base.getAddress().length * Byte.SIZE)
        throw new IllegalArgumentException("no such network");
    }

    @Override
    public boolean names(String host) {
      return address(host).map(this::contains).orElse(false);
    }

    @Override
    public boolean contains(InetAddress address) {
      var mine = base.getAddress();
      var other = address.getAddress();
      if (mine.length != other.length) return false;
      for (int bit = 0; bit < bits; bit++) {
        int mask = 1 << (Byte.SIZE - 1 - bit % Byte.SIZE);
        if (((mine[bit / Byte.SIZE] ^ other[bit / Byte.SIZE]) & mask) != 0) return false;
      }
      return true;
    }
  }

  /** Empty for any port. */
  OptionalInt port();

  /** Whether the host is meant by its name, or is itself an address that is meant. */
  boolean names(String host);

  /** Whether any host with this address is meant. */
  boolean contains(InetAddress address);

  /** Whether the port is meant; one that is not known is meant by rules for any port only. */
  default boolean fits(Target.Host host) {
    return port().isEmpty() || port().getAsInt() == host.port();
  }

  /** The rule in an entry; empty if it is none. */
  static Optional<HostRule> parse(String entry) {
    var text = entry.strip().toLowerCase(Locale.ROOT);
    var parts = Text.ENTRY.matcher(text);
    if (!parts.matches()) return Optional.empty();
    var host = parts.group("v6") != null ? parts.group("v6") : parts.group("host");
    try {
      var port =
          parts.group("port") == null
              ? OptionalInt.empty()
              : OptionalInt.of(Integer.parseInt(parts.group("port")));
      if (port.isPresent() && port.getAsInt() > 65_535) return Optional.empty();
      var address = address(host);
      var bits = parts.group("bits");
      if (address.isPresent()) {
        int all = address.get().getAddress().length * Byte.SIZE;
        return Optional.of(
            new Network(address.get(), bits == null ? all : Integer.parseInt(bits), port));
      }
      var name =
          bits == null && !Text.V4.matcher(host).matches() && Text.NAME.matcher(host).matches();
      return name ? Optional.of(new Name(host, port)) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The address that {@code host} is written as; empty for a name, which is not looked up. */
  private static Optional<InetAddress> address(String host) {
    if (!Text.V4.matcher(host).matches() && !host.contains(":")) return Optional.empty();
    try {
      return Optional.of(InetAddress.getByName(host));
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }

  /** How entries are written. */
  final class Text {
    /** An IPv6 network may stand without brackets where no port follows. */
    private static final Pattern ENTRY =
        Pattern.compile(
            "(?:\\[(?<v6>[0-9a-f:.]+)]|(?<host>[^:/\\[\\]\\s]+|[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*))"
                + "(?:/(?<bits>\\d{1,3}))?(?::(?<port>\\d{1,5}))?");

    private static final Pattern NAME =
        Pattern.compile("\\*|(?:\\*\\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?");
    private static final Pattern V4 = Pattern.compile("\\d{1,3}(?:\\.\\d{1,3}){3}");

    private Text() {}
  }
}
