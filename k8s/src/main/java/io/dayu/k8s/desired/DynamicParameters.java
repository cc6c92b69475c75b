package io.dayu.k8s.desired;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.k8s.crd.StageServiceSpec;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Parameters of a service that change while its containers go on. All revisions see them as files
 * that the kubelet writes from one ConfigMap; what does not change is in one of each revision.
 */
public final class DynamicParameters {
  private DynamicParameters() {}

  /** Of a whole service: it has no revision in its name. */
  public static String name(String service) {
    return Workloads.cut(service) + "-dynamic";
  }

  /** Leaves out of a spec what may differ between specs of the same containers. */
  static void removeValues(ObjectNode spec) {
    if (!(spec.path("parameters") instanceof ObjectNode parameters)) return;
    for (var name : spec.path("dynamic")) parameters.remove(name.asText());
  }

  /** What is given when a container starts, and stays. */
  static Map<String, String> fixed(StageServiceSpec spec) {
    var fixed = new TreeMap<>(spec.parameters());
    fixed.keySet().removeAll(spec.dynamic());
    return fixed;
  }

  /**
   * @param earlier the present one, as long as containers of an earlier revision run: that may have
   *     other names
   */
  public static ConfigMap configMap(
      String service,
      String namespace,
      OwnerReference owner,
      StageServiceSpec spec,
      Optional<ConfigMap> earlier) {
    var values = new TreeMap<String, String>();
    earlier.map(ConfigMap::getData).ifPresent(values::putAll);
    spec.dynamic().forEach(name -> values.put(name, spec.parameters().getOrDefault(name, "")));
    var labels = new HashMap<>(Labels.made());
    labels.put(Workloads.SERVICE, service);
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withName(name(service))
        .withNamespace(namespace)
        .withLabels(labels)
        .withOwnerReferences(owner)
        .endMetadata()
        .withData(values)
        .build();
  }

  /**
   * The files of both. One that the revision names and a later one does not is not waited for.
   *
   * @param fixed name of the revision's ConfigMap
   */
  static Volume volume(String volume, String service, StageServiceSpec spec, String fixed) {
    if (spec.dynamic().isEmpty())
      return new VolumeBuilder()
          .withName(volume)
          .withNewConfigMap()
          .withName(fixed)
          .endConfigMap()
          .build();
    return new VolumeBuilder()
        .withName(volume)
        .withNewProjected()
        .addNewSource()
        .withNewConfigMap()
        .withName(fixed)
        .endConfigMap()
        .endSource()
        .addNewSource()
        .withNewConfigMap()
        .withName(name(service))
        .withOptional(true)
        .withItems(
            spec.dynamic().stream().sorted().map(name -> new KeyToPath(name, null, name)).toList())
        .endConfigMap()
        .endSource()
        .endProjected()
        .build();
  }
}
