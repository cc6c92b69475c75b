package io.dayu.cli;

import com.sun.management.OperatingSystemMXBean;
import io.dayu.console.Check;
import io.dayu.console.Check.Grade;
import io.dayu.console.Units;
import io.dayu.console.UserException;
import io.dayu.keys.KeysException;
import io.dayu.keys.NodeKeys;
import io.dayu.local.BackgroundCluster;
import io.dayu.local.Home;
import io.dayu.local.HomeLock;
import io.dayu.local.Orphan;
import io.dayu.settings.HostPort;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Looks for what commonly keeps Dayu from running on a machine, and says what to do. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = {
      "What on this machine may keep Dayu from running, and what to do about it.",
      "With --seeds also whether it reaches the nodes of a cluster as a node would: names, ports, keys, clocks.",
      "With --kube what a Kubernetes cluster says of an installation instead: dayu doctor --kube --help."
    })
final class DoctorCommand implements Callable<Integer> {
  /** Memory a cloud node, two edge nodes with models and a camera need together. */
  private static final long DEMO_BYTES = 1_500_000_000L;

  private static final Map<Integer, String> PORTS =
      new TreeMap<>(
          Map.of(
              8080, "dayu.http.port",
              7626, "dayu.management.port",
              25520, "dayu.cluster.port",
              25530, "dayu.node.data-port"));

  /** Of nodes; without keys, anybody may speak for a node there. */
  private static final List<Integer> UNPROTECTED = List.of(25520, 25530);

  private static final int CONNECT_MS = 300;

  @Spec private CommandSpec spec;

  @Option(
      names = "--seeds",
      paramLabel = "HOST:PORT",
      split = ",",
      description = "Cluster ports of cloud nodes, as in DAYU_SEEDS.")
  private List<String> seeds = List.of();

  @Option(
      names = "--keys",
      paramLabel = "DIR",
      description = "Keys of a node, with which the cloud nodes are asked for the other members.")
  private Optional<Path> keys = Optional.empty();

  @Option(
      names = "--data-port",
      paramLabel = "PORT",
      defaultValue = "25530",
      description = "Of all nodes. Default: ${DEFAULT-VALUE}")
  private int dataPort;

  @Option(
      names = "--management-port",
      paramLabel = "PORT",
      defaultValue = "7626",
      description = "Of cloud nodes. Default: ${DEFAULT-VALUE}")
  private int managementPort;

  @Override
  public Integer call() {
    var home = Home.find();
    var checks = new ArrayList<Check>();
    checks.add(java(Runtime.version().feature()));
    checks.add(cores(Runtime.getRuntime().availableProcessors()));
    checks.add(memory(freeBytes()));
    checks.add(disk(home));
    var up = BackgroundCluster.read(home);
    checks.add(up(up, HomeLock.holder(home)));
    orphans(Orphan.of(home)).ifPresent(checks::add);
    if (up.isEmpty()) PORTS.forEach((port, key) -> checks.add(port(port, key)));
    var addresses = addresses();
    UNPROTECTED.forEach(port -> exposed(port, key(port), addresses).ifPresent(checks::add));
    retries(Path.of("/proc/sys/net/ipv4/tcp_retries2")).ifPresent(checks::add);
    if (!seeds.isEmpty()) checks.addAll(NetworkChecks.of(target(), Clock.systemUTC()));
    var out = spec.commandLine().getOut();
    int code = Check.print(checks, out);
    kubernetes(Path.of(System.getProperty("user.home")), System.getenv()).ifPresent(out::println);
    out.flush();
    return code;
  }

  /** Where Kubernetes is within reach: that nothing was asked of it, since it may be another's. */
  static Optional<String> kubernetes(Path user, Map<String, String> environment) {
    var reached =
        Stream.of(
                Optional.ofNullable(environment.get("KUBECONFIG")).map(Path::of),
                Optional.of(user.resolve(".kube/config")),
                Optional.of(Path.of("/var/run/secrets/kubernetes.io/serviceaccount/token")))
            .flatMap(Optional::stream)
            .filter(Files::exists)
            .findFirst();
    return reached.map(
        at ->
            "Not looked at: the Kubernetes cluster of %s, which need not be Dayu's. dayu doctor --kube asks it"
                .formatted(at));
  }

  private NetworkChecks.Target target() {
    try {
      return new NetworkChecks.Target(
          seeds.stream().map(HostPort::parse).toList(),
          dataPort,
          managementPort,
          keys.map(NodeKeys::open));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--seeds: " + e.getMessage(), e);
    } catch (KeysException e) {
      throw new UserException("--keys: " + e.getMessage(), e);
    }
  }

  static Check java(int version) {
    return version >= 17
        ? new Check("Java", Grade.OK, "version " + version, "")
        : new Check("Java", Grade.PROBLEM, "version " + version, "install JDK 17 or newer");
  }

  static Check cores(int cores) {
    return cores >= 2
        ? new Check("cores", Grade.OK, Integer.toString(cores), "")
        : new Check("cores", Grade.HINT, "1", "the demo drops frames with fewer than 2 cores");
  }

