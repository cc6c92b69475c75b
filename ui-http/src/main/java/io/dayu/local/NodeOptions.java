package io.dayu.local;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How one node of a local cluster is started.
 *
 * @param heapMb the JVM's {@code -Xmx}; direct memory is bounded by it as well
 * @param jvmOptions more options of the JVM, behind the ones for small nodes
 * @param properties configuration, such as {@code dayu.monitor.cpu}; stands above what the cluster
 *     sets itself
 * @param classPath what is put behind the node's own class path, such as a directory of stages
 * @param prefix a command that runs the node's command, such as {@code ip netns exec NAME}; it must
 *     become that command, not its parent
 */
public record NodeOptions(
    String name,
    Role role,
    String site,
    int heapMb,
    List<String> jvmOptions,
    SortedMap<String, String> properties,
    List<Path> classPath,
    List<String> prefix) {

  /** A heap grows to its size when it is needed; this part of it an idle node needs. */
  private static final int BEGINS_WITH = 8;

  /** A node's part in the cluster, with the module and main class that plays it. */
  public enum Role {
    CLOUD("cloud-node", "io.dayu.cloud.CloudNode"),
    EDGE("edge-node", "io.dayu.edge.EdgeNode");

    private final String module;
    private final String mainClass;

    Role(String module, String mainClass) {
      this.module = module;
      this.mainClass = mainClass;
    }

    /** The role as the API says it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    String mainClass() {
      return mainClass;
    }

    public Home.Program program(Home home) {
      return home.program(module, mainClass);
    }
  }

  public NodeOptions {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(site, "site");
    jvmOptions = List.copyOf(jvmOptions);
    properties = Collections.unmodifiableSortedMap(new TreeMap<>(properties));
    classPath = List.copyOf(classPath);
    prefix = List.copyOf(prefix);
  }

  public static NodeOptions cloud(String name) {
    return new NodeOptions(
        name, Role.CLOUD, "cloud", 384, List.of(), new TreeMap<>(), List.of(), List.of());
  }

  public static NodeOptions edge(String name, String site) {
    return new NodeOptions(
        name, Role.EDGE, site, 128, List.of(), new TreeMap<>(), List.of(), List.of());
  }

  public NodeOptions heapMb(int megabytes) {
    return new NodeOptions(name, role, site, megabytes, jvmOptions, properties, classPath, prefix);
  }

  public NodeOptions with(String key, String value) {
    var more = new TreeMap<>(properties);
    more.put(key, value);
    return new NodeOptions(name, role, site, heapMb, jvmOptions, more, classPath, prefix);
  }

  public NodeOptions jvm(String... options) {
    var more = new ArrayList<>(jvmOptions);
    Collections.addAll(more, options);
    return new NodeOptions(name, role, site, heapMb, more, properties, classPath, prefix);
  }

  public NodeOptions classPath(Path... entries) {
    var more = new ArrayList<>(classPath);
    Collections.addAll(more, entries);
    return new NodeOptions(name, role, site, heapMb, jvmOptions, properties, more, prefix);
  }

  /** Where other nodes reach it. */
  public String host() {
    return properties.getOrDefault("dayu.node.host", "127.0.0.1");
  }

  /** Runs the node through a command; see {@link #prefix}. */
  public NodeOptions through(String... command) {
    return new NodeOptions(
        name, role, site, heapMb, jvmOptions, properties, classPath, List.of(command));
  }

  /** The options of the node's JVM, its configuration among them. */
  List<String> jvm(Path dataDir, Path log, String seeds, String seedManagement) {
    var configuration = new LinkedHashMap<String, String>();
    configuration.put("dayu.node.name", name);
    configuration.put("dayu.node.site", site);
    configuration.put("dayu.node.host", host());
    configuration.put("dayu.node.data-port", "0");
    configuration.put("dayu.node.data-dir", dataDir.toString());
    configuration.put("dayu.node.log", log.toString());
    configuration.put("dayu.cluster.port", "0");
    configuration.put("dayu.cluster.seeds", seeds);
    configuration.put("dayu.cluster.seed-management", seedManagement);
    if (role == Role.CLOUD) {
      configuration.put("dayu.http.port", "0");
      configuration.put("dayu.management.port", "0");
    }
    configuration.putAll(properties);
    // For small nodes on few cores: measured in ready time, resident memory and CPU to ready.
    var jvm = new ArrayList<>(List.of("-XX:+UseSerialGC", "-Xss512k", "-XX:TieredStopAtLevel=1"));
    jvm.add("-Xmx" + heapMb + "m");
    // By default a JVM on a machine with much memory begins with all of -Xmx, and a young
    // generation fills whether it is
    // needed or not.
    jvm.add("-Xms" + heapMb / BEGINS_WITH + "m");
    // Counters that only jps and jstat read, sampled 20 times a second.
    jvm.add("-XX:-UsePerfData");
    jvm.add("-XX:+ExitOnOutOfMemoryError");
    // Natives are bounded by their own; the default, a multiple of a small heap, is too tight.
    jvm.add("-Dorg.bytedeco.javacpp.maxPhysicalBytes=1g");
    jvm.addAll(jvmOptions);
    configuration.forEach((key, value) -> jvm.add("-D" + key + "=" + value));
    return jvm;
  }
}
