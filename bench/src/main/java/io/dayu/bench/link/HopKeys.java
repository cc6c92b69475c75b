package io.dayu.bench.link;

import io.dayu.facts.NodeReport.Role;
import io.dayu.keys.Authority;
import io.dayu.keys.Holder;
import io.dayu.keys.NodeKeys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/** Keys of the two ends of a hop, of one authority, in files that both processes read. */
final class HopKeys {
  private static final String DIRECTORY = "dayu.bench.keys";
  private static final Duration VALIDITY = Duration.ofDays(1);

  private HopKeys() {}

  /** Makes them in {@code directory}. Returns what tells a process where they are. */
  static String make(Path directory) {
    var authority = Authority.create(directory, VALIDITY, Clock.systemUTC());
    for (var node : List.of("sender", "receiver")) {
      var unused = authority.issue(new Holder(node, Role.CLOUD), directory.resolve(node), VALIDITY);
    }
    return "-D" + DIRECTORY + "=" + directory;
  }

  /** Of one end; in a process that was told nothing they are made for it. */
  static synchronized NodeKeys of(String node) {
    var directory = System.getProperty(DIRECTORY);
    if (directory == null) {
      directory = temporary().toString();
      var unused = make(Path.of(directory));
      System.setProperty(DIRECTORY, directory);
    }
    return NodeKeys.open(Path.of(directory, node));
  }

  private static Path temporary() {
    try {
      return Files.createTempDirectory("dayu-keys");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
