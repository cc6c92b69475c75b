package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.dayu.local.NodeOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A service in Python that an edge starts, as the stage of a pipeline. */
class ServiceClusterIT {
  /** Labels an element with the number of its bytes; the standard library only. */
  private static final String SERVICE =
      """
      import http.server, json, os, sys
      if os.path.exists("broken"): sys.exit(1)
      class Work(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1
        def answer(self, tree):
          body = json.dumps(tree).encode()
          self.send_response(200)
          self.send_header("content-type", "application/json")
          self.send_header("content-length", str(len(body)))
          self.end_headers()
          self.wfile.write(body)
        def do_GET(self):
          self.answer({"apiVersion": "dayu.io/v1alpha1", "payload": ["opaque"], "output": "labels",
            "accepts": ["application/octet-stream"], "parallelism": 4,
            "parameters": {"type": "object", "properties": {"name": {"type": "string", "default": "bytes"}}}})
        def do_POST(self):
          size = len(self.rfile.read(int(self.headers["content-length"])))
          name = json.loads(self.headers["ce-dayuparams"])["name"]
          self.answer({"type": "labels", "labels": [{"name": name, "value": size}]})
        def log_message(self, *any): pass
      open("pid", "w").write(str(os.getpid()))
      http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["DAYU_SERVICE_PORT"])), Work).serve_forever()
      """;

  /** The same over gRPC, with the package for Python. */
  private static final String OVER_GRPC =
      """
      import os, sys
      sys.path.insert(0, "%s")
      from dayu_stage import Labels, Parameter, stage
      @stage(payload=["opaque"], output="labels", parallelism=2, parameters={"name": Parameter(str, default="bytes")})
      def size(element, params):
        return Labels({params["name"]: len(element.payload), **element.side})
      open("pid", "w").write(str(os.getpid()))
      size.serve()
      """;

  /** One that both edges have. */
  private static final String GATED = "gated";

  private static Cluster cluster;

  @BeforeAll
  static void start() throws IOException {
    var directory = Cluster.empty(ServiceClusterIT.class.getSimpleName());
    var program = Files.writeString(directory.resolve("size.py"), SERVICE);
    var sdk = Path.of("..", "sdk", "python").toAbsolutePath().normalize();
    var overGrpc = Files.writeString(directory.resolve("size_grpc.py"), OVER_GRPC.formatted(sdk));
    cluster =
        Cluster.start(
            directory,
            2,
            node ->
                switch (node.name()) {
                  case "edge-1" ->
                      service(service(node, "size", program), GATED, program)
                          .with("dayu.services.gated.away-after", "1s")
                          // Debian's, for which Debian has gRPC.
                          .with("dayu.services.size-grpc.command.0", "/usr/bin/python3")
                          .with("dayu.services.size-grpc.command.1", overGrpc.toString())
                          .with("dayu.services.size-grpc.transport", "grpc");
                  case "edge-2" -> service(node, GATED, program);
                  default -> node;
                });
  }

