package io.dayu.bench.chaos;

import io.dayu.console.UserException;
import io.dayu.local.NodeOptions;
import io.dayu.local.NodeOptions.Role;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * TCP proxies between all nodes, for machines where no network can be made. Linux answers to all of
 * 127.0.0.0/8, so every node listens at an address of its own, and every other node has another
 * address for it, where a proxy listens: by that the proxy knows who comes. Nodes tell each other
 * names; each has a file of hosts in which these are the addresses that it is to use.
 */
final class Proxies implements Network {
  private static final int CLUSTER = 25_520;
  private static final int DATA = 25_530;
  private static final int MANAGEMENT = 7_626;
  private static final int MOST = 250;

  private final LinkProxy proxy = LinkProxy.start();
  private final ServerSocket reserved;
  private final int net; // the second byte of all addresses
  private final Path directory;
  private final List<NodeOptions> nodes = new ArrayList<>(); // guarded by this

  private Proxies(ServerSocket reserved, Path directory) {
    this.reserved = reserved;
    this.net = reserved.getInetAddress().getAddress()[1] & 0xff;
    this.directory = directory;
  }

  /** Whether the loopback has so many addresses here. */
  static boolean available() {
    try (var reserved = reserve()) {
      return reserved.isBound();
    } catch (IOException | UserException e) {
      return false;
    }
  }

  /**
   * No node yet, in a part of the loopback that no other run uses.
   *
   * @param directory for the files of hosts
   */
  static Proxies open(Path directory) {
    return new Proxies(reserve(), directory);
  }

  private static ServerSocket reserve() {
    for (int net = 1; net <= MOST; net++)
      try {
        return new ServerSocket(CLUSTER, 1, InetAddress.getByName("127.%s.255.1".formatted(net)));
      } catch (IOException taken) {
        // By another run; the next one may be free.
      }
    throw new UserException("there is no free part of 127.0.0.0/8 at port " + CLUSTER);
  }

  @Override
  public synchronized NodeOptions attach(NodeOptions options) {
    nodes.add(options);
    int node = nodes.size();
    for (int other = 1; other < node; other++) {
      listen(other, node);
      listen(node, other);
    }
    writeHosts();
    var placed =
        options
            .with("jdk.net.hosts.file", hosts(options).toString())
            .with("dayu.node.host", options.name())
            .with("dayu.node.bind-host", address(0, node))
            .with("dayu.cluster.port", Integer.toString(CLUSTER))
            .with("dayu.node.data-port", Integer.toString(DATA));
    if (options.role() == Role.EDGE)
      return placed.with("dayu.cluster.seed-management", management());
    return placed
        .with("dayu.management.host", address(0, node))
        .with("dayu.management.port", Integer.toString(MANAGEMENT));
  }

  private String management() {
    return nodes.stream()
        .filter(n -> n.role() == Role.CLOUD)
        .map(n -> n.name() + ":" + MANAGEMENT)
        .collect(Collectors.joining(","));
  }

  /** Where a node finds another one; 0 is nobody, for where that one listens itself. */
  private String address(int node, int other) {
    return "127.%s.%s.%s".formatted(net, node, other);
  }

  private void listen(int client, int server) {
    var link = new LinkProxy.Link(nodes.get(client - 1).name(), nodes.get(server - 1).name());
    for (int port : new int[] {CLUSTER, DATA, MANAGEMENT})
      proxy.listen(
          link,
          new InetSocketAddress(address(client, server), port),
          new InetSocketAddress(address(0, server), port));
  }

  /** A node finds itself without a proxy. */
  private void writeHosts() {
    for (int node = 1; node <= nodes.size(); node++) {
      var text = new StringBuilder("127.0.0.1 localhost\n");
      for (int other = 1; other <= nodes.size(); other++)
        text.append(address(node == other ? 0 : node, other))
            .append(' ')
            .append(nodes.get(other - 1).name())
            .append('\n');
      try {
        // At once: some of them run already.
        var file = hosts(nodes.get(node - 1));
        var written = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), text);
        Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        throw new UserException("cannot write to " + directory + ": " + e.getMessage(), e);
      }
    }
  }

  private Path hosts(NodeOptions node) {
    return directory.resolve(node.name() + ".hosts");
  }

  @Override
  public String hostAddress() {
    return "127.0.0.1";
  }

  @Override
  public void cut(String node) {
    proxy.change(faults -> faults.cut(node));
  }

  @Override
  public void cut(String node, String other) {
    proxy.change(faults -> faults.cut(node, other));
  }

  @Override
  public void slow(String node, int kbit) {
    proxy.change(faults -> faults.slow(node, kbit));
  }

  @Override
  public void lossy(String node, double share) {
    throw new UnsupportedOperationException("a proxy sees no packets");
  }

  @Override
  public void heal(String node) {
    proxy.change(faults -> faults.heal(node));
  }

  @Override
  public void close() {
    proxy.close();
    try {
      reserved.close();
    } catch (IOException e) {
      // It ends with this process.
    }
  }
}
