package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.stage.ServiceCalls;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Declarations in memory; members call at once what they are told, unless they are said not to. */
final class FakeDeclarations implements Declarations {
  private final Map<String, JsonNode> declared = new TreeMap<>();
  private List<ServiceCalls> said = List.of();
  private int changes;

  synchronized int changes() {
    return changes;
  }

  synchronized String url(String name) {
    var declaration = declared.get(name);
    return declaration == null ? "" : declaration.path("url").asText();
  }

  @Override
  public synchronized Map<String, JsonNode> declared() {
    return new TreeMap<>(declared);
  }

  @Override
  public synchronized void declare(String name, JsonNode declaration) {
    declared.put(name, declaration);
    changes++;
  }

  @Override
  public synchronized void withdraw(String name) {
    declared.remove(name);
    changes++;
  }

  /** All members say from now on what became of their calls, of those at this address first. */
  synchronized void said(ServiceCalls... calls) {
    said = List.of(calls);
  }

  @Override
  public synchronized Map<String, Caller> callers(String name) {
    var declaration = declared.get(name);
    if (declaration == null) return Map.of();
    var at = declaration.path("url").asText();
    var calls =
        said.isEmpty() || !said.get(0).at().equals(at)
            ? List.of(new ServiceCalls(at, 0, 0, 0, 0, 0, 0))
            : said;
    return StreamSupport.stream(declaration.path("nodes").spliterator(), false)
        .map(JsonNode::asText)
        .collect(Collectors.toMap(node -> node, node -> new Caller(at, calls)));
  }
}
