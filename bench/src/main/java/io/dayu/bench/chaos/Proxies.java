package io.dayu.bench.chaos;

import io.dayu.cli.NodeOptions;
import io.dayu.cli.NodeOptions.Role;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * TCP proxies before every node, for machines where no network can be made. A node listens at one
 * address of the loopback and is told to others by another one, where the proxy listens at the same
 * ports: for cluster and data, and for the management endpoint that edges ask. Who comes to a proxy
 * is seen by the process that holds the socket.
 */
final class Proxies implements Network {
  private static final String FRONT = "127.0.0.1";
  private static final String BEHIND = "127.0.0.2"; // Linux has all of 127.0.0.0/8
  private static final String NAME = "-Ddayu.node.name=";

  private final LinkProxy proxy = LinkProxy.start(FRONT, BEHIND, Proxies::node);
  private final List<String> management = new ArrayList<>(); // guarded by this

  /** The node whose process opened a connection; empty if it is none. */
  private static String node(InetSocketAddress from, InetSocketAddress to) {
    return Sockets.opener(from, to, ProcessHandle.current().descendants())
        .flatMap(process -> Sockets.argument(process, NAME))
        .orElse("");
  }

  @Override
  public synchronized NodeOptions attach(NodeOptions options) {
    var node = options.name();
    var placed =
        options
            .with("dayu.node.host", FRONT)
            .with("dayu.node.bind-host", BEHIND)
            .with("dayu.cluster.port", Integer.toString(proxy.listen(node)))
            .with("dayu.node.data-port", Integer.toString(proxy.listen(node)));
    if (options.role() == Role.EDGE)
      return placed.with("dayu.cluster.seed-management", String.join(",", management));
    var port = Integer.toString(proxy.listen(node));
    management.add(FRONT + ":" + port);
    return placed.with("dayu.management.host", BEHIND).with("dayu.management.port", port);
  }

  @Override
  public String hostAddress() {
    return FRONT;
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
  }
}
