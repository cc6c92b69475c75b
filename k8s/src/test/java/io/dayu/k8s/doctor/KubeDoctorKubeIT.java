package io.dayu.k8s.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.dayu.client.ApiClient;
import io.dayu.console.Check;
import io.dayu.console.Check.Grade;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** On the client library's mock, with the manifests that {@code dayu k8s render} makes. */
class KubeDoctorKubeIT {
  private static final String KUBECONFIG = "kubeconfig";

  @TempDir private static Path directory;
  private static DoctorCluster cluster;

  @BeforeAll
  static void start() throws IOException {
    cluster = new DoctorCluster(directory);
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  @AfterEach
  void mend() {
    cluster.mend();
    System.clearProperty(KUBECONFIG);
  }

  @Test
  void aHealthyClusterHasNothingButGoodFindings() {
    var checks = cluster.checks(Optional.empty());
    assertThat(checks)
        .extracting(Check::found)
        .contains(
            "3 of 3 nodes: 1 cloud, 2 edge",
            "3 good",
            "kubeedge/edgemesh-agent:v1.17.0 on 3 nodes",
            "6 of this version",
            "1 well");
    assertThat(checks)
        .hasSizeGreaterThan(25)
        .allSatisfy(
            check -> {
              assertThat(check.grade()).as(check.toString()).isEqualTo(Grade.OK);
              assertThat(check.found()).as(check.what()).isNotBlank();
              assertThat(check.remedy()).isEmpty();
            });
  }

  static Stream<Fault> faults() {
    return Stream.of(
            NodeFaults.nodes(),
            NodeFaults.pods(),
            NetworkFaults.services(),
            NetworkFaults.mesh(),
            InstallationFaults.secrets(),
            InstallationFaults.operator())
        .flatMap(List::stream);
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aFaultIsToldWithARemedyAndNothingElseIs(Fault fault) throws Exception {
    fault.breaks().in(cluster);
    assertThat(wrong(cluster.checks(Optional.empty())))
        .singleElement()
        .satisfies(
            check -> {
              assertThat(check.what()).isEqualTo(fault.what());
              assertThat(check.grade()).isEqualTo(fault.grade());
              assertThat(check.found()).contains(fault.found()).doesNotContain(Findings.IT);
              assertThat(check.remedy()).isNotBlank().doesNotContain(Findings.IT);
            });
  }

  @Test
  void whatIsWrongWithSeveralNodesIsOneLine() {
    cluster.answers().dns("edge-1", "10.96.0.10");
    cluster.answers().dns("edge-2", "10.96.0.10");
    assertThat(wrong(cluster.checks(Optional.empty())))
        .singleElement()
        .satisfies(check -> assertThat(check.what()).isEqualTo("DNS edge-1, edge-2"));
  }

  @ParameterizedTest
  @CsvSource({
    "/api/v1/namespaces/dayu-system/secrets, get secrets",
    "/apis/apiextensions.k8s.io, get customresourcedefinitions",
    "/apis/coordination.k8s.io, get leases",
    "/apis/apps/v1/daemonsets, list daemonsets of all namespaces",
    "/apis/authorization.k8s.io, create subjectaccessreviews",
    "/api/v1/nodes, list nodes"
  })
  void whatOneHasNoRightToSeeIsToldAndTheRestIsLookedAt(String path, String right) {
    cluster.answers().refuse(path, 403);
    var checks = cluster.checks(Optional.empty());
    assertThat(wrong(checks))
        .isNotEmpty()
        .allSatisfy(
            check -> {
              assertThat(check.grade()).isEqualTo(Grade.HINT);
              assertThat(check.found()).startsWith("not seen: you have no right to " + right);
            });
    assertThat(checks).anySatisfy(check -> assertThat(check.grade()).isEqualTo(Grade.OK));
  }

  @Test
  void membersAreAskedForEachOther() throws IOException {
    var answer =
        """
        {"items": [{"name": "cloud-1", "status": "up"}, {"name": "edge-1", "status": "silent"},
          {"name": "old", "status": "up"}]}
        """
            .getBytes(StandardCharsets.UTF_8);
    var api = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
    api.createContext(
        "/api/v1/nodes",
        exchange -> {
          exchange.getResponseHeaders().add("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, answer.length);
          try (var body = exchange.getResponseBody()) {
            body.write(answer);
          }
        });
    api.start();
    try {
      var address = URI.create("http://127.0.0.1:" + api.getAddress().getPort());
      assertThat(wrong(cluster.checks(Optional.of(new ApiClient(address, Optional.empty())))))
          .extracting(Check::what)
          .containsExactly("joined edge-1", "joined edge-2", "joined old");
    } finally {
      api.stop(0);
    }
  }

  @Test
  void theExitCodeTellsWhetherThereIsAProblem() throws IOException {
    kubeconfig(cluster.client().getMasterUrl().toString());
    var out = new StringWriter();
    assertThat(run(out, "--kube")).isZero();
    assertThat(out.toString()).contains("ok", "Not looked at", "Not asked: members");
    cluster.remove(io.fabric8.kubernetes.api.model.Service.class, "node-edge-1");
    assertThat(run(new StringWriter(), "--kube")).isEqualTo(1);
  }

  @Test
  void anApiServerThatIsAwayIsOneLine() throws IOException {
    int port;
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = taken.getLocalPort();
    }
    kubeconfig("http://127.0.0.1:" + port);
    var out = new StringWriter();
    assertThat(run(out, "--kube")).isEqualTo(1);
    assertThat(out.toString().lines().filter(l -> l.contains("does not answer"))).hasSize(1);
    assertThat(out.toString()).doesNotContain("\tat ");
  }

  @Test
  void aUserWhomTheApiServerDoesNotKnowIsOneLine() throws IOException {
    kubeconfig(cluster.client().getMasterUrl().toString());
    cluster.answers().refuse("/version", 401);
    var out = new StringWriter();
    assertThat(run(out, "--kube")).isEqualTo(1);
    assertThat(out.toString()).contains("does not know who asks").doesNotContain("CHECK");
  }

  @Test
  void aContextThatThereIsNotIsSaid() throws IOException {
    kubeconfig("http://127.0.0.1:1");
    var out = new StringWriter();
    assertThat(run(out, "--kube", "--context", "other")).isEqualTo(1);
    assertThat(out.toString()).contains("no context other");
  }

  private static void kubeconfig(String server) throws IOException {
    var file =
        Files.writeString(
            directory.resolve("kubeconfig"),
            """
            apiVersion: v1
            kind: Config
            current-context: it
            contexts: [{name: it, context: {cluster: it, user: it}}]
            clusters: [{name: it, cluster: {server: "%s"}}]
            users: [{name: it, user: {}}]
            """
                .formatted(server));
    System.setProperty(KUBECONFIG, file.toString());
  }

  private static int run(StringWriter out, String... args) {
    var writer = new PrintWriter(out, true);
    return KubeDoctorCommand.run(writer, writer, args);
  }

  private static List<Check> wrong(List<Check> checks) {
    return checks.stream().filter(check -> check.grade() != Grade.OK).toList();
  }
}
