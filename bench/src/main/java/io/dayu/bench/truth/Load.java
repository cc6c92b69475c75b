package io.dayu.bench.truth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.client.ApiClient;
import io.dayu.client.LedgerCounts;
import io.dayu.console.UserException;
import io.dayu.pipeline.StreamName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A pipeline whose elements can be recognised: {@code a} forks to {@code b} and {@code c}, {@code
 * d} joins them, each a {@link ChecksumStage}.
 *
 * @param node that reads the source
 * @param live a {@link CountedSource}, else a file of readings
 * @param policy such as {@code {"name": "round-robin"}}
 * @param rate readings per second
 * @param bytes of a reading's text
 * @param count readings of a file
 * @param until end of a live source
 * @param directory of the file or the journal
 * @param service whether {@code b} is a service in Python, see {@link NodeClasses#service}
 */
public record Load(
    String name,
    String node,
    boolean live,
    Map<String, Object> policy,
    int rate,
    int bytes,
    long count,
    Instant until,
    Path directory,
    boolean service) {
  private static final String SOURCE = "counted";

  public Load {
    policy = Map.copyOf(policy);
    directory = directory.toAbsolutePath();
  }

  /** A file that takes so many seconds to read. */
  public static Load file(
      String name, String node, Map<String, Object> policy, int rate, int seconds, Path directory) {
    return new Load(
        name, node, false, policy, rate, 200, (long) rate * seconds, Instant.MAX, directory, false);
  }

  public static Load live(
      String name,
      String node,
      Map<String, Object> policy,
      int rate,
      Instant until,
      Path directory) {
    return new Load(name, node, true, policy, rate, 4096, 0, until, directory, false);
  }

  /** With a stage in Python. */
  public Load withService() {
    return new Load(name, node, live, policy, rate, bytes, count, until, directory, true);
  }

  /** A policy that keeps each stage on the nodes named for it. */
  public static Map<String, Object> fixed(
      List<String> a, List<String> b, List<String> c, List<String> d) {
    return Map.of(
        "name", "fixed", "params", Map.of("route", Map.of("a", a, "b", b, "c", c, "d", d)));
  }

  public StreamName stream() {
    return new StreamName(name, SOURCE);
  }

  /** Writes the file and submits the pipeline. */
  public void submit(ApiClient api) {
    if (!live) write();
    api.send("POST", "pipelines", document(Variant.FIRST).toString());
  }

  /** Changes nothing but the policy of the pipeline. */
  public void change(ApiClient api, Map<String, Object> policy) {
    var changed = new Load(name, node, live, policy, rate, bytes, count, until, directory, service);
    changed.change(api, Variant.FIRST);
  }

  /** Makes the pipeline such a variant. */
  public void change(ApiClient api, Variant variant) {
    api.send("PUT", "pipelines/" + name, document(variant).toString());
  }

  private void write() {
    try (var out = Files.newBufferedWriter(path())) {
      for (long i = 0; i < count; i++)
        out.append(CountedReadings.json(CountedReadings.reading(name, i, bytes))).append('\n');
    } catch (IOException e) {
      throw new UserException("cannot write " + path() + ": " + e.getMessage(), e);
    }
  }

  private Path path() {
    return directory.resolve(live ? name : name + ".ndjson");
  }

  private ObjectNode document(Variant variant) {
    var json = JsonNodeFactory.instance.objectNode();
    json.put("apiVersion", "dayu.io/v1alpha1").put("kind", "Pipeline");
    json.putObject("metadata").put("name", name);
    var spec = json.putObject("spec");
    var source = spec.putArray("sources").addObject();
    source.put("name", SOURCE).put("node", node);
    if (live)
      source.put(
          "uri",
          "counted:?rate=%s&bytes=%s&until=%s&journal=%s"
              .formatted(rate, bytes, until.toEpochMilli(), path()));
    else {
      source.put("uri", path().toUri().toString());
      source.putObject("knobs").putArray("rate").add(rate);
    }
    var stages = spec.putArray("stages");
    variant
        .stages()
        .forEach(
            (id, before) -> {
              var stage = stages.addObject().put("id", id);
              boolean program = service && id.equals(Variant.SERVICE);
              stage.put("type", program ? NodeClasses.SERVICE : ChecksumStage.TYPE);
              if (program) stage.putObject("params").put(Variant.REVISION, variant.revision());
              var after = stage.putArray("after");
              before.forEach(after::add);
            });
    spec.set("policy", new ObjectMapper().valueToTree(routed(variant)));
    return json;
  }

  /** The policy, where it fixes routes with one for each stage of the variant. */
  private Map<String, Object> routed(Variant variant) {
    if (!(policy.get("params") instanceof Map<?, ?> params)
        || !(params.get("route") instanceof Map<?, ?> fixed)) return policy;
    var route = new TreeMap<String, Object>();
    for (var id : variant.stages().keySet()) {
      var nodes = fixed.get(Variant.placedAs(id));
      if (nodes != null) route.put(id, nodes);
    }
    var changed = new TreeMap<>(policy);
    changed.put("params", Map.of("route", route));
    return changed;
  }

  /** Whether everything the source gave is settled, as far as the API knows. */
  public boolean settled(ApiClient api) {
    var status = api.get("pipelines/" + name).path("status");
    return status.path("state").asText().equals("completed") && ledger(status).inFlight() == 0;
  }

  public LedgerCounts ledger(ApiClient api) {
    return ledger(api.get("pipelines/" + name).path("status"));
  }

  private static LedgerCounts ledger(JsonNode status) {
    return LedgerCounts.of(status.path("ledger"));
  }

  /**
   * Compares the store with what the source gave.
   *
   * @param kills when the node that reads the source was killed
   */
  public Verdict verdict(ApiClient api, List<StoredResult> rows, List<Instant> kills) {
    return verdict(api, rows, kills, Set.of(Variant.FIRST));
  }

  /**
   * The same of a pipeline that was {@link #change(ApiClient, Variant) changed}.
   *
   * @param variants all that it had
   */
  public Verdict verdict(
      ApiClient api, List<StoredResult> rows, List<Instant> kills, Set<Variant> variants) {
    var at = new ArrayList<Long>();
    kills.forEach(k -> at.add(k.toEpochMilli()));
    var plans = variants.stream().map(Variant::plan).collect(Collectors.toSet());
    return Comparison.of(expected(at, plans), rows, ledger(api));
  }

  /** The longest time between two readings of a live source that overlaps [from, until]. */
  public Duration longestPause(Instant from, Instant until) {
    try {
      long longest = 0;
      for (var at : Journal.read(path()).values())
        for (int i = 1; i < at.length; i++)
          if (at[i] >= from.toEpochMilli() && at[i - 1] <= until.toEpochMilli())
            longest = Math.max(longest, at[i] - at[i - 1]);
      return Duration.ofMillis(longest);
    } catch (IOException e) {
      throw new UserException("the journal of " + name + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** The version of the decision that the stream's elements follow, as far as the API knows. */
  public long decisionInUse(ApiClient api) {
    return api.get("pipelines/" + name)
        .path("status")
        .path("streams")
        .path(0)
        .path("decisionInUse")
        .asLong();
  }

  private Expected expected(List<Long> kills, Set<Set<String>> plans) {
    if (!live) return new Expected.Replayed(stream(), name, count, bytes, plans, kills);
    try {
      return new Expected.Live(stream(), Journal.read(path()), bytes, plans, kills);
    } catch (IOException e) {
      throw new UserException("the journal of " + name + " cannot be read: " + e.getMessage(), e);
    }
  }
}
