package io.dayu.image;

import java.util.List;
import java.util.stream.Stream;

/** What can be made an image of. */
enum Program {
  CLOUD(
      "cloud-node",
      "io.dayu.cloud.CloudNode",
      "-XX:+UseSerialGC -XX:MaxRAMPercentage=40 -XX:MaxDirectMemorySize=512m",
      "25520 25530 7626 8080"),
  EDGE(
      "edge-node",
      "io.dayu.edge.EdgeNode",
      "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xss512k -Xms16m -XX:TrimNativeHeapInterval=20000 -XX:MaxRAMPercentage=30 -XX:MaxDirectMemorySize=128m",
      "25520 25530"),
  DATASOURCE(
      "sim-source",
      "io.dayu.sim.SimSource",
      "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:MaxRAMPercentage=40",
      "8090");

  private final String module;
  private final String mainClass;
  private final String tunables;
  private final String ports;

  Program(String module, String mainClass, String tunables, String ports) {
    this.module = module;
    this.mainClass = mainClass;
    this.tunables = tunables;
    this.ports = ports;
  }

  String module() {
    return module;
  }

  String mainClass() {
    return mainClass;
  }

  /** The image's name without its registry, as manifests have it, and of its files. */
  String image() {
    return this == DATASOURCE ? "datasource" : module;
  }

  /**
   * Options of the JVM that a deployment may replace: the image has them in the environment, which
   * manifests override.
   */
  String tunables() {
    return tunables + " -Dorg.bytedeco.javacpp.cachedir=" + Layers.STATE + "/javacpp";
  }

  /** Behind the main class, where nobody gives arguments. */
  List<String> arguments() {
    return this == DATASOURCE ? List.of("--host", "0.0.0.0", "--port", "8090") : List.of();
  }

  List<Integer> ports() {
    return Stream.of(ports.split(" ")).map(Integer::valueOf).toList();
  }
}