  private static NodeOptions service(NodeOptions node, String name, Path program) {
    return node.with("dayu.services." + name + ".command.0", "python3")
        .with("dayu.services." + name + ".command.1", program.toString());
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  private static String pipeline(String name, String type, String params) {
    return """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: %s}
        spec:
          sources: [{name: numbers, uri: "synthetic:?bytes=100&count=6000&rate=1000", node: edge-2}]
          stages:
            - {id: before, type: identity}
            - {id: size, type: %s, after: [before], params: {%s}}
        """
        .formatted(name, type, params);
  }

  /** Of a service's program at edge-1. */
  private static Path file(String service, String name) {
    return cluster
        .nodes()
        .directory()
        .resolve(Path.of("edge-1", "data", "services", service, name));
  }

  private static String pid(String service) throws IOException {
    var file = file(service, "pid");
    return Files.exists(file) ? Files.readString(file).strip() : "";
  }

  private static void kill(String pid) {
    ProcessHandle.of(Long.parseLong(pid)).orElseThrow().destroyForcibly();
  }

  /** Nodes that have a type now. */
  private static List<String> have(String type) {
    return Cluster.items(cluster.get("stages")).stream()
        .filter(s -> s.path("type").asText().equals(type))
        .flatMap(s -> Cluster.items(s.path("nodes")).stream())
        .map(JsonNode::asText)
        .toList();
  }

  private static String withSide(String name, String type) {
    return """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: %s}
        spec:
          sources: [{name: numbers, uri: "synthetic:?bytes=100&rate=200", node: edge-2}]
          sideInputs: [{name: limit, value: 1}]
          stages: [{id: size, type: %s, side: [limit]}]
        """
        .formatted(name, type);
  }

  @Test
  void aServiceSeesTheSideInputsOfTheAttempt() {
    cluster.submit(withSide("sided", "size-grpc"));
    var watch = cluster.watch("sided");
    awaitVersion(watch, 1);
    var versions = new TreeMap<Long, Integer>(Map.of(1L, 1)); // what they are
    for (int value = 2; value <= 3; value++) {
      var given =
          cluster.call("PUT", "pipelines/sided/side-inputs/limit", "application/json", "" + value);
      assertThat(given.status()).as(given.text()).isEqualTo(200);
      long version = given.body().path("version").asLong();
      versions.put(version, value);
      awaitVersion(watch, version);
    }
    pause("sided");
    assertThat(watch.poll())
        .hasSize((int) cluster.ledger("sided").delivered())
        .allSatisfy(
            r -> {
              var limit = r.at("/outputs/size/labels/1");
              assertThat(limit.path("name").asText()).as("%s", r).isEqualTo("limit");
              assertThat(limit.path("value").asInt())
                  .isEqualTo(versions.get(r.path("sideVersion").asLong()));
            });
    cluster.delete("sided");
  }

  private static String dynamic(String name, String type, int value) {
    return """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: %s}
        spec:
          sources: [{name: numbers, uri: "synthetic:?bytes=100&rate=500", node: edge-2}]
          stages:
            - {id: before, type: identity}
            - {id: size, type: %s, after: [before], params: {name: v%s}, dynamic: [name]}
        """
        .formatted(name, type, value);
  }

  /** The service takes no side inputs: it need not know that its parameters are dynamic. */
  @ParameterizedTest
  @ValueSource(strings = {"size", "size-grpc"})
  void dynamicParametersChangeUnderLoadWithoutARestart(String service) throws IOException {
    var name = "dynamic-" + service;
    Cluster.await("the service").until(() -> have(service).contains("edge-1"));
    cluster.submit(dynamic(name, service, 1));
    var watch = cluster.watch(name);
    awaitVersion(watch, 1);
    var pid = pid(service);
    var change =
        cluster.call(
            "PUT",
            "pipelines/" + name + "?dryRun=true",
            "application/yaml",
            dynamic(name, service, 2));
    assertThat(change.text()).contains("name changes without a restart");
    for (int value = 2; value <= 4; value++) {
      cluster.replace(name, dynamic(name, service, value));
      awaitVersion(watch, value);
    }
    pause(name);
    var ledger = cluster.ledger(name);
    assertThat(ledger.failed()).as("%s", ledger).isZero();
    assertThat(ledger.delivered()).as("%s", ledger).isEqualTo(ledger.generated());
    var results = watch.poll();
    assertThat(Cluster.seqs(results)).doesNotHaveDuplicates().hasSize((int) ledger.delivered());
    assertThat(results)
        .allSatisfy(
            r ->
                assertThat(r.at("/outputs/size/labels/0/name").asText())
                    .isEqualTo("v" + r.path("sideVersion").asLong()));
    assertThat(pid(service)).isEqualTo(pid);
    assertThat(cluster.log("edge-1").lines())
        .as("the stage was started once")
        .filteredOn(line -> line.contains(name + "@") && line.contains("/size ("))
        .filteredOn(line -> line.contains("starts here"))
        .hasSize(1);
    cluster.delete(name);
  }

  /** Nothing is in flight then. */
  private static void pause(String name) {
    var paused = cluster.call("POST", "pipelines/" + name + "/pause", "application/json", "");
    assertThat(paused.status()).as(paused.text()).isEqualTo(200);
    Cluster.await("that nothing is in flight")
        .until(() -> cluster.status(name).path("drained").asBoolean());
  }

  /** Elements flow in this version. */
  private static void awaitVersion(Cluster.Watch watch, long version) {
    Cluster.await("results of version " + version)
        .until(
            () -> watch.poll().stream().anyMatch(r -> r.path("sideVersion").asLong() == version));
  }

  @Test
  void aServiceThatTakesNoSideInputsIsToldByItsElements() {
    cluster.submit(withSide("unsided", "size"));
    cluster.awaitLedger("unsided", l -> l.failed() > 0);
    assertThat(cluster.results("unsided").get(0).at("/ending/reason").asText())
        .contains("takes no side inputs");
    cluster.delete("unsided");
  }

  @ParameterizedTest
  @CsvSource({"size, http, python3", "size-grpc, grpc, /usr/bin/python3"})
  void aServiceThatIsKilledUnderLoadLosesNothing(String service, String transport, String program)
      throws IOException {
    Cluster.await("the service among the stages")
        .until(
            () ->
                Cluster.items(cluster.get("stages")).stream()
                    .anyMatch(s -> s.path("type").asText().equals(service)));
    var shown =
        Cluster.items(cluster.get("stages")).stream()
            .filter(s -> s.path("type").asText().equals(service))
            .findFirst()
            .orElseThrow();
    assertThat(shown.path("service").asBoolean()).isTrue();
    assertThat(shown.path("transport").asText()).isEqualTo(transport);
    assertThat(shown.at("/from/edge-1").asText()).isEqualTo("program " + program);
    assertThat(Cluster.items(shown.path("nodes")))
        .extracting(n -> n.asText())
        .containsExactly("edge-1");

    var pipeline = "killed-" + service;
    cluster.submit(pipeline(pipeline, service, "name: length"));
    cluster.awaitLedger(pipeline, l -> l.delivered() >= 1000);
    var pid = pid(service);
    kill(pid);
    Cluster.await("another process")
        .until(() -> !pid(service).isEmpty() && !pid(service).equals(pid));

    var ledger = cluster.awaitLedger(pipeline, l -> l.generated() == 6000 && l.inFlight() == 0);
    assertThat(ledger.failed()).as("%s", ledger).isZero();
    assertThat(ledger.shed()).as("%s", ledger).isZero();
    var results = cluster.results(pipeline);
    assertThat(Cluster.seqs(results))
        .containsExactlyInAnyOrderElementsOf(LongStream.range(0, 6000).boxed().toList());
    assertThat(results)
        .allSatisfy(
            result -> {
              assertThat(result.at("/outputs/size/labels/0/name").asText()).isEqualTo("length");
              assertThat(result.at("/outputs/size/labels/0/value").asInt()).isEqualTo(100);
              assertThat(Cluster.trace(result)).contains("size@edge-1");
            });
    cluster.delete(pipeline);
  }

  @Test
  void pipelinesAreVerifiedAgainstServicesOfOtherNodesAndCannotDeclareAny() {
    Cluster.await("the service among the stages")
        .until(
            () ->
                Cluster.items(cluster.get("stages")).stream()
                    .anyMatch(s -> s.path("type").asText().equals("size")));
    var wrong =
        cluster.call(
            "POST", "pipelines", "application/yaml", pipeline("wrong", "size", "nam: length"));
    assertThat(wrong.status()).as(wrong.text()).isEqualTo(422);
    assertThat(wrong.text()).contains("size has no parameter").contains("did you mean");
    var own =
        cluster.call(
            "POST",
            "pipelines",
            "application/yaml",
            pipeline("own", "size", "").replace("params: {}", "command: [sh]"));
    assertThat(own.status()).as(own.text()).isEqualTo(422);
    assertThat(own.text()).contains("declare the service at a node");
  }

  @Test
  void aServiceIsDeclaredOverTheApiAndReachesANodeThatWasAway() throws IOException {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", ServiceClusterIT::answer);
    server.start();
    try {
      cluster.nodes().kill("edge-1");
      var url = "http://127.0.0.1:%s/".formatted(server.getAddress().getPort());
      var declared = declare("told", "{\"url\": \"%s\", \"role\": \"edge\"}".formatted(url));
      assertThat(declared.status()).as(declared.text()).isEqualTo(201);
      Cluster.await("the service at edge-2").until(() -> have("told").equals(List.of("edge-2")));
      cluster.nodes().restart("edge-1");
      Cluster.await("the service at edge-1")
          .until(() -> have("told").equals(List.of("edge-1", "edge-2")));
      assertThat(cluster.get("services/told").path("nodes"))
          .extracting(n -> n.path("node").asText())
          .contains("edge-1", "edge-2")
          .doesNotContain("cloud-1");

      cluster.submit(pipeline("told", "told", "").replace("count=6000", "count=500"));
      var ledger = cluster.awaitLedger("told", l -> l.delivered() == 500 && l.inFlight() == 0);
      assertThat(ledger.failed()).as("%s", ledger).isZero();
      var used = cluster.call("DELETE", "services/told", "application/json", "");
      assertThat(used.status()).as(used.text()).isEqualTo(409);
      cluster.delete("told");
      assertThat(cluster.call("DELETE", "services/told", "application/json", "").status())
          .isEqualTo(204);
      Cluster.await("no such type").until(() -> have("told").isEmpty());
    } finally {
      server.stop(0);
    }
  }

  private static void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      var json =
          exchange.getRequestMethod().equals("GET")
              ? "{\"apiVersion\": \"dayu.io/v1alpha1\", \"payload\": [\"opaque\"], \"output\": \"labels\"}"
              : "{\"type\": \"labels\", \"labels\": [{\"name\": \"told\", \"value\": 1}]}";
      var bytes = json.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("content-type", "application/json");
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private static Cluster.Answer declare(String name, String json) {
    return cluster.call("PUT", "services/" + name, "application/json", json);
  }

  /** The test does what the operator does on Kubernetes. */
  @Test
  void aServiceOnDemandIsStartedWhereItIsWantedAndElementsWaitForIt() throws IOException {
    var server = lazy(0);
    int port = server.getAddress().getPort();
    var declared = declare("lazy", onDemand(port, ""));
    assertThat(declared.status()).as(declared.text()).isEqualTo(201);
    Cluster.await("the service at both edges").until(() -> have("lazy").size() == 2);
    server.stop(0);
    Cluster.await("the service nowhere").until(() -> have("lazy").isEmpty());
    assertThat(cluster.get("services/lazy").path("described").asBoolean()).isTrue();

    cluster.submit(
        pipeline("lazy", "lazy", "").replace("count=6000&rate=1000", "count=400&rate=100")
            + "  policy: {name: edge-only}\n");
    Cluster.await("that it is wanted").until(() -> wanted("lazy").equals(List.of("edge-2")));
    Cluster.await("the reason why nothing comes")
        .until(
            () ->
                cluster
                    .get("pipelines/lazy")
                    .toString()
                    .contains("lazy is being loaded on edge-2"));
    Cluster.await("elements that wait").until(() -> cluster.ledger("lazy").inFlight() > 0);
    assertThat(cluster.ledger("lazy").delivered()).isZero();

    declare("lazy", onDemand(port, ", \"not-on\": {\"edge-2\": \"no image\"}"));
    Cluster.await("another node").until(() -> wanted("lazy").contains("edge-1"));
    assertThat(cluster.get("pipelines/lazy/decisions").at("/items/0/reason").asText())
        .contains("edge-2 cannot load lazy: no image")
        .contains("lazy is being loaded on edge-1");
    server = lazy(port);
    try {
      var ledger = cluster.awaitLedger("lazy", l -> l.delivered() == 400 && l.inFlight() == 0);
      assertThat(ledger.failed()).as("%s", ledger).isZero();
      assertThat(cluster.results("lazy"))
          .anySatisfy(r -> assertThat(Cluster.trace(r)).contains("size@edge-1"));
      cluster.delete("lazy");
    } finally {
      server.stop(0);
    }
  }

  private static HttpServer lazy(int port) throws IOException {
    var server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext("/", ServiceClusterIT::answer);
    server.start();
    return server;
  }

  private static String onDemand(int port, String more) {
    return "{\"url\": \"http://127.0.0.1:%s/\", \"nodes\": [\"edge-1\", \"edge-2\"], \"load\": \"on-demand\", \"away-after\": \"1s\"%s}"
        .formatted(port, more);
  }

  private static List<String> wanted(String service) {
    return Cluster.items(cluster.get("services/" + service).path("nodes")).stream()
        .filter(n -> n.path("wanted").asBoolean())
        .map(n -> n.path("node").asText())
        .toList();
  }

  @Test
  void whatAConfigurationDeclaresAndProgramsAreNotTakenOverTheApi() {
    Cluster.await("the service at an edge").until(() -> !have("size").isEmpty());
    var configured = declare("size", "{\"url\": \"http://127.0.0.1:9/\"}");
    assertThat(configured.status()).as(configured.text()).isEqualTo(409);
    assertThat(configured.text()).contains("the configuration of node edge-1, which holds");
    var program =
        declare("program", "{\"command\": [\"touch\", \"/tmp/x\"], \"nodes\": [\"edge-1\"]}");
    assertThat(program.status()).as(program.text()).isEqualTo(422);
    assertThat(program.text()).contains("dayu.services-over-api.commands is false");
    var elsewhere = declare("elsewhere", "{\"url\": \"http://models.example/\"}");
    assertThat(elsewhere.text()).contains("which dayu.services-allowed-hosts does not name");
  }

  @Test
  void aServiceThatStaysAwayLosesItsStageAndHasItAgainWhenItIsBack() throws IOException {
    Cluster.await("the service at both edges").until(() -> have(GATED).size() == 2);
    cluster.submit(
        pipeline("moved", GATED, "name: length")
                .replace("count=6000&rate=1000", "count=100000&rate=200")
            + "  policy: {name: fixed, params: {route: {before: edge-2, size: [edge-1, edge-2]}}}\n");
    cluster.awaitLedger("moved", l -> l.delivered() >= 200);
    Files.createFile(file(GATED, "broken"));
    kill(pid(GATED));
    Cluster.await("that edge-1 has the type no more")
        .until(() -> have(GATED).equals(List.of("edge-2")));
    Cluster.await("a decision without edge-1").until(() -> sizeAt().equals(Set.of("edge-2")));
    Files.delete(file(GATED, "broken"));
    Cluster.await("a decision with both").until(() -> sizeAt().equals(Set.of("edge-1", "edge-2")));
    assertThat(cluster.ledger("moved").failed()).isZero();
    cluster.delete("moved");
  }

  /** Where the newest decision puts the stage. */
  private static Set<String> sizeAt() {
    var shares = cluster.get("pipelines/moved/decisions").at("/items/0/route/size");
    var nodes = new TreeSet<String>();
    for (var share : shares) nodes.add(share.path("node").asText());
    return nodes;
  }
}
