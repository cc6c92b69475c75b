package io.dayu.bench.chaos;

import io.dayu.console.UserException;
import io.dayu.local.NodeOptions;
import io.dayu.local.NodeOptions.Role;
import java.net.Inet4Address;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A network namespace for every node, joined by a bridge on which this process has an address as
 * well. Links are cut, slowed down and made lossy at the nodes' ends. Only root can make one. All
 * names carry this process's id; {@link #sweep} removes what dead processes left behind.
 *
 * <p>Packets are dropped by classic BPF programs, rates are limited by a token bucket: kernels have
 * these more often than netem.
 */
final class Namespaces implements Network {
  private static final String PREFIX = "dayu-";
  private static final String BRIDGE = "dyb";
  private static final String CABLE = "dyc";
  private static final String DEVICE = "eth0";
  private static final Pattern SPACE = Pattern.compile("dayu-(\\d+)-\\S+");
  private static final Pattern LINK = Pattern.compile("(dyb(\\d+)|dyc(\\d+)n\\d+)[@:]");

  // Offsets of addresses in an Ethernet frame.
  private static final int SOURCE = 26;
  private static final int DESTINATION = 30;

  /** A node's place: its name space, its address and the host's end of its cable. */
  private record Place(String space, String address, String cable) {}

  private final long pid = ProcessHandle.current().pid();
  private final String bridge = BRIDGE + pid;
  private final String subnet; // the first three bytes
  private final OptionalInt tcpRetries;
  private final Map<String, Place> places = new LinkedHashMap<>();

  private Namespaces(String subnet, OptionalInt tcpRetries) {
    this.subnet = subnet;
    this.tcpRetries = tcpRetries;
  }

  /** Whether this process may make one. */
  static boolean available() {
    return Shell.isRoot()
        && Shell.succeeds("ip", "-V")
        && Shell.succeeds("tc", "-V")
        && Files.isDirectory(Path.of("/proc/self/ns"));
  }

  /**
   * An empty network in a subnet that this machine does not use.
   *
   * @param tcpRetries how often TCP sends a segment again before it gives a connection up; empty
   *     for the system's
   */
  static Namespaces open(OptionalInt tcpRetries) {
    sweep();
    var network = new Namespaces(freeSubnet(), tcpRetries);
    try {
      Shell.run("ip", "link", "add", network.bridge, "type", "bridge");
      Shell.run("ip", "address", "add", network.hostAddress() + "/24", "dev", network.bridge);
      Shell.run("ip", "link", "set", network.bridge, "up");
      return network;
    } catch (UserException e) {
      network.close();
      throw e;
    }
  }

  private static String freeSubnet() {
    long pid = ProcessHandle.current().pid();
    return IntStream.range(0, 256)
        .mapToObj(i -> "10.%s.%s".formatted(200 + (pid / 256 + i) % 50, pid % 256))
        .filter(subnet -> !used(subnet))
        .findFirst()
        .orElseThrow(() -> new UserException("no free subnet 10.200.x to 10.249.x"));
  }

  private static boolean used(String subnet) {
    try {
      return NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .filter(Inet4Address.class::isInstance)
          .anyMatch(a -> a.getHostAddress().startsWith(subnet + "."));
    } catch (SocketException e) {
      return false;
    }
  }

  @Override
  public NodeOptions attach(NodeOptions options) {
    var node = options.name();
    attach(node);
    tcpRetries.ifPresent(times -> tcpRetries(node, times));
    var placed =
        options
            .with("dayu.node.host", address(node))
            .with("dayu.keys.required", "false") // nobody else is in these networks
            .through("ip", "netns", "exec", place(node).space());
    if (options.role() == Role.EDGE) return placed;
    return placed.with("dayu.http.host", address(node)).with("dayu.management.host", address(node));
  }

  private synchronized void attach(String node) {
    int n = places.size() + 1;
    var place =
        new Place(
            PREFIX + pid + "-" + node, "%s.%s".formatted(subnet, 10 + n), CABLE + pid + "n" + n);
    places.put(node, place);
    var space = place.space();
    Shell.run("ip", "netns", "add", space);
    Shell.run(
        "ip", "link", "add", place.cable(), "type", "veth", "peer", "name", DEVICE, "netns", space);
    Shell.run("ip", "link", "set", place.cable(), "master", bridge, "up");
    Shell.run("ip", "-n", space, "address", "add", place.address() + "/24", "dev", DEVICE);
    Shell.run("ip", "-n", space, "link", "set", DEVICE, "up");
    Shell.run("ip", "-n", space, "link", "set", "lo", "up");
    Shell.run("tc", "-n", space, "qdisc", "add", "dev", DEVICE, "clsact");
  }

