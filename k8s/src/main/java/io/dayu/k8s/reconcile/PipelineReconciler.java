package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.console.Units;
import io.dayu.k8s.crd.DataSourceResource;
import io.dayu.k8s.crd.Dayu;
import io.dayu.k8s.crd.PipelineResource;
import io.dayu.k8s.crd.PipelineStatus;
import io.dayu.k8s.crd.SchedulingPolicyResource;
import io.dayu.k8s.desired.Conditions;
import io.dayu.k8s.desired.Conditions.Says;
import io.dayu.k8s.desired.PipelineDocuments;
import io.dayu.k8s.desired.PipelineStep;
import io.dayu.k8s.reconcile.Runtime.Seen;
import io.dayu.k8s.reconcile.Runtime.Whole;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the runtime's pipelines as the Pipeline resources say, and tells on the resources what
 * becomes of them. While nothing changes it neither writes nor asks for more than the list of
 * pipelines.
 */
final class PipelineReconciler {
  private static final Logger LOG = LoggerFactory.getLogger(PipelineReconciler.class);
  private static final Duration SOON = Duration.ofSeconds(1);

  /** What is refused now may be right when a node or a service has come. */
  private static final Duration REFUSED_AGAIN = Duration.ofSeconds(30);

  private static final Duration DRAIN = Duration.ofMinutes(1);
  private static final int HISTORY = 10;
  private static final Set<String> WELL = Set.of("running", "completed", "paused", "stopped");

  private final Cluster cluster;
  private final Runtime runtime;
  private final Clock clock;

  /** The list as it was last seen; empty until the runtime has answered. */
  private volatile Optional<Map<String, Seen>> seen = Optional.empty();

  /** Why the runtime cannot be asked, as it was last told; by the one thread that polls. */
  private volatile String unreachable = "";

  PipelineReconciler(Cluster cluster, Runtime runtime, Clock clock) {
    this.cluster = cluster;
    this.runtime = runtime;
    this.clock = clock;
  }

  /** Looks at the list of pipelines and says which ones are not as they were. */
  void poll(Consumer<String> changed) {
    Map<String, Seen> now;
    try {
      now = runtime.pipelines();
      if (!unreachable.isEmpty()) LOG.info("The API answers again");
      unreachable = "";
    } catch (Runtime.Unreachable | Runtime.Refused e) {
      // Pipelines run on without us; resources keep what they last told.
      var words = String.valueOf(e.getMessage());
      if (!unreachable.equals(words))
        LOG.warn("The API cannot be asked for pipelines, which run on: {}", words);
      unreachable = words;
      return;
    }
    if (seen.filter(now::equals).isPresent()) return;
    var before = seen.orElse(Map.of());
    seen = Optional.of(now);
    var names = new TreeSet<>(before.keySet());
    names.addAll(now.keySet());
    for (var name : names)
      if (!Objects.equals(before.get(name), now.get(name))) changed.accept(name);
  }

  /** One Pipeline, which may be gone. */
  Optional<Duration> pipeline(String name) {
    var found = cluster.get(PipelineResource.class, name);
    if (found.isEmpty()) return Optional.empty();
    if (seen.isEmpty()) return Optional.of(SOON);
    var resource = cluster.copy(found.get());
    var resolved =
        PipelineDocuments.resolve(
            name,
            resource.getSpec(),
            ref -> spec(DataSourceResource.class, ref),
            ref -> spec(SchedulingPolicyResource.class, ref));
    if (isAsTold(resource, resolved)) return Optional.empty();
    try {
      return step(resource, resolved, runtime.pipeline(name));
    } catch (Runtime.Unreachable e) {
      // The list says so too, and that is logged once.
      LOG.debug("Pipeline {}: {}", name, e.getMessage());
      return Optional.of(SOON.multipliedBy(2));
    }
  }

