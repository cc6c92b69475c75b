package io.dayu.bench.abuse;

import io.dayu.facts.NodeReport.Role;
import io.dayu.keys.Authority;
import io.dayu.keys.Holder;
import io.dayu.keys.NodeKeys;
import io.dayu.local.NodeOptions;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import javax.net.ssl.SSLSocket;

/** Keys of the nodes, and those that attackers have. */
final class Keys {
  /** An edge that the cluster's authority knows and that does not run. */
  static final String STOLEN = "edge-9";

  private static final Duration VALID = Duration.ofDays(100);

  private final Path directory;
  private final Authority authority;
  private final NodeKeys foreign;
  private final NodeKeys stolen;

  /** Makes all in a new directory. */
  Keys(Path directory) {
    this.directory = directory;
    this.authority = Authority.create(directory.resolve("authority"), VALID, Clock.systemUTC());
    this.stolen = NodeKeys.open(issue(authority, STOLEN, Role.EDGE, "stolen"));
    var other = Authority.create(directory.resolve("other"), VALID, Clock.systemUTC());
    this.foreign = NodeKeys.open(issue(other, Victims.FILE_EDGE, Role.EDGE, "foreign"));
  }

  private Path issue(Authority by, String node, Role role, String place) {
    var unused = by.issue(new Holder(node, role), directory.resolve(place), VALID);
    return directory.resolve(place);
  }

  /** The same node with a key of its own. */
  NodeOptions give(NodeOptions node) {
    var role = node.role() == NodeOptions.Role.CLOUD ? Role.CLOUD : Role.EDGE;
    var place = issue(authority, node.name(), role, node.name());
    return node.with("dayu.keys.directory", place.toString());
  }

  /** What a guise makes of a connection; it is closed with the one that is given. */
  Socket dress(Guise guise, Socket plain) throws IOException {
    return switch (guise) {
      case NOBODY -> plain;
      case FOREIGNER -> dress(foreign, plain);
      case THIEF -> dress(stolen, plain);
    };
  }

  private static Socket dress(NodeKeys keys, Socket plain) throws IOException {
    var factory = keys.context().getSocketFactory();
    var socket = (SSLSocket) factory.createSocket(plain, null, plain.getPort(), true);
    socket.startHandshake();
    return socket;
  }
}
