package io.dayu.bench.chaos;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How the nodes of a testbed are joined; each kind lets more be done to them than the one before.
 */
public enum NetworkKind {
  /** By the machine's loopback: no link can be broken. */
  NONE("nothing"),
  /** Through TCP proxies, which can hold what passes. */
  PROXY("Linux, where the loopback has many addresses"),
  /** By a network of their own, in which packets can be dropped. */
  NAMESPACES("root, and the commands ip and tc");

  private final String needs;

  NetworkKind(String needs) {
    this.needs = needs;
  }

  /** The one that lets most be done and that this process may make. */
  public static NetworkKind best() {
    if (NAMESPACES.available()) return NAMESPACES;
    return PROXY.available() ? PROXY : NONE;
  }

  /** Whether this process may make one. */
  public boolean available() {
    return switch (this) {
      case NONE -> true;
      case PROXY -> Proxies.available();
      case NAMESPACES -> Namespaces.available();
    };
  }

  /** What must be there to make one, for people. */
  public String needs() {
    return needs;
  }

  /** As it is written on the command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Makes one.
   *
   * @param directory for what it writes; there until it is closed
   * @param tcpRetries of namespaces; empty for the system's
   */
  Optional<Network> open(Path directory, OptionalInt tcpRetries) {
    return switch (this) {
      case NONE -> Optional.empty();
      case PROXY -> Optional.of(Proxies.open(directory));
      case NAMESPACES -> Optional.of(Namespaces.open(tcpRetries));
    };
  }
}
