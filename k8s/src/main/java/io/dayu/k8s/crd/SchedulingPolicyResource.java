package io.dayu.k8s.crd;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Version;

/** A policy with its parameters, for several Pipelines: {@code name}, {@code params}. */
@Group(Dayu.GROUP)
@Version(Dayu.VERSION)
@Kind("SchedulingPolicy")
@Plural("schedulingpolicies")
public final class SchedulingPolicyResource extends CustomResource<JsonNode, Void>
    implements Namespaced {
  private static final long serialVersionUID = 1;

  @Override
  protected JsonNode initSpec() {
    return NullNode.getInstance();
  }
}
