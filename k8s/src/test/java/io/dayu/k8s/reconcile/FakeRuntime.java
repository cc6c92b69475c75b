package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A runtime in memory that answers as the API does: versions go up where a document differs, and a
 * pipeline with a stage of type {@code bad} is refused.
 */
final class FakeRuntime implements Runtime {
  private static final class Pipeline {
    private final List<JsonNode> documents = new ArrayList<>();
    private final List<Long> versions = new ArrayList<>();
    private String state = "running";
    private boolean draining;
    private boolean inFlight;
    private List<String> problems = List.of();

    private long version() {
      return versions.get(versions.size() - 1);
    }

    private JsonNode document() {
      return documents.get(documents.size() - 1);
    }
  }

  private final Map<String, Pipeline> pipelines = new HashMap<>();
  private int questions;
  private int changes;
  private int unanswered;
  private boolean reachable = true;

  synchronized void reachable(boolean reachable) {
    this.reachable = reachable;
  }

  synchronized void turns(String name, String state, String... problems) {
    pipelines.get(name).state = state;
    pipelines.get(name).problems = List.of(problems);
  }

  /** Whether something of each pipeline is in flight. */
  synchronized void inFlight(String name, boolean inFlight) {
    pipelines.get(name).inFlight = inFlight;
  }

  synchronized Optional<JsonNode> document(String name) {
    return Optional.ofNullable(pipelines.get(name)).map(Pipeline::document);
  }

  synchronized boolean draining(String name) {
    return pipelines.containsKey(name) && pipelines.get(name).draining;
  }

  /** Questions about single pipelines. */
  synchronized int questions() {
    return questions;
  }

  /** Questions of all kinds that were asked while nobody answered. */
  synchronized int unanswered() {
    return unanswered;
  }

  /** Times that a pipeline has begun, changed or ended. */
  synchronized int changes() {
    return changes;
  }

  @Override
  public synchronized Map<String, Seen> pipelines() {
    answer();
    var seen = new TreeMap<String, Seen>();
    pipelines.forEach((name, p) -> seen.put(name, new Seen(p.version(), p.state)));
    return seen;
  }

  @Override
  public synchronized Optional<Whole> pipeline(String name) {
    answer();
    questions++;
    return Optional.ofNullable(pipelines.get(name))
        .map(
            p ->
                new Whole(
                    p.version(),
                    p.state,
                    p.draining && !p.inFlight,
                    p.document().path("spec").path("sources").size(),
                    p.document().path("spec").path("stages").size(),
                    "least-loaded",
                    p.problems));
  }

  @Override
  public synchronized boolean changes(String name, JsonNode document) {
    answer();
    verify(document);
    return !pipelines.get(name).document().equals(document);
  }

  @Override
  public synchronized long create(JsonNode document) {
    answer();
    verify(document);
    var name = document.path("metadata").path("name").asText();
    if (pipelines.containsKey(name)) throw new Refused(409, "there is already one named " + name);
    return replace(name, document);
  }

  @Override
  public synchronized long replace(String name, JsonNode document) {
    answer();
    verify(document);
    var p = pipelines.computeIfAbsent(name, n -> new Pipeline());
    if (!p.documents.isEmpty() && p.document().equals(document)) return p.version();
    p.versions.add(p.versions.isEmpty() ? 1 : p.version() + 1);
    p.documents.add(document);
    changes++;
    return p.version();
  }

  @Override
  public synchronized void drain(String name) {
    answer();
    pipelines.get(name).draining = true;
  }

  @Override
  public synchronized void delete(String name) {
    answer();
    if (pipelines.remove(name) != null) changes++;
  }

  @Override
  public synchronized List<Version> versions(String name) {
    answer();
    var p = pipelines.get(name);
    var all = new ArrayList<Version>();
    for (int i = p.versions.size() - 1; i >= 0; i--)
      all.add(
          new Version(
              p.versions.get(i),
              Optional.empty(),
              1,
              p.documents.get(i).path("spec").path("stages").size(),
              "least-loaded"));
    return all;
  }

  @Override
  public synchronized Optional<JsonNode> version(String name, long version) {
    answer();
    var p = pipelines.get(name);
    int at = p.versions.indexOf(version);
    return at < 0 ? Optional.empty() : Optional.of(p.documents.get(at));
  }

  private void answer() {
    if (reachable) return;
    unanswered++;
    throw new Unreachable("nobody answers", null);
  }

  private static void verify(JsonNode document) {
    if (document.path("spec").findValuesAsText("type").contains("bad"))
      throw new Refused(422, "spec.stages[0].type: there is no stage type bad");
  }
}
