package io.dayu.cli;

import io.dayu.console.UserException;
import io.dayu.facts.NodeReport.Role;
import io.dayu.keys.Authority;
import io.dayu.keys.Holder;
import io.dayu.keys.KeysException;
import io.dayu.local.NodeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;

/**
 * Keys of the nodes that {@code dayu up} starts, so that no other user of the machine can speak for
 * one. Nobody has to know of them: they are made anew, with their authority, each time a cluster is
 * started, and are found in its directory.
 */
final class UpKeys {
  /** Longer than a cluster runs. */
  private static final Duration VALID = Duration.ofDays(3650);

  private final Path directory;
  private final Authority authority;

  private UpKeys(Path directory, Authority authority) {
    this.directory = directory;
    this.authority = authority;
  }

  /**
   * Makes an authority.
   *
   * @param directory for keys alone; what is in it is removed
   * @throws UserException if it cannot be written
   */
  static UpKeys in(Path directory) {
    try {
      remove(directory);
      return new UpKeys(directory, Authority.create(directory, VALID, Clock.systemUTC()));
    } catch (IOException e) {
      throw new UserException("cannot write to " + directory + ": " + e.getMessage(), e);
    } catch (KeysException e) {
      throw new UserException(String.valueOf(e.getMessage()), e);
    }
  }

  /** The same node with a key. */
  NodeOptions give(NodeOptions node) {
    var place = directory.resolve(node.name());
    var role = node.role() == NodeOptions.Role.CLOUD ? Role.CLOUD : Role.EDGE;
    try {
      var unused = authority.issue(new Holder(node.name(), role), place, VALID);
      return node.with("dayu.keys.directory", place.toString());
    } catch (KeysException e) {
      throw new UserException(String.valueOf(e.getMessage()), e);
    }
  }

  private static void remove(Path directory) throws IOException {
    if (!Files.exists(directory)) return;
    try (var files = Files.walk(directory)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
    }
  }
}