  @Override
  public String hostAddress() {
    return subnet + ".1";
  }

  private String address(String node) {
    return place(node).address();
  }

  private void tcpRetries(String node, int times) {
    var command = "echo %s > /proc/sys/net/ipv4/tcp_retries2".formatted(times);
    Shell.run("ip", "netns", "exec", place(node).space(), "sh", "-c", command);
  }

  @Override
  public void cut(String node) {
    Shell.run("ip", "link", "set", place(node).cable(), "down");
  }

  @Override
  public void cut(String node, String other) {
    int address = ByteBuffer.wrap(bytes(address(other))).getInt();
    filter(node, "ingress", dropOf(SOURCE, address));
    filter(node, "egress", dropOf(DESTINATION, address));
  }

  @Override
  public void lossy(String node, double share) {
    filter(node, "ingress", dropShare(share));
    filter(node, "egress", dropShare(share));
  }

  @Override
  public void slow(String node, int kbit) {
    var place = place(node);
    bucket(kbit, "-n", place.space(), "qdisc", "add", "dev", DEVICE, "root");
    bucket(kbit, "qdisc", "add", "dev", place.cable(), "root");
  }

  /** A token bucket with a queue of 400 ms. */
  private static void bucket(int kbit, String... place) {
    var shape = List.of("tbf", "rate", kbit + "kbit", "burst", "32k", "latency", "400ms");
    Shell.run(
        Stream.of(Stream.of("tc"), Stream.of(place), shape.stream())
            .flatMap(words -> words)
            .toArray(String[]::new));
  }

  @Override
  public void heal(String node) {
    var place = place(node);
    Shell.run("ip", "link", "set", place.cable(), "up");
    for (var direction : new String[] {"ingress", "egress"})
      Shell.succeeds("tc", "-n", place.space(), "filter", "del", "dev", DEVICE, direction);
    Shell.succeeds("tc", "-n", place.space(), "qdisc", "del", "dev", DEVICE, "root");
    Shell.succeeds("tc", "qdisc", "del", "dev", place.cable(), "root");
  }

  private void filter(String node, String direction, String program) {
    Shell.run(
        "tc",
        "-n",
        place(node).space(),
        "filter",
        "add",
        "dev",
        DEVICE,
        direction,
        "bpf",
        "da",
        "bytecode",
        program);
  }

  /** A program for tc: loads an address, compares, drops (2) or lets the next program see (-1). */
  private static String dropOf(int offset, int address) {
    return "4,32 0 0 %s,21 0 1 %s,6 0 0 2,6 0 0 4294967295"
        .formatted(offset, Integer.toUnsignedLong(address));
  }

  /** Loads a random number (the ancillary word 56), compares, drops or lets pass. */
  private static String dropShare(double share) {
    long random = 0x1_0000_0000L - 0x1000 + 56;
    return "4,32 0 0 %s,37 1 0 %s,6 0 0 2,6 0 0 0".formatted(random, (long) (share * (1L << 32)));
  }

  private static byte[] bytes(String address) {
    try {
      return java.net.InetAddress.getByName(address).getAddress();
    } catch (java.net.UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  private synchronized Place place(String node) {
    var place = places.get(node);
    if (place == null) throw new IllegalArgumentException("no place for " + node);
    return place;
  }

  @Override
  public synchronized void close() {
    for (var place : places.values()) {
      Shell.succeeds("ip", "link", "del", place.cable());
      Shell.succeeds("ip", "netns", "del", place.space());
    }
    places.clear();
    Shell.succeeds("ip", "link", "del", bridge);
  }

  /** Removes what processes that are dead have left, and ends the nodes that still run in it. */
  static void sweep() {
    var spaces = Shell.run("ip", "netns", "list").lines().map(SPACE::matcher);
    spaces
        .filter(m -> m.lookingAt() && isDead(m.group(1)))
        .map(m -> m.group(0))
        .forEach(Namespaces::end);
    var links = LINK.matcher(Shell.run("ip", "-o", "link", "show"));
    while (links.find()) {
      var pid = links.group(2) == null ? links.group(3) : links.group(2);
      if (isDead(pid)) Shell.succeeds("ip", "link", "del", links.group(1));
    }
  }

  private static void end(String space) {
    var pids = Shell.run("ip", "netns", "pids", space);
    pids.lines()
        .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid.strip())).stream())
        .forEach(ProcessHandle::destroyForcibly);
    Shell.succeeds("ip", "netns", "del", space);
  }

  static boolean isDead(String pid) {
    return ProcessHandle.of(Long.parseLong(pid)).filter(ProcessHandle::isAlive).isEmpty();
  }
}
