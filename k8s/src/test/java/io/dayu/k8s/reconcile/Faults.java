package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.mockwebserver.http.Response;
import io.fabric8.mockwebserver.http.WebSocket;
import io.fabric8.mockwebserver.http.WebSocketListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The mock with what goes wrong with a real API server: rights that are missing, definitions that
 * are not there, conflicts, versions that are too old to be watched from. It minds the version that
 * a deletion names, which the mock of the library does not.
 */
final class Faults extends KubernetesCrudDispatcher {
  private static final ObjectMapper JSON = new ObjectMapper();

  private record Fault(int code, AtomicInteger left) {}

  private final Map<String, Fault> faults = new ConcurrentHashMap<>();
  private final Map<String, Set<String>> byHost = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> asked = new ConcurrentHashMap<>();

  /**
   * Answers with this status until {@link #mend}.
   *
   * @param verb as in a Role
   * @param resource as in a Role, such as {@code pipelines/status}
   */
  void answer(int code, String verb, String resource) {
    answer(code, verb, resource, Integer.MAX_VALUE);
  }

  /** The same for so many requests. */
  void answer(int code, String verb, String resource, int times) {
    faults.put(verb + " " + resource, new Fault(code, new AtomicInteger(times)));
  }

  void mend() {
    faults.clear();
  }

  /** How often this was asked for, whatever the answer. */
  int asked(String verb, String resource) {
    var number = asked.get(verb + " " + resource);
    return number == null ? 0 : number.get();
  }

  /** What was asked for by those that call the server so, as verb and resource. */
  Set<String> askedOf(String host) {
    return byHost.getOrDefault(host, Set.of());
  }

  @Override
  public MockResponse dispatch(RecordedRequest request) {
    var path = request.getPath();
    var resource = resource(path);
    var verb = verb(request);
    var what = verb + " " + resource;
    asked.computeIfAbsent(what, w -> new AtomicInteger()).incrementAndGet();
    byHost.computeIfAbsent(request.getHeader("Host"), h -> ConcurrentHashMap.newKeySet()).add(what);
    var fault = faults.get(what);
    if (fault != null && fault.left().getAndDecrement() > 0)
      return verb.equals("watch") && fault.code() == 410
          ? gone()
          : status(
              fault.code(), resource, "%s is not to be had (%d)".formatted(what, fault.code()));
    if (verb.equals("delete")) {
      var version = json(request.getUtf8Body()).path("preconditions").path("resourceVersion");
      var is = handleGet(path);
      if (is.code() == 200
          && !version.isMissingNode()
          && !json(is.getBody().readUtf8())
              .path("metadata")
              .path("resourceVersion")
              .equals(version)) return status(409, resource, "the version is another");
    }
    return super.dispatch(request);
  }

  /** As a real one does it: the watch begins, and ends with an event. */
  private static MockResponse gone() {
    return new MockResponse()
        .withWebSocketUpgrade(
            new WebSocketListener() {
              @Override
              public void onOpen(WebSocket socket, Response response) {
                socket.send(
                    "{\"type\":\"ERROR\",\"object\":"
                        + body(410, "", "too old resource version")
                        + "}");
              }
            });
  }

  private static MockResponse status(int code, String resource, String message) {
    return new MockResponse().setResponseCode(code).setBody(body(code, resource, message));
  }

  private static String body(int code, String resource, String message) {
    return JSON.createObjectNode()
        .put("apiVersion", "v1")
        .put("kind", "Status")
        .put("status", "Failure")
        .put("message", message)
        .put("code", code)
        .set("details", JSON.createObjectNode().put("kind", resource))
        .toString();
  }

  private static JsonNode json(String text) {
    try {
      return text == null || text.isEmpty() ? JSON.nullNode() : JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static String verb(RecordedRequest request) {
    return switch (request.getMethod()) {
      case "POST" -> "create";
      case "PUT" -> "update";
      case "GET" ->
          request.getPath().contains("watch=true")
              ? "watch"
              : segments(request.getPath()).size() > 1 ? "get" : "list";
      default -> request.getMethod().toLowerCase(Locale.ROOT);
    };
  }

  private static String resource(String path) {
    var segments = segments(path);
    return segments.size() > 2 ? segments.get(0) + "/" + segments.get(2) : segments.get(0);
  }

  /** The resource, and if they are there the name and what of it. */
  private static List<String> segments(String path) {
    var all = new ArrayList<>(List.of(path.replaceAll("[?].*", "").substring(1).split("/")));
    int first = all.get(0).equals("api") ? 2 : 3;
    if (all.size() > first + 2 && all.get(first).equals("namespaces")) first += 2;
    return all.subList(Math.min(first, all.size() - 1), all.size());
  }
}
