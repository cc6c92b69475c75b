package io.dayu.k8s.crd;

import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Version;

/** How members come to the newest template; there is one of the name of each kind of members. */
@Group(Dayu.GROUP)
@Version(Dayu.VERSION)
@Kind("MemberRollOut")
@Plural("memberrollouts")
public final class MemberRollOutResource
    extends CustomResource<MemberRollOutSpec, MemberRollOutStatus> implements Namespaced {
  private static final long serialVersionUID = 1;

  public static final String CLOUD = "cloud";
  public static final String EDGE = "edge";

  @Override
  protected MemberRollOutSpec initSpec() {
    return MemberRollOutSpec.USUAL;
  }

  @Override
  protected MemberRollOutStatus initStatus() {
    return MemberRollOutStatus.NONE;
  }
}
