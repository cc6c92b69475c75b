package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.client.ApiClient;
import io.dayu.client.ApiException;
import io.dayu.console.UserException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The runtime over its HTTP interface, as every other client sees it. */
public final class ApiRuntime implements Runtime {
  private static final int ABSENT = 404;

  private final ApiClient api;

  public ApiRuntime(ApiClient api) {
    this.api = api;
  }

  @Override
  public Map<String, Seen> pipelines() {
    var seen = new TreeMap<String, Seen>();
    for (var item : ask(() -> api.get("pipelines")).path("items"))
      seen.put(
          item.path("name").asText(),
          new Seen(item.path("version").asLong(), item.path("state").asText()));
    return seen;
  }

  @Override
  public Optional<Whole> pipeline(String name) {
    return unlessAbsent(() -> api.get(ApiClient.path("pipelines", name)))
        .map(
            whole -> {
              var status = whole.path("status");
              var spec = whole.path("document").path("spec");
              var problems = new ArrayList<String>();
              for (var p : status.path("problems"))
                problems.add(
                    "%s: %s (%s)"
                        .formatted(
                            p.path("path").asText(),
                            p.path("message").asText(),
                            p.path("remedy").asText()));
              return new Whole(
                  whole.path("version").asLong(),
                  status.path("state").asText(),
                  status.path("drained").asBoolean(),
                  spec.path("sources").size(),
                  spec.path("stages").size(),
                  spec.path("policy").path("name").asText(),
                  problems);
            });
  }

  @Override
  public boolean changes(String name, JsonNode document) {
    var change =
        ask(
            () ->
                api.send(
                    "PUT",
                    ApiClient.path("pipelines", name) + "?dryRun=true",
                    document.toString()));
    return change.path("present").asLong() != change.path("next").asLong();
  }

  @Override
  public long create(JsonNode document) {
    return ask(() -> api.send("POST", "pipelines", document.toString())).path("version").asLong();
  }

  @Override
  public long replace(String name, JsonNode document) {
    return ask(() -> api.send("PUT", ApiClient.path("pipelines", name), document.toString()))
        .path("version")
        .asLong();
  }

  @Override
  public void drain(String name) {
    var ignored =
        unlessAbsent(() -> api.send("POST", ApiClient.path("pipelines", name, "drain"), "{}"));
  }

  @Override
  public void delete(String name) {
    var ignored = unlessAbsent(() -> api.delete(ApiClient.path("pipelines", name)));
  }

  @Override
  public List<Version> versions(String name) {
    var versions = new ArrayList<Version>();
    for (var item : ask(() -> api.get(ApiClient.path("pipelines", name, "versions"))).path("items"))
      versions.add(
          new Version(
              item.path("version").asLong(),
              item.hasNonNull("at") ? Optional.of(item.path("at").asText()) : Optional.empty(),
              item.path("sources").asInt(),
              item.path("stages").asInt(),
              item.path("policy").asText()));
    return versions;
  }

  @Override
  public Optional<JsonNode> version(String name, long version) {
    return unlessAbsent(
            () -> api.get(ApiClient.path("pipelines", name, "versions", Long.toString(version))))
        .map(v -> v.path("document"));
  }

  static <T> Optional<T> unlessAbsent(Supplier<T> question) {
    try {
      return Optional.of(ask(question));
    } catch (Refused e) {
      if (e.status() == ABSENT) return Optional.empty();
      throw e;
    }
  }

  /** Answers of 5xx say that the cluster does not work now, not that it does not want to. */
  static <T> T ask(Supplier<T> question) {
    try {
      return question.get();
    } catch (ApiException e) {
      if (e.status() >= 500) throw new Unreachable(e.getMessage(), e);
      throw new Refused(e.status(), String.valueOf(e.getMessage()));
    } catch (UserException e) {
      throw new Unreachable(e.getMessage(), e);
    }
  }
}