  static Check memory(long free) {
    return free >= DEMO_BYTES
        ? new Check("memory", Grade.OK, Units.bytes(free) + " free", "")
        : new Check(
            "memory",
            Grade.HINT,
            Units.bytes(free) + " free",
            "the demo needs about " + Units.bytes(DEMO_BYTES) + "; close something");
  }

  private static long freeBytes() {
    // What Linux can hand out is more than what is unused: caches are given back.
    try (var lines = Files.lines(Path.of("/proc/meminfo"))) {
      var available = lines.filter(l -> l.startsWith("MemAvailable:")).findFirst();
      if (available.isPresent())
        return Long.parseLong(available.get().replaceAll("\\D", "")) * 1024;
    } catch (IOException notLinux) {
      // The JVM's own figure follows.
    }
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getFreeMemorySize();
  }

  private static Check disk(Home home) {
    long free = home.root().toFile().getUsableSpace();
    var found = Units.bytes(free) + " free at " + home.root();
    return free >= 1_000_000_000L
        ? new Check("disk", Grade.OK, found, "")
        : new Check("disk", Grade.HINT, found, "models, jars and results need about 1 GB");
  }

  static Check up(Optional<BackgroundCluster> up, Optional<String> atWork) {
    if (atWork.isPresent())
      return new Check("cluster", Grade.OK, atWork.get() + ", is at work", "");
    var nodes = up.map(BackgroundCluster::nodes).orElse(List.of());
    if (up.isPresent() && !up.get().finished())
      return new Check(
          "cluster",
          Grade.PROBLEM,
          "dayu up was ended before it had started all; it left "
              + String.join(", ", nodes.stream().map(BackgroundCluster.Started::name).toList()),
          "dayu down ends what it left");
    var gone =
        nodes.stream()
            .filter(n -> n.process().isEmpty())
            .map(BackgroundCluster.Started::name)
            .toList();
    if (nodes.isEmpty()) return new Check("cluster", Grade.OK, "not up", "");
    return gone.isEmpty()
        ? new Check("cluster", Grade.OK, nodes.size() + " nodes up", "")
        : new Check(
            "cluster",
            Grade.PROBLEM,
            String.join(", ", gone) + " ended",
            "its log is below .dayu/up; then dayu node start " + gone.get(0));
  }

  private static Optional<Check> orphans(List<Orphan> orphans) {
    if (orphans.isEmpty()) return Optional.empty();
    var pids = orphans.stream().map(o -> Long.toString(o.pid())).toList();
    return Optional.of(
        new Check(
            "programs",
            Grade.HINT,
            String.join(", ", orphans.stream().map(Orphan::name).toList())
                + " of this directory run without the program that started them",
            "they are left of a demo or bench that was killed, unless you started them by hand;"
                + " end them with: kill "
                + String.join(" ", pids)));
  }

  static Check port(int port, String key) {
    try (var socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return new Check("port " + port, Grade.OK, "free (" + key + ")", "");
    } catch (IOException e) {
      return new Check(
          "port " + port,
          Grade.HINT,
          "in use (" + key + ")",
          port == 8080
              ? "dayu up --port 0 takes any free one; the demo chooses its own"
              : "only a node with the default "
                  + key
                  + " needs it; dayu up and demo choose theirs");
    }
  }

  private static String key(int port) {
    return Objects.requireNonNull(PORTS.get(port), "a port of a node");
  }

  /** Those of this machine at which others may reach it. */
  private static List<InetAddress> addresses() {
    try {
      return NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
          .toList();
    } catch (SocketException e) {
      return List.of();
    }
  }

  /** Whether a node listens at a port for others than this machine; empty if none does. */
  static Optional<Check> exposed(int port, String key, List<InetAddress> addresses) {
    return addresses.stream()
        .filter(address -> answers(address, port))
        .findFirst()
        .map(
            address ->
                new Check(
                    "port " + port + " from outside",
                    Grade.HINT,
                    "open at %s (%s)".formatted(address.getHostAddress(), key),
                    "a node without keys (dayu.keys.directory) lets whoever reaches it speak for a node;"
                        + " let only nodes reach it, by a firewall or a private network"));
  }

  private static boolean answers(InetAddress address, int port) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, port), CONNECT_MS);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether TCP notices the end of an outage early. */
  static Optional<Check> retries(Path setting) {
    try {
      int retries = Integer.parseInt(Files.readString(setting).strip());
      return Optional.of(
          retries <= 8
              ? new Check("tcp_retries2", Grade.OK, Integer.toString(retries), "")
              : new Check(
                  "tcp_retries2",
                  Grade.HINT,
                  Integer.toString(retries),
                  "on real nodes set it to 5, on the host where pods share its network: sysctl -w"
                      + " net.ipv4.tcp_retries2=5, and the same line in /etc/sysctl.d. Otherwise"
                      + " TCP may sleep for minutes after a long cut, and an edge starts its"
                      + " membership anew some 15 s after the network is back, not within 1 s"));
    } catch (IOException | NumberFormatException notHere) {
      return Optional.empty();
    }
  }
}