  /** Which Pipelines refer to a DataSource or SchedulingPolicy. */
  List<String> referring(String field, String name) {
    return cluster.list(PipelineResource.class).stream()
        .filter(p -> p.getSpec().findValuesAsText(field).contains(name))
        .map(p -> p.getMetadata().getName())
        .toList();
  }

  private <T extends CustomResource<JsonNode, Void>> Optional<JsonNode> spec(
      Class<T> kind, String name) {
    return cluster.get(kind, name).map(CustomResource::getSpec);
  }

  private boolean isAsTold(PipelineResource resource, PipelineDocuments.Resolved resolved) {
    var status = resource.getStatus();
    var now = seen.orElse(Map.of()).get(resource.getMetadata().getName());
    return now != null
        && !resource.isMarkedForDeletion()
        && annotation(resource, Dayu.ROLLBACK_TO).isEmpty()
        && Objects.equals(status.observedGeneration(), resource.getMetadata().getGeneration())
        && Objects.equals(status.version(), now.version())
        && Objects.equals(status.state(), now.state())
        && resolved
            .document()
            .filter(d -> PipelineDocuments.digest(d).equals(status.document()))
            .isPresent();
  }

  private Optional<Duration> step(
      PipelineResource resource, PipelineDocuments.Resolved resolved, Optional<Whole> running) {
    var name = resource.getMetadata().getName();
    var status = resource.getStatus();
    var digest = resolved.document().map(PipelineDocuments::digest);
    var next =
        PipelineStep.next(
            new PipelineStep.Observed(
                resource.hasFinalizer(Dayu.DRAIN),
                deleting(resource),
                drain(resource),
                annotation(resource, Dayu.ROLLBACK_TO),
                annotation(resource, Dayu.ADOPT).filter("true"::equals).isPresent(),
                Optional.ofNullable(status.version()),
                !digest.equals(Optional.ofNullable(status.document())),
                running.map(r -> new PipelineStep.Running(r.version(), r.drained()))));
    if (next instanceof PipelineStep.Claim) {
      claim(resource);
      return Optional.empty();
    }
    if (next instanceof PipelineStep.RollBack to) {
      rollBack(resource, to.to());
      return Optional.empty();
    }
    if (next instanceof PipelineStep.Drain) {
      runtime.drain(name);
      told(
          resource,
          status(
              resource, running, List.of(stopping("Draining", "what is in flight is finished"))));
      return Optional.of(SOON);
    }
    if (next instanceof PipelineStep.Delete) {
      if (running.filter(Whole::drained).isEmpty())
        cluster.tell(
            resource,
            true,
            "NotDrained",
            "what was in flight after %s s is given up".formatted(drain(resource).toSeconds()));
      runtime.delete(name);
      return Optional.of(Duration.ofMillis(200));
    }
    if (next instanceof PipelineStep.Release) {
      resource.removeFinalizer(Dayu.DRAIN);
      cluster.update(resource);
      LOG.info("Pipeline {} is gone", name);
      return Optional.empty();
    }
    if (next instanceof PipelineStep.Nothing) return Optional.empty();
    if (next instanceof PipelineStep.Follow) {
      told(resource, status(resource, running, List.of(accepted(running))));
      return Optional.empty();
    }
    return submit(resource, resolved, running, next);
  }

  /** What cannot be claimed is not begun, since it could not be drained; the resource says why. */
  private void claim(PipelineResource resource) {
    var unclaimed = cluster.copy(resource);
    resource.addFinalizer(Dayu.DRAIN);
    try {
      cluster.update(resource);
    } catch (KubernetesClientException e) {
      if (Cluster.isRefusal(e))
        told(
            unclaimed,
            status(
                unclaimed,
                Optional.empty(),
                List.of(
                    refused(
                        e.getCode() == 403 ? "Forbidden" : "Refused",
                        "the API server does not let the operator set its finalizer: "
                            + Cluster.words(e)))));
      throw e;
    }
  }

