package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.dayu.stage.ServiceCalls;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Declarations in memory; members call at once what they are told, unless they are said not to. */
final class FakeDeclarations implements Declarations {
  private final Map<String, JsonNode> declared = new TreeMap<>();
  private List<ServiceCalls> said = List.of();
  private final Map<String, Wanted> wanted = new TreeMap<>();
  private boolean away;
  private int changes;

  /** Pipelines want a service on these members. */
  synchronized void want(String name, boolean described, String... members) {
    wanted.put(name, new Wanted(described, Set.of(members)));
  }

  /** What pipelines want can be asked for no longer, or again. */
  synchronized void away(boolean is) {
    away = is;
  }

  synchronized JsonNode declaration(String name) {
    return declared.getOrDefault(name, MissingNode.getInstance());
  }

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
  public synchronized Map<String, Wanted> wanted() {
    if (away) throw new Runtime.Unreachable("away", null);
    return new TreeMap<>(wanted);
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
