package io.dayu.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.dayu.deliver.OutboxSettings;
import io.dayu.facts.NodeReport.Role;
import io.dayu.generate.GenerateSettings;
import io.dayu.link.LinkSettings;
import io.dayu.process.ProcessSettings;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A node's configuration, read and checked once. See {@code reference.conf} for the keys.
 *
 * @param site {@code cloud}, or the site of an edge
 * @param bindHost where to listen
 * @param seeds cloud nodes to join, {@code host:port}
 * @param seedManagement management endpoints of cloud nodes, {@code host:port}
 * @param forgetAfter silence after which a node is removed from the cluster
 */
public record NodeSettings(
    Role role,
    String name,
    String site,
    String host,
    String bindHost,
    int dataPort,
    Path dataDir,
    int clusterPort,
    List<String> seeds,
    List<String> seedManagement,
    Duration forgetAfter,
    ResourceSampler.Cpu cpu,
    Duration reportEvery,
    LinkSettings link,
    ProcessSettings process,
    GenerateSettings generate,
    OutboxSettings outbox) {
  /** The default of {@code dayu.management.port} on cloud nodes. */
  private static final int MANAGEMENT_PORT = 7626;

  private static final Duration LEAST_FORGET_AFTER = Duration.ofMinutes(1);
  private static final String NAME = "[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?";

  /**
   * Reads {@code dayu} of {@code config}.
   *
   * @throws ConfigurationException with all problems at once
   */
  public static NodeSettings from(Role role, Config config) {
    var problems = new ArrayList<String>();
    unknownKeys(config, problems);
    var dayu = config.getConfig("dayu");
    var read = new Reader(dayu, problems);
    var name = read.text("node.name");
    if (!name.matches(NAME))
      problems.add(
          "dayu.node.name is \"%s\"; set it, or DAYU_NODE_NAME, to letters, digits and dashes"
              .formatted(name));
    var site = role == Role.CLOUD ? "cloud" : read.text("node.site");
    if (site.isEmpty()) site = name;
    var host = read.text("node.host");
    var bindHost = read.text("node.bind-host");
    var seeds = addresses(read, "cluster.seeds");
    var management = addresses(read, "cluster.seed-management");
    if (role == Role.EDGE && seeds.isEmpty())
      problems.add(
          "dayu.cluster.seeds is empty; an edge needs the cloud nodes' host:port (or DAYU_SEEDS)");
    if (management.isEmpty())
      management =
          seeds.stream().map(s -> s.replaceFirst(":\\d+$", ":" + MANAGEMENT_PORT)).toList();
    var forgetAfter =
        read.get(
            "cluster.forget-after",
            () -> dayu.getDuration("cluster.forget-after"),
            LEAST_FORGET_AFTER);
    if (forgetAfter.compareTo(LEAST_FORGET_AFTER) < 0)
      problems.add(
          "dayu.cluster.forget-after is %d s; below %d s nodes that only restart would be removed"
              .formatted(forgetAfter.toSeconds(), LEAST_FORGET_AFTER.toSeconds()));
    var cpu =
        read.get(
            "monitor.cpu", () -> cpu(dayu.getString("monitor.cpu")), ResourceSampler.Cpu.MACHINE);
    int dataPort = read.port("node.data-port");
    int clusterPort = read.port("cluster.port");
    var dataDir =
        read.get("node.data-dir", () -> Path.of(dayu.getString("node.data-dir")), Path.of("."));
    var every =
        read.get(
            "monitor.interval", () -> dayu.getDuration("monitor.interval"), Duration.ofSeconds(1));
    var link = read.section("link", LinkSettings::from);
    var process = read.section("process", ProcessSettings::from);
    var generate = read.section("generate", GenerateSettings::from);
    var outbox = read.section("outbox", OutboxSettings::from);
    if (every.isNegative() || every.isZero())
      problems.add(
          "dayu.monitor.interval is %d ms; it must be positive".formatted(every.toMillis()));
    positive("link", link, problems);
    positive("process", process, problems);
    positive("generate", generate, problems);
    positive("outbox", outbox, problems);
    // What could not be read is among the problems.
    if (!problems.isEmpty()
        || link == null
        || process == null
        || generate == null
        || outbox == null) throw new ConfigurationException(problems);
    return new NodeSettings(
        role,
        name,
        site,
        host,
        bindHost.isEmpty() ? host : bindHost,
        dataPort,
        dataDir,
        clusterPort,
        seeds,
        management,
        forgetAfter,
        cpu,
        every,
        link,
        process,
        generate,
        outbox);
  }

  /** The same at a cluster port that is known. */
  public NodeSettings atClusterPort(int port) {
    return new NodeSettings(
        role,
        name,
        site,
        host,
        bindHost,
        dataPort,
        dataDir,
        port,
        seeds,
        seedManagement,
        forgetAfter,
        cpu,
        reportEvery,
        link,
        process,
        generate,
        outbox);
  }

  /** The data center of the node: one for the cloud, one for every edge site. */
  public String dataCenter() {
    return role == Role.CLOUD ? "cloud" : "edge-" + site;
  }

  private static List<String> addresses(Reader read, String key) {
    var addresses =
        Arrays.stream(read.text(key).split(","))
            .map(String::trim)
            .filter(s -> !s.isEmpty())
            .toList();
    for (var address : addresses)
      if (!address.matches("[^:@/\\s]+:\\d{1,5}"))
        read.problems()
            .add(
                "dayu.%s has \"%s\"; write host:port, separated by commas".formatted(key, address));
    return addresses;
  }

  private static ResourceSampler.Cpu cpu(String word) {
    return Arrays.stream(ResourceSampler.Cpu.values())
        .filter(c -> c.name().equalsIgnoreCase(word))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("\"" + word + "\" is neither machine nor process"));
  }

  /** A window, a limit or a duration of nothing would stop the flow, and nothing would tell why. */
  private static void positive(String section, @Nullable Record settings, List<String> problems) {
    if (settings == null) return; // it could not be read, which is told already
    for (var component : settings.getClass().getRecordComponents()) {
      long value = figure(component, settings);
      if (value >= 1) continue;
      var key = component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
      problems.add("dayu.%s.%s must be positive".formatted(section, key));
    }
  }

  private static long figure(RecordComponent component, Record settings) {
    try {
      var value = component.getAccessor().invoke(settings);
      return value instanceof Duration duration ? duration.toNanos() : ((Number) value).longValue();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void unknownKeys(Config config, List<String> problems) {
    // Not defaultReference(): to that one every system property is known.
    var known = keys(ConfigFactory.defaultReferenceUnresolved().withOnlyPath("dayu").resolve());
    for (var key : keys(config))
      if (!known.contains(key)) {
        var near = known.stream().min(Comparator.comparingInt(other -> distance(other, key))).get();
        problems.add("dayu.%s is no configuration key; did you mean dayu.%s?".formatted(key, near));
      }
  }

  private static TreeSet<String> keys(Config config) {
    return config.getConfig("dayu").entrySet().stream()
        .map(Map.Entry::getKey)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Levenshtein's distance. */
  private static int distance(String a, String b) {
    var row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) row[j] = j;
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int cost = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        int next = Math.min(Math.min(row[j] + 1, row[j - 1] + 1), diagonal + cost);
        diagonal = row[j];
        row[j] = next;
      }
    }
    return row[b.length()];
  }

  private record Reader(Config dayu, List<String> problems) {
    <T> T get(String key, Supplier<T> read, T otherwise) {
      try {
        return read.get();
      } catch (ConfigException | IllegalArgumentException | ArithmeticException e) {
        problems.add("dayu." + key + ": " + ConfigurationException.reason(e));
        return otherwise;
      }
    }

    /** Null, and a problem, if it cannot be read. */
    <T> @Nullable T section(String key, Function<Config, T> from) {
      return get(key, () -> Optional.of(from.apply(dayu.getConfig(key))), Optional.<T>empty())
          .orElse(null);
    }

    String text(String key) {
      return get(key, () -> dayu.getString(key), "");
    }

    int port(String key) {
      int port = get(key, () -> dayu.getInt(key), 0);
      if (port < 0 || port > 65_535) problems.add("dayu.%s is %d, no port".formatted(key, port));
      return port;
    }
  }
}
