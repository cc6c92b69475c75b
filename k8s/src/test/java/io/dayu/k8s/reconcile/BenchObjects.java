package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.k8s.crd.StageServiceSpec;
import io.dayu.k8s.desired.Nodes;
import io.fabric8.kubernetes.api.model.ContainerImage;
import io.fabric8.kubernetes.api.model.ContainerImageBuilder;
import io.fabric8.kubernetes.api.model.FieldsV1;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntryBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Objects as large as those of real clusters. */
final class BenchObjects {
  /** As many as the kubelet tells of. */
  private static final int IMAGES = 50;

  private static final List<String> CONDITIONS =
      List.of("NetworkUnavailable", "MemoryPressure", "DiskPressure", "PIDPressure");

  private BenchObjects() {}

  static ObjectMeta named(String name, String namespace) {
    return new ObjectMetaBuilder().withName(name).withNamespace(namespace).build();
  }

  /** The first three are cloud nodes. */
  static Node node(int i) {
    var address = "198.51." + i / 250 + "." + i % 250;
    var bare = i < 3 ? Nodes.cloud("cloud-" + i, address) : Nodes.edge("edge-" + i, address);
    var labels = new HashMap<>(bare.getMetadata().getLabels());
    labels.putAll(
        Map.of(
            "beta.kubernetes.io/arch", "arm64",
            "beta.kubernetes.io/os", "linux",
            "kubernetes.io/arch", "arm64",
            "kubernetes.io/os", "linux",
            "site", "site-" + i / 5));
    var node =
        new NodeBuilder(bare)
            .editMetadata()
            .withLabels(labels)
            .addToAnnotations("node.alpha.kubernetes.io/ttl", "0")
            .addToAnnotations("volumes.kubernetes.io/controller-managed-attach-detach", "true")
            .withManagedFields(managers(2, 60))
            .endMetadata()
            .editStatus()
            .withImages(images())
            .withCapacity(quantities())
            .withAllocatable(quantities())
            .withNewNodeInfo()
            .withArchitecture("arm64")
            .withKernelVersion("5.15.0-1053-raspi")
            .withKubeletVersion("v1.28.6-kubeedge-v1.17.0")
            .withContainerRuntimeVersion("containerd://1.7.22")
            .withOsImage("Ubuntu 22.04.5 LTS")
            .withMachineID("0123456789abcdef0123456789abcdef")
            .withSystemUUID("0123456789abcdef0123456789abcdef")
            .endNodeInfo()
            .endStatus()
            .build();
    for (var type : CONDITIONS)
      node.getStatus()
          .getConditions()
          .add(
              new io.fabric8.kubernetes.api.model.NodeConditionBuilder()
                  .withType(type)
                  .withStatus("False")
                  .withReason("KubeletHasSufficientWhatItNeeds")
                  .withMessage("kubelet has sufficient of what it needs available")
                  .withLastHeartbeatTime("2026-01-01T00:00:00Z")
                  .withLastTransitionTime("2026-01-01T00:00:00Z")
                  .build());
    return node;
  }

  static JsonNode pipeline() {
    return new KubernetesSerialization()
        .unmarshal(
            """
            ---
            sources:
              - {name: a, uri: 'rtsp://192.0.2.7:8554/crossing', node: edge-3, rate: 10}
            stages:
              - {id: detect, type: detect-objects, from: [a], params: {threshold: 0.5, labels: [car, bus]}}
              - {id: track, type: track, from: [detect]}
              - {id: count, type: count, from: [track], params: {line: [[0, 0.5], [1, 0.5]]}}
            policy: {name: least-loaded, params: {hysteresis: 0.2}}
            """,
            JsonNode.class);
  }

  /** Each on one node. */
  static StageServiceResource service(int i, int nodes, String namespace) {
    var service = new StageServiceResource();
    service.setMetadata(named("s-" + i, namespace));
    service.setSpec(
        new KubernetesSerialization()
            .unmarshal(
                """
                ---
                image: registry.example/team/count-above:1.2.%d
                placement: {nodes: [edge-%d]}
                parameters: {MODEL: small, THRESHOLD: '0.5'}
                mounts:
                  - {path: /models, envName: MODELS, readOnly: true, host: {path: /data/models, type: Directory}}
                resources: {requests: {cpu: 250m, memory: 256Mi}, limits: {memory: 1Gi}}
                health: {path: /healthz}
                """
                    .formatted(i, 3 + i % Math.max(1, nodes - 3)),
                StageServiceSpec.class));
    return service;
  }

  /** Who has set which field: most of what an object of a real cluster weighs. */
  static List<ManagedFieldsEntry> managers(int number, int fields) {
    var all = new ArrayList<ManagedFieldsEntry>();
    for (int m = 0; m < number; m++) {
      var set = new LinkedHashMap<String, Object>();
      for (int f = 0; f < fields; f++) set.put("f:field-" + f, Map.of());
      var owned = new FieldsV1();
      owned.setAdditionalProperty("f:metadata", set);
      all.add(
          new ManagedFieldsEntryBuilder()
              .withManager("manager-" + m)
              .withOperation("Update")
              .withApiVersion("v1")
              .withFieldsType("FieldsV1")
              .withTime("2026-01-01T00:00:00Z")
              .withFieldsV1(owned)
              .build());
    }
    return all;
  }

  private static List<ContainerImage> images() {
    var images = new ArrayList<ContainerImage>();
    for (int i = 0; i < IMAGES; i++) {
      var name = "registry.example/team/image-" + i;
      images.add(
          new ContainerImageBuilder()
              .withNames(
                  name + "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                  name + ":1.2.3")
              .withSizeBytes(123_456_789L + i)
              .build());
    }
    return images;
  }

  private static Map<String, Quantity> quantities() {
    return Map.of(
        "cpu", new Quantity("4"),
        "memory", new Quantity("7998656Ki"),
        "pods", new Quantity("110"),
        "ephemeral-storage", new Quantity("61255492Ki"));
  }
}
