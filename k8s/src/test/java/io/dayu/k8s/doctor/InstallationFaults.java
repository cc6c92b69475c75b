package io.dayu.k8s.doctor;

import static io.dayu.k8s.doctor.Fault.hint;
import static io.dayu.k8s.doctor.Fault.problem;
import static io.dayu.k8s.doctor.Healthy.NAMESPACE;

import io.dayu.facts.NodeReport.Role;
import io.dayu.k8s.crd.MemberRollOutResource;
import io.dayu.k8s.crd.MemberRollOutSpec;
import io.dayu.k8s.crd.MemberRollOutStatus;
import io.dayu.k8s.crd.NodeProfileResource;
import io.dayu.k8s.crd.PipelineResource;
import io.dayu.k8s.crd.StageServiceResource;
import io.dayu.keys.Authority;
import io.dayu.keys.Holder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Of Secrets, the operator and its resources. */
final class InstallationFaults {
  private InstallationFaults() {}

  static List<Fault> secrets() {
    var edge1 = new Holder("edge-1", Role.EDGE);
    return List.of(
        problem("Secret dayu-tokens", "is missing", c -> c.remove(Secret.class, "dayu-tokens")),
        problem(
            "Secret dayu-keys-edge-1",
            "is missing",
            c -> c.remove(Secret.class, "dayu-keys-edge-1")),
        problem(
            "tokens dayu-tokens",
            "role:sha256",
            c ->
                c.replace(
                    Healthy.secret("dayu-tokens", Map.of("DAYU_HTTP_TOKENS", "write:secret")))),
        problem(
            "tokens dayu-tokens",
            "has no DAYU_HTTP_TOKENS",
            c -> c.replace(Healthy.secret("dayu-tokens", Map.of("TOKENS", "write:secret")))),
        problem("key dayu-keys-edge-1", "has no tls.crt", key(s -> s.getData().remove("tls.crt"))),
        problem(
            "key dayu-keys-edge-1",
            "PKCS#8",
            key(s -> s.getData().put("tls.key", s.getData().get("tls.crt")))),
        problem(
            "key dayu-keys-edge-1",
            "has no certificate",
            key(s -> s.getData().put("tls.crt", s.getData().get("tls.key")))),
        problem(
            "key dayu-keys-edge-1",
            "is the key of edge-2.edge.dayu.internal",
            made(new Holder("edge-2", Role.EDGE), Duration.ZERO, Duration.ofDays(365))),
        problem(
            "key dayu-keys-edge-1",
            "has expired",
            made(edge1, Duration.ofDays(-30), Duration.ofDays(1))),
        problem(
            "key dayu-keys-edge-1",
            "is valid only from",
            made(edge1, Duration.ofDays(3), Duration.ofDays(9))),
        hint("key dayu-keys-edge-1", "expires at", made(edge1, Duration.ZERO, Duration.ofDays(5))),
        problem(
            "key dayu-keys-edge-1",
            "not of the authority",
            c -> {
              made(edge1, Duration.ZERO, Duration.ofDays(365)).in(c);
              var other =
                  c.client().secrets().inNamespace(NAMESPACE).withName("dayu-keys-edge-2").get();
              var mine =
                  c.client().secrets().inNamespace(NAMESPACE).withName("dayu-keys-edge-1").get();
              mine.getData().put("ca.crt", other.getData().get("ca.crt"));
              c.client().resource(mine).update();
            }),
        problem(
            "store dayu-store",
            "has no DAYU_STORE_PASSWORD",
            c ->
                c.add(
                    Healthy.secret(
                        "dayu-store", Map.of("DAYU_STORE_URL", "u", "DAYU_STORE_USER", "u")))));
  }

  private static Fault.Break key(Consumer<Secret> change) {
    return c -> c.change(Secret.class, "dayu-keys-edge-1", change);
  }

