package io.dayu.k8s.crd;

import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Version;

/** A service in containers beside the members of some nodes. */
@Group(Dayu.GROUP)
@Version(Dayu.VERSION)
@Kind("StageService")
@Plural("stageservices")
public final class StageServiceResource extends CustomResource<StageServiceSpec, StageServiceStatus>
    implements Namespaced {
  private static final long serialVersionUID = 1;

  @Override
  protected StageServiceStatus initStatus() {
    return StageServiceStatus.NONE;
  }
}
