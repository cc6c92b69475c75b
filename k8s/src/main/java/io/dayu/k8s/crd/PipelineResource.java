package io.dayu.k8s.crd;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Version;

/** A pipeline; its spec is that of the document that the API takes, read by the runtime alone. */
@Group(Dayu.GROUP)
@Version(Dayu.VERSION)
@Kind("Pipeline")
@Plural("pipelines")
public final class PipelineResource extends CustomResource<JsonNode, PipelineStatus>
    implements Namespaced {
  private static final long serialVersionUID = 1;

  @Override
  protected JsonNode initSpec() {
    return NullNode.getInstance();
  }

  @Override
  protected PipelineStatus initStatus() {
    return PipelineStatus.NONE;
  }
}