  /** Creates, replaces or compares: what needs the document. */
  private Optional<Duration> submit(
      PipelineResource resource,
      PipelineDocuments.Resolved resolved,
      Optional<Whole> running,
      PipelineStep step) {
    var name = resource.getMetadata().getName();
    if (resolved.document().isEmpty()) {
      var missing = String.join("; ", resolved.missing());
      told(
          resource, status(resource, own(resource, running), List.of(refused("Missing", missing))));
      return Optional.of(REFUSED_AGAIN);
    }
    var document = resolved.document().get();
    try {
      long version;
      if (step instanceof PipelineStep.Create) version = runtime.create(document);
      else if (step instanceof PipelineStep.Replace) version = runtime.replace(name, document);
      else if (runtime.changes(name, document)) {
        told(resource, status(resource, Optional.empty(), List.of(taken(name))));
        return Optional.of(REFUSED_AGAIN);
      } else version = running.map(Whole::version).orElse(0L);
      LOG.info("Pipeline {} is version {}", name, version);
      var now = runtime.pipeline(name);
      var status = status(resource, now, List.of(accepted(now)));
      told(
          resource,
          new PipelineStatus(
              status.observedGeneration(),
              status.state(),
              version,
              PipelineDocuments.digest(document),
              status.sources(),
              status.stages(),
              status.policy(),
              status.conditions(),
              history(name)));
      return Optional.empty();
    } catch (Runtime.Refused e) {
      var says =
          e.status() == 409 ? taken(name) : refused("Invalid", String.valueOf(e.getMessage()));
      told(resource, status(resource, own(resource, running), List.of(says)));
      return Optional.of(REFUSED_AGAIN);
    }
  }

  /** A pipeline of the name that is somebody else's is not what the resource tells of. */
  private static Optional<Whole> own(PipelineResource resource, Optional<Whole> running) {
    return resource.getStatus().version() == null ? Optional.empty() : running;
  }

  /** The resource is what holds, so that is where the earlier specification goes. */
  private void rollBack(PipelineResource resource, String to) {
    var name = resource.getMetadata().getName();
    var wanted = version(name, to);
    var document = wanted.flatMap(v -> runtime.version(name, v));
    resource.getMetadata().getAnnotations().remove(Dayu.ROLLBACK_TO);
    document.ifPresent(d -> resource.setSpec(d.path("spec")));
    cluster.update(resource);
    if (document.isPresent())
      cluster.tell(
          resource, false, "RolledBack", "to version " + wanted.map(String::valueOf).orElse(""));
    else
      cluster.tell(
          resource,
          true,
          "NotRolledBack",
          "version \"%s\" is not kept; status.history lists those that are".formatted(to));
  }

  private Optional<Long> version(String name, String text) {
    if (text.equals("previous"))
      return runtime.versions(name).stream().skip(1).map(Runtime.Version::version).findFirst();
    return text.matches("[0-9]{1,18}") ? Optional.of(Long.parseLong(text)) : Optional.empty();
  }

  private List<PipelineStatus.Revision> history(String name) {
    return runtime.versions(name).stream()
        .limit(HISTORY)
        .map(
            v ->
                new PipelineStatus.Revision(
                    v.version(), v.at().orElse(null), v.sources(), v.stages(), v.policy()))
        .toList();
  }

  /** The status as it follows from the pipeline, with what else is to be said. */
  private PipelineStatus status(
      PipelineResource resource, Optional<Whole> running, List<Says> says) {
    var was = resource.getStatus();
    long generation = generation(resource);
    List<Condition> conditions = was.conditions();
    var all = new ArrayList<>(says);
    all.add(running.map(PipelineReconciler::ready).orElseGet(PipelineReconciler::absent));
    all.add(running.map(PipelineReconciler::degraded).orElseGet(PipelineReconciler::notDegraded));
    for (var each : all) conditions = Conditions.with(conditions, each, generation, now());
    return new PipelineStatus(
        generation,
        running.map(Whole::state).orElse(null),
        was.version(),
        was.document(),
        running.map(Whole::sources).orElse(null),
        running.map(Whole::stages).orElse(null),
        running.map(Whole::policy).orElse(null),
        conditions,
        was.history());
  }

