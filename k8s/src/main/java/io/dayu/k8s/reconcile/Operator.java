package io.dayu.k8s.reconcile;

import io.dayu.k8s.crd.DataSourceResource;
import io.dayu.k8s.crd.MemberRollOutResource;
import io.dayu.k8s.crd.NodeProfileResource;
import io.dayu.k8s.crd.PipelineResource;
import io.dayu.k8s.crd.SchedulingPolicyResource;
import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.desired.Eligibility;
import io.dayu.k8s.desired.Labels;
import io.dayu.k8s.desired.Members;
import io.dayu.k8s.desired.NodeProfiles;
import io.dayu.k8s.desired.Workloads;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a Kubernetes cluster as the resources say, for one namespace: to be run by one process at a
 * time, see {@link Leadership}. It is told of changes by watches and looks at everything when it
 * starts, so it may be stopped at any point and started anywhere.
 */
public final class Operator implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Operator.class);

  /** Until everything was seen once. */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(200);

  private static final String PIPELINES = "pipelines";
  private static final String SERVICES = "services";

  /** All members are one piece of work where what is done for one depends on the others. */
  private static final String MEMBERS = "members";

  private enum Kind {
    NODE,
    SEEDS,
    PROFILES,
    ROLL_OUT,
    PIPELINE,
    SERVICE,
    /** Has each service looked at: once for all nodes that come together, as at the start. */
    SERVICES,
    /** Looks at what the runtime does. */
    POLL;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private record Key(Kind kind, String name) {
    @Override
    public String toString() {
      return kind.word() + " " + name;
    }
  }

  private final Cluster cluster;
  private final WorkQueue<Key> queue;
  private final OperatorMetrics metrics;
  private final MemberReconciler members;
  private final ProfileReconciler profiles;
  private final RollOutReconciler rollOuts;
  private final PipelineReconciler pipelines;
  private final StageServiceReconciler services;
  private final Optional<FirstLook> firstLook;
  private final Duration poll;

  /** What was told of a key and holds for others too, until that key goes well. */
  private final Map<String, Key> complaints = new ConcurrentHashMap<>();

  private Operator(
      KubernetesClient client,
      OperatorSettings settings,
      Runtime runtime,
      Declarations declarations,
      OperatorMetrics metrics) {
    this.metrics = metrics;
    cluster = new Cluster(client, settings.namespace(), metrics::wrote);
    members = new MemberReconciler(cluster, settings, System::nanoTime);
    profiles = new ProfileReconciler(cluster, Clock.systemUTC());
    rollOuts = new RollOutReconciler(cluster, Clock.systemUTC());
    pipelines = new PipelineReconciler(cluster, runtime, Clock.systemUTC());
    services = new StageServiceReconciler(cluster, settings, declarations, Clock.systemUTC());
    poll = settings.poll();
    firstLook = settings.alone() ? Optional.of(new FirstLook()) : Optional.empty();
    queue = new WorkQueue<>(settings.threads(), this::reconcile, this::failed);
  }

  /**
   * Begins; returns at once.
   *
   * @param runtime whose pipelines follow the resources
   * @param declarations by which members are told of services
   * @param metrics in which it is counted what is done
   */
  public static Operator start(
      KubernetesClient client,
      OperatorSettings settings,
      Runtime runtime,
      Declarations declarations,
      OperatorMetrics metrics) {
    var operator = new Operator(client, settings, runtime, declarations, metrics);
    operator.watch();
    return operator;
  }

  /** The same, and nobody asks for its figures. */
  public static Operator start(
      KubernetesClient client,
      OperatorSettings settings,
      Runtime runtime,
      Declarations declarations) {
    return start(client, settings, runtime, declarations, new OperatorMetrics());
  }

  /** How often something was created, changed or deleted since the start. */
  public long writes() {
    return cluster.writes();
  }

  WorkQueue.Waiting waiting() {
    return queue.waiting();
  }

  /** By the plural of its kind, whether each watch is there. */
  Map<String, Boolean> watches() {
    return cluster.watches();
  }

  /** The resources that tell of their state. */
  List<ResourceCount> resources() {
    return List.of(
        ResourceCount.of(
            HasMetadata.getPlural(PipelineResource.class),
            cluster.list(PipelineResource.class).stream()
                .map(p -> p.getStatus().conditions())
                .toList()),
        ResourceCount.of(
            HasMetadata.getPlural(StageServiceResource.class),
            cluster.list(StageServiceResource.class).stream()
                .map(s -> s.getStatus().conditions())
                .toList()));
  }

  /** Whether so many nodes, pipelines and services are known. */
  boolean seen(int number) {
    return cluster.knows(Node.class, PipelineResource.class, StageServiceResource.class)
        && cluster.list(Node.class).size()
                + cluster.list(PipelineResource.class).size()
                + cluster.list(StageServiceResource.class).size()
            == number;
  }

  /**
   * Whether everything that is known has been looked at. That the runtime is looked at from time to
   * time goes on for ever and does not count.
   */
  public boolean idle() {
    return !queue.isBusy(key -> key.kind() != Kind.POLL);
  }

  @Override
  public void close() {
    cluster.close();
    queue.close();
  }

  /** What others look up is watched first. */
  private void watch() {
    cluster.watch(
        StageServiceResource.class,
        false,
        Map.of(),
        s -> add(Kind.SERVICE, s.getMetadata().getName()));
    cluster.watch(Node.class, true, Map.of(), this::nodesChanged);
    cluster.watch(
        PipelineResource.class,
        false,
        Map.of(),
        p -> add(Kind.PIPELINE, p.getMetadata().getName()));
    cluster.watch(
        DaemonSet.class,
        false,
        Labels.INSTALLED,
        changed -> {
          cluster.list(Node.class).forEach(this::changed);
          add(Kind.SEEDS, Members.SEEDS);
          profiles();
          rollOut();
        });
    cluster.watch(
        NodeProfileResource.class,
        false,
        Map.of(),
        p -> {
          profiles();
          add(Kind.SERVICES, MEMBERS);
        });
    cluster.watch(ControllerRevision.class, false, Labels.INSTALLED, r -> rollOut());
    cluster.watch(MemberRollOutResource.class, false, Map.of(), r -> rollOut());
    cluster.watch(Service.class, false, Labels.OURS, s -> node(s.getMetadata().getAnnotations()));
    cluster.watch(Endpoints.class, false, Labels.OURS, e -> node(e.getMetadata().getAnnotations()));
    cluster.watch(ConfigMap.class, false, Labels.OURS, this::mapChanged);
    cluster.watch(
        DataSourceResource.class,
        false,
        Map.of(),
        d ->
            pipelines
                .referring("dataSource", d.getMetadata().getName())
                .forEach(p -> add(Kind.PIPELINE, p)));
    cluster.watch(
        SchedulingPolicyResource.class,
        false,
        Map.of(),
        s ->
            pipelines
                .referring("policyRef", s.getMetadata().getName())
                .forEach(p -> add(Kind.PIPELINE, p)));
    cluster.watch(Deployment.class, false, Labels.OURS, this::serviceOf);
    cluster.watch(
        Pod.class,
        false,
        Labels.INSTALLED,
        pod -> {
          serviceOf(pod);
          rollOut();
        });
    add(Kind.POLL, PIPELINES);
    add(Kind.POLL, SERVICES);
  }

  private void mapChanged(ConfigMap map) {
    if (map.getMetadata().getName().equals(Members.SEEDS)) add(Kind.SEEDS, Members.SEEDS);
    else if (map.getMetadata().getName().equals(NodeProfiles.MAP)) {
      profiles();
      rollOut();
    } else serviceOf(map);
  }

  private void serviceOf(HasMetadata object) {
    var labels = object.getMetadata().getLabels();
    var service = labels == null ? null : labels.get(Workloads.SERVICE);
    if (service != null) add(Kind.SERVICE, service);
  }

  /** A node that comes, goes or turns may be one of any service. */
  private void nodesChanged(@Nullable Node before, Node now) {
    changed(now);
    add(Kind.SEEDS, Members.SEEDS);
    if (before == null
        || Eligibility.ready(before) != Eligibility.ready(now)
        || !Objects.equals(before.getMetadata().getLabels(), now.getMetadata().getLabels())) {
      // Until all are known each waits for that, and need not be told for each of 500 nodes.
      if (cluster.knows(needed(Kind.SERVICE))) add(Kind.SERVICES, MEMBERS);
      profiles();
      rollOut();
    }
  }

  private void services() {
    cluster
        .list(StageServiceResource.class)
        .forEach(s -> add(Kind.SERVICE, s.getMetadata().getName()));
  }

  private void profiles() {
    add(Kind.PROFILES, MEMBERS);
  }

  private void rollOut() {
    add(Kind.ROLL_OUT, MEMBERS);
  }

  private void add(Kind kind, String name) {
    queue.add(new Key(kind, name));
  }

  private void changed(Node node) {
    add(Kind.NODE, node.getMetadata().getName());
  }

  private void node(@Nullable Map<String, String> annotations) {
    var node = annotations == null ? null : annotations.get(Labels.NODE);
    if (node != null) add(Kind.NODE, node);
  }

  private Optional<Duration> reconcile(Key key) {
    if (!cluster.knows(needed(key.kind()))) return Optional.of(LOOK_AGAIN);
    var next = timed(key);
    if (complaints.values().removeIf(key::equals)) LOG.info("{} is as it should be now", key);
    return next;
  }

  private Optional<Duration> timed(Key key) {
    long begun = System.nanoTime();
    var outcome = Outcome.DONE;
    try {
      return work(key);
    } catch (RuntimeException e) {
      outcome = Outcome.of(e);
      throw e;
    } finally {
      metrics.reconciled(
          key.kind().word(), outcome.word(), Duration.ofNanos(System.nanoTime() - begun));
    }
  }

  private Optional<Duration> work(Key key) {
    return switch (key.kind()) {
      case NODE -> members.node(key.name());
      case SEEDS -> members.seeds();
      case PROFILES -> profiles.profiles();
      case ROLL_OUT -> rollOuts.members();
      case PIPELINE -> pipelines.pipeline(key.name());
      case SERVICE -> services.service(key.name());
      case SERVICES -> {
        services();
        yield Optional.empty();
      }
      case POLL -> {
        cluster.lookAgain();
        if (cluster.knowsAll() && idle()) firstLook.ifPresent(FirstLook::isOver);
        if (key.name().equals(PIPELINES)) pipelines.poll(name -> add(Kind.PIPELINE, name));
        else services.poll(name -> add(Kind.SERVICE, name));
        yield Optional.of(poll);
      }
    };
  }

  /**
   * What must have been seen in full: the right to watch one kind may be missing without harm to
   * others.
   */
  private static Class<?>[] needed(Kind kind) {
    return switch (kind) {
      case NODE, SEEDS ->
          new Class<?>[] {
            Node.class, DaemonSet.class, Service.class, Endpoints.class, ConfigMap.class
          };
      case PROFILES ->
          new Class<?>[] {NodeProfileResource.class, Node.class, DaemonSet.class, ConfigMap.class};
      case ROLL_OUT ->
          new Class<?>[] {
            ConfigMap.class,
            Node.class,
            DaemonSet.class,
            ControllerRevision.class,
            Pod.class,
            MemberRollOutResource.class
          };
      case PIPELINE ->
          new Class<?>[] {
            PipelineResource.class, DataSourceResource.class, SchedulingPolicyResource.class
          };
      case SERVICE, SERVICES ->
          new Class<?>[] {
            StageServiceResource.class,
            Node.class,
            DaemonSet.class,
            Deployment.class,
            Pod.class,
            ConfigMap.class
          };
      case POLL -> new Class<?>[] {};
    };
  }

  /**
   * Conflicts happen whenever somebody else writes or deletes; the next try reads what they wrote.
   * A right that is missing is told for one object, and not for each of five hundred.
   */
  private void failed(Key key, RuntimeException thrown) {
    switch (Outcome.of(thrown)) {
      case UNANSWERED -> cluster.silent(thrown);
      case CONFLICT -> LOG.debug("{} was changed meanwhile; looked at again", key);
      case REFUSED -> complain(key, (KubernetesClientException) thrown);
      default -> LOG.error("{} failed; tried again", key, thrown);
    }
  }

  private void complain(Key key, KubernetesClientException e) {
    if (complaints.putIfAbsent(key.kind() + " " + e.getCode() + " " + Outcome.about(e), key)
        == null)
      LOG.warn("{}: {}; tried again. Of others like it nothing is said", key, Cluster.words(e));
    else LOG.debug("{}: {}; tried again", key, Cluster.words(e));
  }
}
