package io.dayu.bench.pipeline;

import io.dayu.bench.run.BenchPipeline;
import io.dayu.bench.run.StreamFigures;
import io.dayu.bench.run.Waiting;
import io.dayu.client.ApiClient;
import io.dayu.local.LocalCluster;
import io.dayu.local.NodeOptions;
import java.time.Duration;

/**
 * What the parts of the bench work with.
 *
 * @param payload bytes of an element
 * @param duration that counts, of each part
 */
public record Setup(
    LocalCluster cluster, ApiClient api, Waiting waiting, int payload, Duration duration) {
  public static final String CLOUD = "cloud-1";
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration SHORTEST_WARM_UP = Duration.ofSeconds(3);
  private static final Duration LONGEST_WARM_UP = Duration.ofSeconds(30);

  /** From here on elements do not fit a small edge's heap many times over. */
  private static final int LARGE = 256 << 10;

  /** The compilers need a while, but not for a quick look. */
  public Duration warmUp() {
    return warmUp(duration);
  }

  /** The same before any measurement of that duration. */
  public static Duration warmUp(Duration duration) {
    if (duration.compareTo(SHORTEST_WARM_UP) < 0) return SHORTEST_WARM_UP;
    return duration.compareTo(LONGEST_WARM_UP) > 0 ? LONGEST_WARM_UP : duration;
  }

  /**
   * The cloud node of the bench, not started.
   *
   * @param stored whether it keeps results
   */
  public static NodeOptions cloud(int payload, boolean stored) {
    return options(NodeOptions.cloud(CLOUD), 384, payload)
        .with("dayu.store.keep-results", stored ? "on" : "off");
  }

  /** An edge node of the bench, not started. */
  public NodeOptions edge(String name) {
    return options(NodeOptions.edge(name, "site-" + name), 128, payload);
  }

  private static NodeOptions options(NodeOptions options, int heapMb, int payload) {
    int heap = payload < LARGE ? heapMb : 512;
    return options
        .heapMb(heap)
        // All compilers and all of the heap from the beginning: the bench asks for throughput, not
        // for
        // little memory.
        .jvm("-XX:TieredStopAtLevel=4", "-Xms" + heap + "m")
        .with("dayu.monitor.cpu", "process");
  }

  /** Starts an edge and waits until the cloud knows it. */
  public void start(NodeOptions edge) {
    cluster.start(edge);
    waiting.until(
        "waiting until the cloud knows " + edge.name(), PATIENCE, () -> known(edge.name()));
  }

  private boolean known(String node) {
    for (var item : api.get("nodes").path("items"))
      if (item.path("name").asText().equals(node) && item.path("status").asText().equals("up"))
        return true;
    return false;
  }

  /** Submits a pipeline and waits for its first results. */
  public void submit(String name, BenchPipeline pipeline, BenchPipeline.Load load) {
    api.send("POST", "pipelines", pipeline.document(name, load));
    waiting.until(
        "waiting for the first results",
        PATIENCE,
        () -> StreamFigures.of(api, name).ledger().delivered() > 0);
  }

  void change(String name, BenchPipeline pipeline, BenchPipeline.Load load) {
    api.send("PUT", "pipelines/" + name, pipeline.document(name, load));
  }

  public StreamFigures figures(String name) {
    return StreamFigures.of(api, name);
  }

  public void delete(String name) {
    api.delete("pipelines/" + name);
  }

  public String title(String part) {
    return "%s bytes, %s".formatted(payload, part);
  }
}
