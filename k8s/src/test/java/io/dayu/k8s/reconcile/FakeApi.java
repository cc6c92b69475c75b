package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The fakes of tests behind the paths of the API that the operator asks. */
final class FakeApi implements HttpHandler {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int BASE = "/api/v1/".length();

  private final FakeRuntime runtime;
  private final FakeDeclarations declarations;

  FakeApi(FakeRuntime runtime, FakeDeclarations declarations) {
    this.runtime = runtime;
    this.declarations = declarations;
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      var path = List.of(exchange.getRequestURI().getPath().substring(BASE).split("/"));
      var body = exchange.getRequestBody().readAllBytes();
      try {
        var answer =
            path.get(0).equals("pipelines")
                ? pipelines(exchange, path, body)
                : services(exchange, path, body);
        send(exchange, answer.isPresent() ? 200 : 404, answer.orElseGet(JSON::createObjectNode));
      } catch (Runtime.Refused e) {
        send(exchange, e.status(), JSON.createObjectNode().put("detail", e.getMessage()));
      }
    }
  }

  private Optional<JsonNode> pipelines(HttpExchange exchange, List<String> path, byte[] body)
      throws IOException {
    var method = exchange.getRequestMethod();
    if (path.size() == 1)
      return Optional.of(
          method.equals("POST")
              ? JSON.createObjectNode().put("version", runtime.create(JSON.readTree(body)))
              : list());
    var name = path.get(1);
    if (path.size() > 2) return part(name, path);
    switch (method) {
      case "PUT":
        var document = JSON.readTree(body);
        if (!"dryRun=true".equals(exchange.getRequestURI().getQuery()))
          return Optional.of(
              JSON.createObjectNode().put("version", runtime.replace(name, document)));
        return Optional.of(
            JSON.createObjectNode()
                .put("present", 1)
                .put("next", runtime.changes(name, document) ? 2 : 1));
      case "DELETE":
        runtime.delete(name);
        return Optional.of(JSON.createObjectNode());
      default:
        return runtime.pipeline(name).map(whole -> whole(name, whole));
    }
  }

  private JsonNode list() {
    var items = JSON.createArrayNode();
    runtime
        .pipelines()
        .forEach(
            (name, seen) ->
                items
                    .addObject()
                    .put("name", name)
                    .put("version", seen.version())
                    .put("state", seen.state()));
    return items(items);
  }

  private JsonNode whole(String name, Runtime.Whole whole) {
    var answer = JSON.createObjectNode().put("version", whole.version());
    answer.putObject("status").put("state", whole.state()).put("drained", whole.drained());
    runtime.document(name).ifPresent(document -> answer.set("document", document));
    return answer;
  }

  private Optional<JsonNode> part(String name, List<String> path) {
    if (path.get(2).equals("drain")) {
      runtime.drain(name);
      return Optional.of(JSON.createObjectNode());
    }
    if (path.size() > 3)
      return runtime
          .version(name, Long.parseLong(path.get(3)))
          .map(document -> JSON.createObjectNode().set("document", document));
    var items = JSON.createArrayNode();
    for (var v : runtime.versions(name))
      items
          .addObject()
          .put("version", v.version())
          .put("sources", v.sources())
          .put("stages", v.stages())
          .put("policy", v.policy());
    return Optional.of(items(items));
  }

  private Optional<JsonNode> services(HttpExchange exchange, List<String> path, byte[] body)
      throws IOException {
    switch (exchange.getRequestMethod()) {
      case "PUT":
        declarations.declare(path.get(1), JSON.readTree(body));
        return Optional.of(JSON.createObjectNode());
      case "DELETE":
        declarations.withdraw(path.get(1));
        return Optional.of(JSON.createObjectNode());
      default:
        var declared = declarations.declared();
        if (path.size() > 1)
          return Optional.ofNullable(declared.get(path.get(1)))
              .map(declaration -> service(path.get(1), declaration));
        var items = JSON.createArrayNode();
        declared.forEach((name, declaration) -> items.add(service(name, declaration)));
        return Optional.of(items(items));
    }
  }

  private JsonNode service(String name, JsonNode declaration) {
    var wanted = declarations.wanted().getOrDefault(name, Declarations.Wanted.NOTHING);
    var service = JSON.createObjectNode().put("name", name).put("described", wanted.described());
    service.set("declaration", declaration);
    var nodes = service.putArray("nodes");
    declarations
        .callers(name)
        .forEach(
            (member, caller) ->
                nodes
                    .addObject()
                    .put("node", member)
                    .put("at", caller.at())
                    .put("wanted", wanted.members().contains(member))
                    .set("calls", JSON.valueToTree(caller.calls())));
    return service;
  }

  private static ObjectNode items(ArrayNode items) {
    return JSON.createObjectNode().set("items", items);
  }

  private static void send(HttpExchange exchange, int code, JsonNode answer) throws IOException {
    var body = JSON.writeValueAsBytes(answer);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(code, body.length);
    exchange.getResponseBody().write(body);
  }
}
