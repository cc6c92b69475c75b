package io.dayu.k8s.desired;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Map;

/** By what the operator's objects are known. */
public final class Labels {
  public static final String PART_OF = "app.kubernetes.io/part-of";
  public static final String MANAGED_BY = "app.kubernetes.io/managed-by";
  public static final String COMPONENT = "app.kubernetes.io/component";

  /** What the operator selects of the objects it has made. */
  public static final Map<String, String> OURS = Map.of(MANAGED_BY, "dayu-operator");

  /** What the operator selects of the objects that the manifests make. */
  public static final Map<String, String> INSTALLED = Map.of(PART_OF, "dayu");

  public static final String CLOUD = "node-cloud";
  public static final String EDGE = "node-edge";

  /** On a Node: {@code false} keeps Dayu's Service away from it. */
  public static final String MEMBER = "dayu.io/member";

  /** On a Node: {@code true} has roll-outs leave its member alone. */
  public static final String HOLD = "dayu.io/hold";

  /**
   * On what belongs to a Kubernetes node: its name. An annotation, as it may be too long for a
   * label.
   */
  public static final String NODE = "dayu.io/node";

  private Labels() {}

  /** What an object has as this label; empty without it. */
  public static String of(HasMetadata object, String name) {
    var labels = object.getMetadata().getLabels();
    return labels == null ? "" : labels.getOrDefault(name, "");
  }

  /** The Kubernetes node that an object belongs to; empty if it belongs to none. */
  public static String node(HasMetadata object) {
    var annotations = object.getMetadata().getAnnotations();
    return annotations == null ? "" : annotations.getOrDefault(NODE, "");
  }

  static Map<String, String> made() {
    return Map.of(PART_OF, "dayu", MANAGED_BY, "dayu-operator");
  }
}
