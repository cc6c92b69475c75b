package io.dayu.k8s.crd;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Version;

/** A source that several Pipelines read: {@code uri}, {@code node}, {@code shed}, {@code knobs}. */
@Group(Dayu.GROUP)
@Version(Dayu.VERSION)
@Kind("DataSource")
@Plural("datasources")
public final class DataSourceResource extends CustomResource<JsonNode, Void> implements Namespaced {
  private static final long serialVersionUID = 1;

  @Override
  protected JsonNode initSpec() {
    return NullNode.getInstance();
  }
}
