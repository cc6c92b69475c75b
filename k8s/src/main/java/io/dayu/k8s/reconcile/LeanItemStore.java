package io.dayu.k8s.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.informers.cache.BasicItemStore;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import java.util.List;
import java.util.TreeMap;

/**
 * Keeps of each object what somebody may read, since most of what the API server sends is for
 * others: who has set which field, which images a node has, how a container is probed. An object
 * may be written back without it: the API server takes an absent list of managers for the present
 * one, and a state only where it is written by itself.
 */
final class LeanItemStore<T extends HasMetadata> extends BasicItemStore<T> {
  /** What kubectl keeps for itself; on objects that the operator never writes. */
  private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

  LeanItemStore() {
    super(Cache::metaNamespaceKeyFunc);
  }

  @Override
  public T put(String key, T object) {
    reduce(object);
    return super.put(key, object);
  }

  private static void reduce(HasMetadata object) {
    object.getMetadata().setManagedFields(List.of());
    if (object instanceof Node node) reduce(node);
    else if (object instanceof Pod pod) reduce(pod);
    else if (object instanceof ControllerRevision revision) revision.setData(null); // a template
    else if (object instanceof Deployment deployment && deployment.getStatus() != null)
      deployment.getStatus().setConditions(List.of());
  }

  private static void reduce(Node node) {
    withoutLastApplied(node);
    var status = node.getStatus();
    if (status == null) return;
    status.setImages(List.of());
    status.setVolumesAttached(List.of());
    status.setVolumesInUse(List.of());
  }

  /**
   * What its containers are to be stands in the Deployment or DaemonSet that it is made from. Until
   * it is on a node, its affinity says on which it is to be.
   */
  private static void reduce(Pod pod) {
    withoutLastApplied(pod);
    var spec = pod.getSpec();
    if (spec == null) return;
    var node = spec.getNodeName();
    pod.setSpec(
        node == null
            ? new PodSpecBuilder().withAffinity(spec.getAffinity()).build()
            : new PodSpecBuilder().withNodeName(node).build());
  }

  private static void withoutLastApplied(HasMetadata object) {
    var annotations = object.getMetadata().getAnnotations();
    if (annotations == null || !annotations.containsKey(LAST_APPLIED)) return;
    var fewer = new TreeMap<>(annotations);
    fewer.remove(LAST_APPLIED);
    object.getMetadata().setAnnotations(fewer);
  }
}
