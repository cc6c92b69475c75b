package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.k8s.desired.Difference;
import io.dayu.k8s.desired.Workloads;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is there, read from caches that watches keep, and the way to change it: nothing is written
 * that is there already. A cache may be behind what was just written; the API server then says so,
 * and the object is read from it. Safe for any thread.
 */
final class Cluster implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Cluster.class);
  private static final int CONFLICT = 409;
  private static final int ABSENT = 404;
  private static final int FORBIDDEN = 403;
  private static final int DELETIONS = 5;

  /**
   * So many objects are read at once: before they are reduced to what is kept, and while they are
   * text, they are many times as large, and what a collector has moved to its old generation stays.
   */
  private static final long PAGE = 50;

  /** So often a kind is seen without a watch before it is said. */
  private static final int UNWATCHED = 10;

  private static final String CANNOT_WATCH =
      "{} cannot be watched ({}); tried again. The operator may need the right to get, list and watch them,"
          + " or their definition (k8s/base/crds)";

  /** What is said of the server as a whole, and not of a kind. */
  private static final String SERVER = "the API server";

  private final KubernetesClient client;
  private final String namespace;
  private final BiConsumer<String, String> wrote;
  private final Map<Class<? extends HasMetadata>, SharedIndexInformer<? extends HasMetadata>>
      informers = new ConcurrentHashMap<>();
  private final Set<Class<?>> clusterScoped = new HashSet<>();
  private final AtomicLong writes = new AtomicLong();
  private final Map<Class<?>, Integer> looks = new ConcurrentHashMap<>();
  private final Set<String> refused = ConcurrentHashMap.newKeySet();

  /**
   * @param wrote is told of each write: its verb, and the plural of its kind
   */
  Cluster(KubernetesClient client, String namespace, BiConsumer<String, String> wrote) {
    this.client = client;
    this.namespace = namespace;
    this.wrote = wrote;
  }

  /** The same, and nobody counts. */
  Cluster(KubernetesClient client, String namespace) {
    this(client, namespace, (verb, kind) -> {});
  }

  String namespace() {
    return namespace;
  }

  /** How often something was created, changed or deleted. */
  long writes() {
    return writes.get();
  }

  /**
   * Begins to watch a kind; {@code changed} is told of what comes, changes and goes. What may not
   * be watched, or is not known to the API server, is tried again for as long as it takes.
   *
   * @param labels that an object must have to be seen
   */
  <T extends HasMetadata> void watch(
      Class<T> kind, boolean ofCluster, Map<String, String> labels, Consumer<T> changed) {
    watch(kind, ofCluster, labels, (before, now) -> changed.accept(now));
  }

  /** The same; {@code changed} is told how the object was, if it was there and still is. */
  <T extends HasMetadata> void watch(
      Class<T> kind,
      boolean ofCluster,
      Map<String, String> labels,
      BiConsumer<@Nullable T, T> changed) {
    if (ofCluster) clusterScoped.add(kind);
    var all = client.resources(kind);
    var informer =
        ofCluster
            ? all.withLabels(labels).withLimit(PAGE).runnableInformer(0)
            : all.inNamespace(namespace).withLabels(labels).withLimit(PAGE).runnableInformer(0);
    informer.itemStore(new LeanItemStore<>());
    informer.addIndexers(Map.of(Workloads.SERVICE, Cluster::services));
    informers.put(kind, informer);
    informer.addEventHandler(
        new ResourceEventHandler<T>() {
          @Override
          public void onAdd(T object) {
            changed.accept(null, object);
          }

          @Override
          public void onUpdate(T before, T object) {
            changed.accept(before, object);
          }

          @Override
          public void onDelete(T object, boolean unknown) {
            changed.accept(null, object);
          }
        });
    informer.exceptionHandler(
        (started, thrown) -> {
          cannotWatch(HasMetadata.getPlural(kind), thrown);
          return true;
        });
    var ignored = informer.start();
  }

  /**
   * Says of what could not be watched that it is again, and of what is not any more, while others
   * are, that it is not: the client tries a watch that has ended again without a word.
   */
  void lookAgain() {
    var unwatched =
        informers.keySet().stream().filter(k -> !isWatched(k)).collect(Collectors.toSet());
    // Most of them end together when the server is away, and come back one by one.
    boolean serverIsThere = unwatched.size() * 2 < informers.size();
    if (!serverIsThere) looks.clear();
    for (var kind : informers.keySet()) {
      var plural = HasMetadata.getPlural(kind);
      if (!unwatched.contains(kind)) {
        looks.remove(kind);
        if (refused.remove(plural)) LOG.info("{} are watched again", plural);
      } else if (knows(kind)
          && serverIsThere
          && looks.merge(kind, 1, Integer::sum) >= UNWATCHED
          && refused.add(plural)) LOG.warn(CANNOT_WATCH, plural, "its watch has ended");
    }
    if (unwatched.stream().map(HasMetadata::getPlural).allMatch(refused::contains)
        && refused.remove(SERVER)) LOG.info("The API server answers again");
  }

  /** By the plural of its kind, whether each watch is there. */
  Map<String, Boolean> watches() {
    return informers.keySet().stream()
        .collect(Collectors.toMap(HasMetadata::getPlural, this::isWatched));
  }

  private boolean isWatched(Class<?> kind) {
    try {
      var informer = informers.get(kind);
      return informer != null && informer.isWatching();
    } catch (NullPointerException e) {
      return false; // the client throws it for one that was closed just now
    }
  }

  /** Says once that the API server does not answer, or has too much to do. */
  void silent(Throwable thrown) {
    if (refused.add(SERVER))
      LOG.warn(
          "The API server does not answer ({}); tried again. Nothing ends, and states on resources are old"
              + " until it does",
          words(thrown));
    else LOG.debug("The API server does not answer ({})", words(thrown));
  }

  private void cannotWatch(String plural, Throwable thrown) {
    int code = answer(thrown).map(KubernetesClientException::getCode).orElse(0);
    if (code != FORBIDDEN && code != ABSENT) silent(thrown);
    else if (refused.add(plural)) LOG.warn(CANNOT_WATCH, plural, words(thrown));
  }

  /** Whether all of a kind have been seen, so that what is not in the cache does not exist. */
  boolean knows(Class<?>... kinds) {
    for (var kind : kinds) {
      var informer = informers.get(kind);
      if (informer == null || !informer.hasSynced()) return false;
    }
    return true;
  }

  /** The same of all that are watched. */
  boolean knowsAll() {
    return informers.values().stream().allMatch(SharedIndexInformer::hasSynced);
  }

  <T extends HasMetadata> Optional<T> get(Class<T> kind, String name) {
    var key = clusterScoped.contains(kind) ? name : namespace + "/" + name;
    return Optional.ofNullable(informer(kind).getIndexer().getByKey(key));
  }

  <T extends HasMetadata> List<T> list(Class<T> kind) {
    return informer(kind).getIndexer().list();
  }

  /** Those of a StageService, by their label. */
  <T extends HasMetadata> List<T> listOf(String service, Class<T> kind) {
    return informer(kind).getIndexer().byIndex(Workloads.SERVICE, service);
  }

  private static List<String> services(HasMetadata object) {
    var labels = object.getMetadata().getLabels();
    var service = labels == null ? null : labels.get(Workloads.SERVICE);
    return service == null ? List.of() : List.of(service);
  }

  /** Creates or changes an object so that it is as wanted; false if it was already. */
  @CanIgnoreReturnValue
  <T extends HasMetadata> boolean apply(Class<T> kind, T wanted) {
    var name = wanted.getMetadata().getName();
    var present = get(kind, name);
    if (present.isEmpty()) {
      try {
        client.resource(wanted).create();
        count("create", wanted);
        return true;
      } catch (KubernetesClientException e) {
        if (e.getCode() != CONFLICT) {
          count("create", wanted);
          throw e;
        }
        // Somebody else's, without our labels, or ours and not yet in the cache.
        present = Optional.ofNullable(client.resource(wanted).get());
        if (present.isEmpty()) throw e;
      }
    }
    var is = json(present.get());
    var should = json(wanted);
    ((ObjectNode) should).remove("status");
    if (Difference.covers(is, should)) return false;
    var merged = serialization().convertValue(Difference.merge(is, should), kind);
    count("update", merged);
    client.resource(merged).update();
    return true;
  }

  /** Writes an object that was read and changed; fails with a conflict if it is not the newest. */
  <T extends HasMetadata> void update(T changed) {
    count("update", changed);
    client.resource(changed).update();
  }

  /** Writes the status of an object that was read and changed. */
  <T extends HasMetadata> void updateStatus(T changed) {
    count("update", changed);
    client.resource(changed).updateStatus();
  }

  /**
   * Deletes this object; that it is gone already is fine. One of its name that was made since it
   * was read stays: a watch tells of it, and then it is looked at.
   */
  void delete(HasMetadata object) {
    var uid = object.getMetadata().getUid();
    var present = object;
    count("delete", object);
    for (int tries = 1; ; tries++) {
      try {
        // The client can name a version as a precondition, but no uid.
        client.resource(present).lockResourceVersion().delete();
        return;
      } catch (KubernetesClientException e) {
        if (e.getCode() == ABSENT) return;
        if (e.getCode() != CONFLICT || tries == DELETIONS) throw e;
      }
      present = client.resource(object).get();
      if (present == null || !Objects.equals(uid, present.getMetadata().getUid())) return;
    }
  }

  /**
   * Tells about an object where {@code kubectl describe} shows it; that it cannot be told is no
   * failure.
   */
  void tell(HasMetadata about, boolean warning, String reason, String message) {
    var now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    var event =
        new EventBuilder()
            .withNewMetadata()
            .withGenerateName(about.getMetadata().getName() + ".")
            .withName(about.getMetadata().getName() + "." + Long.toHexString(System.nanoTime()))
            .withNamespace(namespace)
            .endMetadata()
            .withInvolvedObject(
                new ObjectReferenceBuilder()
                    .withApiVersion(about.getApiVersion())
                    .withKind(about.getKind())
                    .withName(about.getMetadata().getName())
                    .withNamespace(about.getMetadata().getNamespace())
                    .withUid(about.getMetadata().getUid())
                    .build())
            .withType(warning ? "Warning" : "Normal")
            .withReason(reason)
            .withMessage(message.length() <= 1000 ? message : message.substring(0, 999) + "…")
            .withFirstTimestamp(now)
            .withLastTimestamp(now)
            .withCount(1)
            .withNewSource()
            .withComponent("dayu-operator")
            .endSource()
            .build();
    try {
      count("create", event);
      client.resource(event).create();
    } catch (KubernetesClientException e) {
      if (refused.add("events"))
        LOG.warn("Events cannot be written ({}); states are on the resources", words(e));
    }
  }

  private void count(String verb, HasMetadata object) {
    writes.incrementAndGet();
    wrote.accept(verb, HasMetadata.getPlural(object.getClass()));
  }

  JsonNode json(Object object) {
    return serialization().convertValue(object, JsonNode.class);
  }

  /** A copy that may be changed; what a cache gives may not. */
  <T extends HasMetadata> T copy(T object) {
    return serialization().clone(object);
  }

  @Override
  public void close() {
    informers.values().forEach(SharedIndexInformer::close);
  }

  /** What the API server said, or why it said nothing. */
  static String words(Throwable thrown) {
    var status = answer(thrown).map(KubernetesClientException::getStatus);
    if (status.isPresent()) return String.valueOf(status.get().getMessage());
    var first = thrown;
    while (first.getCause() != null) first = first.getCause();
    return first.getMessage() == null ? first.getClass().getSimpleName() : first.getMessage();
  }

  /**
   * Whether the API server took what was sent, and will not have it: for a lack of rights, or as
   * wrong.
   */
  static boolean isRefusal(KubernetesClientException e) {
    return e.getCode() == FORBIDDEN || e.getCode() == 400 || e.getCode() == 422;
  }

  private static Optional<KubernetesClientException> answer(Throwable thrown) {
    for (Throwable t = thrown; t != null; t = t.getCause())
      if (t instanceof KubernetesClientException e && e.getCode() > 0) return Optional.of(e);
    return Optional.empty();
  }

  private KubernetesSerialization serialization() {
    return client.getKubernetesSerialization();
  }

  @SuppressWarnings("unchecked") // each is put under the class of its objects
  private <T extends HasMetadata> SharedIndexInformer<T> informer(Class<T> kind) {
    var informer = informers.get(kind);
    if (informer == null) throw new IllegalStateException(kind + " is not watched");
    return (SharedIndexInformer<T>) informer;
  }
}
