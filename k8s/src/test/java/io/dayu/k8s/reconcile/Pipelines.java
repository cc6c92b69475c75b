package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.k8s.crd.PipelineResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;

/** Pipelines for tests in which it matters little what they do. */
final class Pipelines {
  private Pipelines() {}

  /** One source and one stage of this type; not created yet. */
  static PipelineResource of(String namespace, String name, String type) {
    var pipeline = new PipelineResource();
    pipeline.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace(namespace).build());
    pipeline.setSpec(
        new KubernetesSerialization()
            .unmarshal(
                "---\n{sources: [{name: a, uri: 'x:y'}], stages: [{id: s, type: %s}]}"
                    .formatted(type),
                JsonNode.class));
    return pipeline;
  }
}
