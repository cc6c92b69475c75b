package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.k8s.crd.StageServiceSpec;
import io.dayu.k8s.desired.Conditions.Says;
import io.dayu.k8s.desired.Difference;
import io.dayu.k8s.desired.Loading;
import io.dayu.k8s.desired.RevisionSwitch.Plan;
import io.dayu.k8s.desired.Workloads;
import io.fabric8.kubernetes.api.model.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What members are told of services. It remembers what was, so that they are told again only of
 * what differs. Safe for any thread.
 */
final class Announcements {
  private static final Logger LOG = LoggerFactory.getLogger(Announcements.class);

  private final Cluster cluster;
  private final Declarations declarations;
  private volatile Optional<Map<String, JsonNode>> declared = Optional.empty();

  Announcements(Cluster cluster, Declarations declarations) {
    this.cluster = cluster;
    this.declarations = declarations;
  }

  /**
   * Looks at what members are told and says of which services it is not what it was.
   *
   * @throws Runtime.Unreachable if the API does not answer
   * @throws Runtime.Refused if it refuses to tell
   */
  void poll(Consumer<String> changed) {
    var now = declarations.declared();
    // What is equal is kept as it is: if each look replaced it, it would fill the old generation.
    if (declared.filter(now::equals).isPresent()) return;
    var before = declared.orElse(Map.of());
    declared = Optional.of(now);
    var names = new TreeSet<>(before.keySet());
    names.addAll(now.keySet());
    for (var name : names)
      if (!Objects.equals(before.get(name), now.get(name))) changed.accept(name);
  }

  /**
   * Tells members of the revision that they are to call, unless they know.
   *
   * @param loading of a service that is loaded on demand
   * @param nodes on which it is to run
   * @param port the first of the two of the service
   * @return what has become of it, as a condition
   * @throws Runtime.Unreachable if the API does not answer
   */
  Says declare(
      String name,
      StageServiceSpec spec,
      Plan plan,
      Optional<Loading.Plan> loading,
      List<Node> nodes,
      int port) {
    if (plan.told().isEmpty())
      return Says.no("Declared", "NotReady", "members are told of it when it is ready on a node");
    int at = port + plan.told().get().slot();
    var fallback = plan.fallback().filter(f -> areCounting(name)).map(f -> port + f.slot());
    var declaration =
        cluster.json(
            loading
                .map(l -> Loads.declaration(spec, at, fallback, l))
                .orElseGet(
                    () ->
                        Workloads.declaration(
                            spec,
                            at,
                            fallback,
                            nodes.stream().map(n -> n.getMetadata().getName()).toList())));
    try {
      var present = known().get(name);
      if (present == null
          || !Difference.covers(present, declaration)
          || !Difference.covers(declaration, present)) {
        declarations.declare(name, declaration);
        LOG.info("Members call service {} at {}", name, declaration.path("url").asText());
        remember(name, declaration);
      }
      return Says.yes("Declared", "Told", "members call it at " + declaration.path("url").asText());
    } catch (Runtime.Refused e) {
      return Says.no("Declared", "Refused", String.valueOf(e.getMessage()));
    }
  }

  /** Members of an earlier release count no calls, and refuse a declaration with a fallback. */
  private boolean areCounting(String name) {
    return declarations.callers(name).values().stream().noneMatch(c -> c.calls().isEmpty());
  }

  /** What is declared, as it was last seen; asked for if that was never. */
  private synchronized Map<String, JsonNode> known() {
    if (declared.isEmpty()) declared = Optional.of(declarations.declared());
    return declared.orElse(Map.of());
  }

  private synchronized void remember(String name, JsonNode declaration) {
    var all = new HashMap<>(declared.orElse(Map.of()));
    all.put(name, declaration);
    declared = Optional.of(all);
  }
}
