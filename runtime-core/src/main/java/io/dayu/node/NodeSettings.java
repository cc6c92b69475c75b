package io.dayu.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.dayu.deliver.FailedSettings;
import io.dayu.deliver.OutboxSettings;
import io.dayu.facts.NodeName;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeServiceName;
import io.dayu.generate.GenerateSettings;
import io.dayu.keys.Holder;
import io.dayu.keys.KeySettings;
import io.dayu.link.LinkSettings;
import io.dayu.process.ProcessSettings;
import io.dayu.service.ServiceSettings;
import io.dayu.settings.Checks;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.HostPort;
import io.dayu.settings.MemorySettings;
import io.dayu.settings.ModelSettings;
import io.dayu.settings.Section;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** A node's configuration, read and checked once. See {@code reference.conf} for the keys. */
public record NodeSettings(
    Self self,
    Cluster cluster,
    Monitor monitor,
    LinkSettings link,
    ProcessSettings process,
    GenerateSettings generate,
    OutboxSettings outbox,
    FailedSettings failed,
    ReadSettings read,
    KeySettings keys,
    MemorySettings memory,
    ServiceSettings services,
    ModelSettings models) {
  /**
   * {@code dayu.node}, without the site.
   *
   * @param host where other nodes reach this one
   * @param bindHost where to listen; {@code host} if empty
   * @param dataPort 0 for any free one
   */
  public record Self(String name, String host, String bindHost, int dataPort, Path dataDir) {
    public Self {
      new Checks("dayu.node")
          .that(
              NodeName.isName(name),
              "name",
              "is \"%s\"; set it, or DAYU_NODE_NAME, to letters, digits and dashes".formatted(name))
          .port("data-port", dataPort)
          .host("host", host)
          .host("bind-host", bindHost.isEmpty() ? host : bindHost)
          .enforce();
      host = HostPort.host(host);
      bindHost = bindHost.isEmpty() ? host : HostPort.host(bindHost);
    }
  }

  /**
   * The node as a member; {@code dayu.cluster}.
   *
   * @param site {@code cloud}, or the site of an edge
   * @param port 0 for any free one
   * @param seeds cloud nodes to join, {@code host:port} in the spelling of {@link HostPort}
   * @param seedManagement management endpoints of cloud nodes, {@code host:port}; those of the
   *     seeds if empty
   * @param forgetAfter silence after which a node is removed from the cluster
   */
  public record Cluster(
      Role role,
      String site,
      int port,
      List<String> seeds,
      List<String> seedManagement,
      Duration forgetAfter) {
    /** The default of {@code dayu.management.port} on cloud nodes. */
    private static final int MANAGEMENT_PORT = 7626;

    private static final Duration LEAST_FORGET_AFTER = Duration.ofMinutes(1);

    public Cluster {
      var checks =
          new Checks("dayu.cluster")
              .port("port", port)
              .that(
                  role == Role.CLOUD || !seeds.isEmpty(),
                  "seeds",
                  "is empty; an edge needs the cloud nodes' host:port (or DAYU_SEEDS)")
              .that(
                  forgetAfter.compareTo(LEAST_FORGET_AFTER) >= 0,
                  "forget-after",
                  "is %s s; below %s s nodes that only restart would be removed"
                      .formatted(forgetAfter.toSeconds(), LEAST_FORGET_AFTER.toSeconds()));
      seeds.forEach(seed -> checks.hostPort("seeds", seed));
      seedManagement.forEach(endpoint -> checks.hostPort("seed-management", endpoint));
      checks.enforce();
      seeds = spelled(seeds);
      seedManagement =
          seedManagement.isEmpty()
              ? seeds.stream().map(s -> s.replaceFirst(":\\d+$", ":" + MANAGEMENT_PORT)).toList()
              : spelled(seedManagement);
    }

    /** The data center of the node: one for the cloud, one for every edge site. */
    public String dataCenter() {
      return role == Role.CLOUD ? "cloud" : "edge-" + site;
    }

    /** In one spelling: a node finds itself among the seeds by comparing texts. */
    private static List<String> spelled(List<String> addresses) {
      return addresses.stream().map(address -> HostPort.parse(address).toString()).toList();
    }
  }

  /**
   * {@code dayu.monitor}.
   *
   * @param interval between two reports of the node
   */
  public record Monitor(ResourceSampler.Cpu cpu, Duration interval) {
    public Monitor {
      new Checks("dayu.monitor").positive("interval", interval).enforce();
    }
  }

  /**
   * Reads {@code dayu} of {@code config}.
   *
   * @throws ConfigurationException with all problems at once
   */
  public static NodeSettings from(Role role, Config config) {
    var dayu = new Section("dayu", config.getConfig("dayu"));
    unknownKeys(config, dayu);
    var kubernetes = dayu.text("node.kubernetes-node");
    var given = dayu.text("node.name");
    var name =
        given.isEmpty() && !kubernetes.isEmpty() ? NodeServiceName.member(kubernetes) : given;
    var site = role == Role.CLOUD ? "cloud" : dayu.text("node.site");
    var self =
        dayu.part(
            "dayu.node",
            () ->
                new Self(
                    name,
                    kubernetes.isEmpty()
                        ? dayu.text("node.host")
                        : NodeServiceName.host(
                            kubernetes,
                            dayu.text("node.namespace"),
                            dayu.text("node.cluster-domain")),
                    dayu.text("node.bind-host"),
                    dayu.count("node.data-port"),
                    dayu.get(
                        "node.data-dir", (c, key) -> Path.of(c.getString(key)), Path.of("."))));
    var cluster =
        dayu.part(
            "dayu.cluster",
            () ->
                new Cluster(
                    role,
                    site.isEmpty() ? name : site,
                    dayu.count("cluster.port"),
                    list(dayu, "cluster.seeds"),
                    list(dayu, "cluster.seed-management"),
                    dayu.duration("cluster.forget-after")));
    var monitor =
        dayu.part(
            "dayu.monitor",
            () ->
                new Monitor(
                    dayu.get(
                        "monitor.cpu",
                        (c, key) -> cpu(c.getString(key)),
                        ResourceSampler.Cpu.MACHINE),
                    dayu.duration("monitor.interval")));
    var link = dayu.section("link", LinkSettings::from);
    var process = dayu.section("process", ProcessSettings::from);
    var generate = dayu.section("generate", GenerateSettings::from);
    var outbox = dayu.section("outbox", OutboxSettings::from);
    var failed = dayu.section("failed", FailedSettings::from);
    var read = dayu.section("read", ReadSettings::from);
    var keys = dayu.section("keys", KeySettings::from);
    if (self.isPresent() && keys.isPresent())
      conflict(self.get(), role, keys.get()).ifPresent(dayu::problem);
    var memory = dayu.section("memory", MemorySettings::from);
    var services = dayu.part("dayu.services", () -> ServiceSettings.from(config.getConfig("dayu")));
    var models = dayu.part("dayu.models", () -> ModelSettings.from(config.getConfig("dayu")));
    dayu.enforce();
    return new NodeSettings(
        self.get(),
        cluster.get(),
        monitor.get(),
        link.get(),
        process.get(),
        generate.get(),
        outbox.get(),
        failed.get(),
        read.get(),
        keys.get(),
        memory.get(),
        services.get(),
        models.get());
  }

  private static Optional<String> conflict(Self self, Role role, KeySettings keys) {
    return keys.keys()
        .map(own -> own.conflict(new Holder(self.name(), role)))
        .orElseGet(() -> keys.conflict("dayu.node.bind-host", self.bindHost()));
  }

  /** The same settings with another cluster port. */
  public NodeSettings atClusterPort(int port) {
    var there =
        new Cluster(
            cluster.role,
            cluster.site,
            port,
            cluster.seeds,
            cluster.seedManagement,
            cluster.forgetAfter);
    return new NodeSettings(
        self, there, monitor, link, process, generate, outbox, failed, read, keys, memory, services,
        models);
  }

  private static ResourceSampler.Cpu cpu(String word) {
    return Arrays.stream(ResourceSampler.Cpu.values())
        .filter(c -> c.name().equalsIgnoreCase(word))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("\"" + word + "\" is neither machine nor process"));
  }

  private static List<String> list(Section dayu, String key) {
    return Arrays.stream(dayu.text(key).split(","))
        .map(String::trim)
        .filter(s -> !s.isEmpty())
        .toList();
  }

  private static void unknownKeys(Config config, Section dayu) {
    // Not defaultReference(): it contains all system properties, so every key would be known.
    var known = keys(ConfigFactory.defaultReferenceUnresolved().withOnlyPath("dayu").resolve());
    for (var key : keys(config))
      // Services and side inputs have names of their own, and are checked where they are read.
      if (!known.contains(key) && !key.startsWith("services.") && !key.startsWith("side-inputs.")) {
        var near = known.stream().min(Comparator.comparingInt(other -> distance(other, key))).get();
        dayu.problem("dayu.%s is no configuration key; did you mean dayu.%s?".formatted(key, near));
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
}
