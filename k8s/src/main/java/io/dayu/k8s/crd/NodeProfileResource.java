package io.dayu.k8s.crd;

import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Version;

/** Settings of the members on some nodes. */
@Group(Dayu.GROUP)
@Version(Dayu.VERSION)
@Kind("NodeProfile")
@Plural("nodeprofiles")
public final class NodeProfileResource extends CustomResource<NodeProfileSpec, NodeProfileStatus>
    implements Namespaced {
  private static final long serialVersionUID = 1;

  @Override
  protected NodeProfileStatus initStatus() {
    return NodeProfileStatus.NONE;
  }
}