  /** The key of edge-1 is another one, made some time ago by another authority. */
  private static Fault.Break made(Holder holder, Duration when, Duration validity) {
    return c -> {
      var directory = Files.createTempDirectory("dayu-doctor");
      var clock = Clock.offset(Clock.systemUTC(), when);
      var authority = Authority.create(directory.resolve("ca"), Duration.ofDays(3650), clock);
      c.replace(
          Healthy.keys("dayu-keys-edge-1", authority, holder, validity, directory.resolve("node")));
    };
  }

  static List<Fault> operator() {
    return List.of(
        problem(
            "definitions pipelines.dayu.io",
            "is missing",
            c -> c.remove(CustomResourceDefinition.class, "pipelines.dayu.io")),
        problem(
            "definitions pipelines.dayu.io",
            "is not established",
            definition(d -> d.getStatus().getConditions().get(0).setStatus("False"))),
        problem(
            "definitions pipelines.dayu.io",
            "not that of this version",
            definition(
                d ->
                    d.getSpec()
                        .getVersions()
                        .get(0)
                        .getSchema()
                        .getOpenAPIV3Schema()
                        .getProperties()
                        .remove("status"))),
        problem(
            "definitions pipelines.dayu.io",
            "does not serve v1alpha1",
            definition(d -> d.getSpec().getVersions().get(0).setName("v1"))),
        problem(
            "operator's rights dayu-cloud",
            "may not update services",
            c -> c.answers().deny("update", "services")),
        problem(
            "operator's Lease dayu-operator",
            "nobody leads",
            c -> c.remove(Lease.class, "dayu-operator")),
        problem(
            "operator's Lease dayu-operator",
            "has not renewed it for",
            c -> c.replace(Healthy.lease(NAMESPACE, "dayu-operator", c.now().minusSeconds(300)))),
        problem(
            "Pipeline crossing",
            "Accepted is False, Because: so it is",
            pipeline(1, "Accepted", "False")),
        hint("Pipeline crossing", "Degraded is True", pipeline(1, "Degraded", "True")),
        hint("Pipeline crossing", "has not looked at it", pipeline(0, "Accepted", "True")),
        hint(
            "StageService count-above",
            "Progressing is False",
            c ->
                c.change(
                    StageServiceResource.class,
                    "count-above",
                    s ->
                        s.setStatus(
                            Healthy.serviceStatus(Healthy.condition("Progressing", "False"))))),
        hint(
            "StageService count-above",
            "Loaded is False, Failed",
            c ->
                c.change(
                    StageServiceResource.class,
                    "count-above",
                    s ->
                        s.setStatus(
                            Healthy.serviceStatus(
                                Healthy.condition("Loaded", "False", "Failed"))))),
        problem(
            "NodeProfile north",
            "Accepted is False",
            c ->
                c.change(
                    NodeProfileResource.class,
                    "north",
                    p ->
                        p.setStatus(
                            Healthy.profileStatus(Healthy.condition("Accepted", "False"))))),
        problem(
            "MemberRollOut edge",
            "has stopped: node edge-1 was not ready again",
            rollOut(r -> r.setStatus(stopped()))),
        hint(
            "MemberRollOut edge",
            "is paused",
            rollOut(r -> r.setSpec(new MemberRollOutSpec(true, null)))));
  }

  private static Fault.Break rollOut(Consumer<MemberRollOutResource> change) {
    return c -> c.change(MemberRollOutResource.class, MemberRollOutResource.EDGE, change);
  }

  private static MemberRollOutStatus stopped() {
    return new MemberRollOutStatus(
        1L,
        "1/2",
        List.of(),
        null,
        new MemberRollOutStatus.Stopped("edge-1", "one", "node edge-1 was not ready again"),
        List.of());
  }

  private static Fault.Break definition(Consumer<CustomResourceDefinition> change) {
    return c -> c.change(CustomResourceDefinition.class, "pipelines.dayu.io", change);
  }

  private static Fault.Break pipeline(long observed, String type, String status) {
    return c ->
        c.change(
            PipelineResource.class,
            "crossing",
            p -> {
              p.getMetadata().setGeneration(1L);
              p.setStatus(Healthy.pipelineStatus(observed, Healthy.condition(type, status)));
            });
  }
}