  /** Writes the status if it says something new, and events for conditions that have turned. */
  private void told(PipelineResource resource, PipelineStatus status) {
    var was = resource.getStatus();
    if (cluster.json(was).equals(cluster.json(status))) return;
    resource.setStatus(status);
    cluster.updateStatus(resource);
    for (var c : status.conditions()) {
      var before = Conditions.find(was.conditions(), c.getType());
      boolean turned =
          before
              .filter(
                  b -> b.getStatus().equals(c.getStatus()) && b.getReason().equals(c.getReason()))
              .isEmpty();
      boolean bad =
          c.getType().equals("Degraded")
              ? c.getStatus().equals("True")
              : c.getType().equals("Accepted") && c.getStatus().equals("False");
      // That it is not degraded is news only after it was.
      if (turned && (bad || before.isPresent() && !c.getType().equals("Ready")))
        cluster.tell(resource, bad, c.getReason(), c.getMessage());
    }
  }

  private static Says accepted(Optional<Whole> running) {
    return Says.yes(
        "Accepted",
        "Verified",
        "the runtime has taken the specification"
            + running.map(r -> "").orElse(" and is about to start it"));
  }

  private static Says refused(String reason, String message) {
    return Says.no("Accepted", reason, message);
  }

  private static Says taken(String name) {
    return Says.no(
        "Accepted",
        "NameTaken",
        ("a pipeline named %s that came over the API runs and does something else; delete it (./dayu pipeline"
                + " delete %s), choose another name, or let this resource take it over with the annotation"
                + " %s: \"true\"")
            .formatted(name, name, Dayu.ADOPT));
  }

  private static Says stopping(String reason, String message) {
    return Says.yes("Stopping", reason, message);
  }

  private static Says ready(Whole running) {
    var state = running.state();
    var reason = Character.toUpperCase(state.charAt(0)) + state.substring(1);
    return WELL.contains(state)
        ? Says.yes("Ready", reason, "it is " + state)
        : Says.no("Ready", reason, "it is " + state);
  }

  private static Says absent() {
    return Says.no("Ready", "Absent", "there is no pipeline of this resource");
  }

  private static Says degraded(Whole running) {
    boolean bad = running.state().equals("degraded") || running.state().equals("failed");
    if (!bad) return notDegraded();
    var problems =
        running.problems().isEmpty()
            ? "see ./dayu pipeline show"
            : String.join("\n", running.problems());
    return Says.yes("Degraded", running.state().equals("failed") ? "Failed" : "Problems", problems);
  }

  private static Says notDegraded() {
    return Says.no("Degraded", "AsExpected", "nothing is known to be wrong");
  }

  private Optional<Duration> deleting(HasMetadata resource) {
    return Optional.ofNullable(resource.getMetadata().getDeletionTimestamp())
        .map(at -> Duration.between(Instant.parse(at), now()));
  }

  private Duration drain(HasMetadata resource) {
    try {
      return annotation(resource, Dayu.DRAIN_TIMEOUT).map(Units::duration).orElse(DRAIN);
    } catch (IllegalArgumentException e) {
      return DRAIN;
    }
  }

  private static Optional<String> annotation(HasMetadata resource, String name) {
    @Nullable Map<String, String> annotations = resource.getMetadata().getAnnotations();
    return annotations == null ? Optional.empty() : Optional.ofNullable(annotations.get(name));
  }

  private static long generation(HasMetadata resource) {
    var generation = resource.getMetadata().getGeneration();
    return generation == null ? 0 : generation;
  }

  private Instant now() {
    return clock.instant();
  }
}
