package io.dayu.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandsTest {
  private static final String DECISIONS =
      """
      {"items": [
        {"stream": "crossing/cam-0", "version": 4, "at": "2026-01-01T12:00:50Z", "reason": "nothing better",
         "route": {"detect": [{"node": "edge-2", "weight": 1}], "count": [{"node": "cloud-1", "weight": 1}]}},
        {"stream": "crossing/cam-0", "version": 3, "at": "2026-01-01T12:00:40Z", "reason": "edge-1 is busy (97 %)",
         "route": {"detect": [{"node": "edge-2", "weight": 1}], "count": [{"node": "edge-1", "weight": 1}]}},
        {"stream": "crossing/cam-0", "version": 2, "at": "2026-01-01T12:00:20Z", "reason": "count follows",
         "route": {"detect": [{"node": "edge-1", "weight": 1}], "count": [{"node": "edge-1", "weight": 1}]}},
        {"stream": "crossing/cam-0", "version": 1, "at": "2026-01-01T12:00:00Z", "reason": "first placement",
         "route": {"detect": [{"node": "edge-1", "weight": 1}], "count": [{"node": "cloud-1", "weight": 1}]}}
      ]}
      """;

  @TempDir private Path dir;
  private FakeApi api;

  @BeforeEach
  void start() throws IOException {
    api = new FakeApi();
  }

  @AfterEach
  void stop() {
    api.close();
  }

  private Cli run(String... arguments) {
    var all = new ArrayList<>(List.of(arguments));
    all.add("--api=" + api.uri());
    return Cli.run(all.toArray(String[]::new));
  }

  private String document(String text) throws IOException {
    return Files.writeString(dir.resolve("pipeline.yaml"), text).toString();
  }

  @Test
  void failedElementsAreATableWithWhatToDo() {
    api.get(
        "pipelines/crossing/failed?limit=50",
        """
        {"items": [
          {"source": "cam-0", "seq": 17, "stage": "detect", "reason": "not a frame", "failedAt": "2026-01-01T12:00:00Z",
           "media": "frames", "bytes": 70000, "retries": 2},
          {"source": "cam-0", "seq": 18, "stage": "detect", "reason": "x", "failedAt": "2026-01-01T12:00:00Z",
           "media": "frames", "bytes": 7, "retries": 0, "retriedAs": 40}],
         "away": [{"source": "cam-1", "node": "edge-2", "why": "node edge-2, which keeps them, is cut off"}]}
        """);
    var cli = run("pipeline", "failed", "crossing");
    assertThat(cli.code()).isZero();
    assertThat(cli.out())
        .contains("cam-0/17", "detect", "70000", "not a frame", "is sent again as 40")
        .contains("Not told of cam-1: node edge-2, which keeps them, is cut off")
        .contains("dayu pipeline retry crossing --all");
  }

  @Test
  void thePayloadOfAFailedElementIsWrittenToAFile() throws IOException {
    api.get("pipelines/crossing/failed/cam-0/17", "{\"type\": \"text\", \"text\": [\"a\"]}");
    var file = dir.resolve("payload");
    var cli = run("pipeline", "failed", "crossing", "cam-0/17", "--output", file.toString());
    assertThat(cli.out()).contains("bytes were written to " + file);
    assertThat(Files.readString(file)).contains("\"text\"");
    assertThat(run("pipeline", "failed", "crossing", "cam-0/17").out()).contains("\"a\"");
    assertThat(run("pipeline", "failed", "crossing", "17").code()).isEqualTo(2);
  }

  @Test
  void aRetryGoesOnUntilNothingIsLeft() {
    api.on(
        "POST",
        "pipelines/crossing/retry",
        200,
        """
        {"retried": [{"source": "cam-0", "seq": 17, "as": 40}],
         "left": [{"source": "cam-0", "seq": 18, "why": "it is not kept"}], "away": []}
        """);
    var cli = run("pipeline", "retry", "crossing", "--source", "cam-0", "--seq", "17,18");
    assertThat(cli.out()).contains("1 elements are sent again", "Not cam-0/18: it is not kept");
    assertThat(cli.code()).as("not all").isEqualTo(1);
    assertThat(api.asked().get(0).body()).isEqualTo("{\"source\":\"cam-0\",\"seqs\":[17,18]}");
    assertThat(run("pipeline", "retry", "crossing").code()).isEqualTo(2);
    assertThat(run("pipeline", "retry", "crossing", "--seq", "1").code()).isEqualTo(2);
  }

  @Test
  void servicesOfAFileAreDeclaredListedAndEnded(@TempDir Path dir) throws IOException {
    var file =
        Files.writeString(
            dir.resolve("count.conf"),
            """
            dayu.services.count { url = "http://127.0.0.1:9000/", timeout = 2s, nodes = [edge-1] }
            """);
    api.on("PUT", "services/count", 201, "{\"name\": \"count\", \"version\": 1}");
    var set = run("services", "set", file.toString());
    assertThat(set.out()).contains("Service count is declared, version 1");
    assertThat(api.asked().get(0).body())
        .isEqualTo(
            "{\"nodes\":[\"edge-1\"],\"timeout\":\"2s\",\"url\":\"http://127.0.0.1:9000/\"}");
    api.get(
        "services",
        """
        {"items": [{"name": "count", "version": 1, "declaration": {"url": "http://127.0.0.1:9000/"},
                    "nodes": [{"node": "edge-1", "ready": true}, {"node": "edge-2", "ready": false}]}]}
        """);
    assertThat(run("services", "list").out().lines())
        .containsExactly(
            "SERVICE  VERSION  AT                      READY   MISSING",
            "count          1  http://127.0.0.1:9000/  edge-1  edge-2");
    api.on("DELETE", "services/count", 409, "{\"detail\": \"it is used\", \"remedy\": \"wait\"}");
    assertThat(run("services", "delete", "count").err()).contains("it is used", "wait");
    assertThat(run("services", "set", dir.resolve("none").toString()).err()).contains("no file");
  }

  @Test
  void nodesAreATableWithUnits() {
    api.get(
        "nodes",
        """
        {"items": [
          {"name": "cloud-1", "role": "cloud", "site": "cloud", "status": "up", "cpu": 0.07, "memory": 0.42,
           "rssBytes": 312000000, "reportAgeMs": 740, "stages": []},
          {"name": "edge-1", "role": "edge", "site": "site-1", "status": "silent", "cpu": 0.934, "memory": 0.42,
           "rssBytes": 98700000, "reportAgeMs": 21000, "stages": [
             {"type": "object-detection", "pipeline": "crossing", "stage": "detect", "state": "running",
              "queue": 3, "serviceMs": 16.2}]}
        ]}
        """);
    var run = run("nodes");
    assertThat(run.code()).isZero();
    assertThat(run.out().lines())
        .containsExactly(
            "NODE     ROLE   SITE    STATUS   CPU  MEMORY  PROCESS    REPORTED  STAGES",
            "cloud-1  cloud  cloud   up       7 %    42 %   312 MB  740 ms ago  -",
            "edge-1   edge   site-1  silent  93 %    42 %  98.7 MB  21.0 s ago  crossing/detect 16 ms (3"
                + " wait)");
  }

  @Test
  void whatIsWrongWithANodeIsToldBelowTheTable() {
    api.get(
        "nodes",
        """
        {"items": [{"name": "edge-1", "role": "edge", "site": "site-1", "status": "up", "cpu": 0.1, "memory": 0.4,
                    "reportAgeMs": 740, "stages": [], "problem": "its last run died"}]}
        """);
    assertThat(run("nodes").out().lines()).last().isEqualTo("edge-1: its last run died");
  }

  @Test
  void aNodeThatIsGoneIsRemoved() {
    api.on("DELETE", "nodes/edge-1", 409, "{\"detail\": \"it lives\", \"remedy\": \"stop it\"}");
    assertThat(run("nodes", "remove", "edge-1").err()).contains("it lives", "stop it");
    api.on("DELETE", "nodes/edge-1?force=true", 204, "");
    var run = run("nodes", "remove", "edge-1", "--force");
    assertThat(run.code()).isZero();
    assertThat(run.out()).contains("edge-1 was removed");
  }

  @Test
  void whyTellsWhereSinceWhenAndWhatWasBefore() {
    api.get("pipelines/crossing/decisions?limit=1000", DECISIONS);
    var run = run("why", "crossing", "detect");
    assertThat(run.code()).isZero();
    assertThat(run.out())
        .contains("detect of crossing/cam-0 runs on edge-2 since ")
        .contains("because (decision 3): edge-1 is busy (97 %)")
        .contains("stayed there (decision 4): nothing better")
        .contains("first placement")
        .doesNotContain("count follows");
  }

  @Test
  void whyKnowsAStageThatCameBack() {
    api.get("pipelines/crossing/decisions?limit=1000", DECISIONS);
    var run = run("why", "crossing", "count");
    assertThat(run.out()).contains("runs on cloud-1").contains("because (decision 4)");
    assertThat(run.out().lines().skip(3).map(String::strip).map(l -> l.replaceAll(" +", " ")))
        .anyMatch(l -> l.endsWith("2 edge-1 count follows"))
        .anyMatch(l -> l.endsWith("1 cloud-1 first placement"))
        .noneMatch(l -> l.contains("is busy"));
  }

  @Test
  void whyNamesTheStagesThereAre() {
    api.get("pipelines/crossing/decisions?limit=1000", DECISIONS);
    var run = run("why", "crossing", "blur");
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("no stage blur").contains("count, detect");
  }

  @Test
  void everyProblemOfAPipelineIsShownWithPlaceAndRemedy() throws IOException {
    api.on(
        "POST",
        "pipelines",
        422,
        """
        {"type": "about:blank", "title": "The pipeline is not valid", "status": 422,
         "detail": "the pipeline has 2 problems, so nothing was started", "remedy": "correct them",
         "problems": [
           {"path": "spec.stages[0].type", "message": "unknown stage type objekt", "remedy": "use object-detection"},
           {"path": "spec.stages[1].after[0]", "message": "there is no stage x", "remedy": "name one of: detect"}]}
        """);
    var run = run("pipeline", "submit", document("kind: Pipeline"));
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err().lines())
        .containsExactly(
            "The pipeline is not valid: the pipeline has 2 problems, so nothing was started",
            "",
            "  1. spec.stages[0].type",
            "     unknown stage type objekt",
            "     → use object-detection",
            "",
            "  2. spec.stages[1].after[0]",
            "     there is no stage x",
            "     → name one of: detect",
            "");
  }

  @Test
  void aNameThatIsTakenLeadsToReplace() throws IOException {
    var document = document("metadata: {name: crossing}");
    api.on(
        "POST", "pipelines", 409, "{\"title\":\"Conflict\",\"detail\":\"there is already one\"}");
    assertThat(run("pipeline", "submit", document).err()).contains("--replace");
    api.on("PUT", "pipelines/crossing", 200, "{\"name\":\"crossing\"}");
    var replaced = run("pipeline", "submit", document, "--replace");
    assertThat(replaced.code()).isZero();
    assertThat(replaced.out()).contains("Pipeline crossing was accepted");
    var put = api.asked().get(1);
    assertThat(put.body()).isEqualTo("metadata: {name: crossing}");
    assertThat(put.headers().get("Content-type")).containsExactly("application/yaml");
  }

  @Test
  void aChangeMayBeMeantForOneVersionOnly() throws IOException {
    api.on("PUT", "pipelines/crossing", 200, "{}");
    api.on("DELETE", "pipelines/crossing", 204, "");
    var file = Files.writeString(dir.resolve("p.yaml"), "metadata: {name: crossing}").toString();
    run("pipeline", "submit", file, "--replace", "--if-version", "7");
    run("pipeline", "delete", "crossing", "--if-version", "8");
    assertThat(api.asked())
        .extracting(asked -> asked.headers().get("If-match"))
        .containsExactly(List.of("\"7\""), List.of("\"8\""));
    assertThat(run("pipeline", "submit", file, "--if-version", "7").err())
        .contains("--if-version goes with --replace");
    assertThat(api.asked()).hasSize(2);
  }

  @Test
  void aFileThatIsMissingOrNoTextIsAClearError() throws IOException {
    assertThat(run("pipeline", "submit", dir.resolve("none.yaml").toString()).err())
        .contains("there is no file");
    var binary = Files.write(dir.resolve("x"), new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});
    assertThat(run("pipeline", "submit", binary.toString()).err()).contains("is not UTF-8 text");
    assertThat(api.asked()).isEmpty();
  }

  @Test
  void aPipelineIsPausedAndResumed() {
    api.on("POST", "pipelines/crossing/pause", 200, paused(7, false));
    assertThat(run("pipeline", "pause", "crossing").out())
        .contains("Pipeline crossing is paused, 7 elements are in flight.");
    api.on("POST", "pipelines/crossing/resume", 200, "{\"status\": {\"state\": \"starting\"}}");
    assertThat(run("pipeline", "resume", "crossing").out())
        .contains("Pipeline crossing is starting.");
  }

  @Test
  void drainingWaitsUntilNothingIsInFlight() {
    api.on("POST", "pipelines/crossing/drain", 202, paused(7, false));
    api.get(
        "pipelines/crossing/events",
        """
        event: stream
        data: {"stream": "crossing/cam-0", "state": "paused"}

        event: pipeline
        data: {"name": "crossing", "state": "drained", "version": 1}

        """);
    api.get("pipelines/crossing", paused(0, true));
    var run = run("pipeline", "drain", "crossing");
    assertThat(run.code()).isZero();
    assertThat(run.out()).contains("Pipeline crossing is paused, nothing is in flight.");

    assertThat(api.asked()).extracting(FakeApi.Asked::path).hasSize(3);

    api.get("pipelines/crossing/events", ":\n\n");
    api.get("pipelines/crossing", paused(7, false));
    var late = run("pipeline", "drain", "crossing", "--timeout", "0");
    assertThat(late.code()).isEqualTo(1);
    assertThat(late.err())
        .contains("paused, 7 elements are in flight after 0 s", "dayu pipeline show crossing");

    api.get("pipelines/crossing", "{\"document\": {}, \"status\": {\"state\": \"running\"}}");
    assertThat(run("pipeline", "drain", "crossing").err()).contains("was resumed meanwhile");
  }

  @Test
  void whatADocumentWouldChangeIsATable() throws IOException {
    api.on(
        "PUT",
        "pipelines/crossing?dryRun=true",
        200,
        """
        {"name": "crossing", "present": 3, "next": 4, "parts": [
          {"kind": "stage", "name": "track", "what": "restarts", "why": "what differs is its parameters"}]}
        """);
    var file = document("kind: Pipeline\nmetadata: {name: crossing}\n");
    assertThat(run("pipeline", "diff", file).out().lines())
        .containsExactly(
            "Pipeline crossing would go from version 3 to 4.",
            "PART   NAME   WHAT      WHY",
            "stage  track  restarts  what differs is its parameters");
    api.on(
        "PUT",
        "pipelines/crossing?dryRun=true",
        200,
        "{\"name\": \"crossing\", \"present\": 3, \"next\": 3, \"parts\": []}");
    assertThat(run("pipeline", "diff", file).out()).contains("Nothing would change: version 3");
    assertThat(run("pipeline", "diff", document("kind: Pipeline")).err())
        .contains("has no metadata.name");
  }

  @Test
  void versionsAreListedAndRolledBack() {
    api.get(
        "pipelines/crossing/versions",
        """
        {"items": [{"version": 7, "at": "2026-03-01T10:00:00Z", "sources": 1, "stages": 4, "policy": "least-loaded"},
                   {"version": 3, "sources": 1, "stages": 3, "policy": "fixed"}]}
        """);
    assertThat(run("pipeline", "versions", "crossing").out().lines())
        .containsExactly(
            "VERSION  SINCE                 SOURCES  STAGES  POLICY",
            "      7  2026-03-01T10:00:00Z        1       4  least-loaded",
            "      3  -                           1       3  fixed");
    api.get(
        "pipelines/crossing/versions/3",
        "{\"document\": {\"kind\": \"Pipeline\", \"spec\": {\"policy\": \"fixed\"}}}");
    assertThat(run("pipeline", "versions", "crossing", "--document", "3").out())
        .contains("kind: Pipeline", "policy: fixed");

    api.on("POST", "pipelines/crossing/rollback", 200, "{\"version\": 8}");
    assertThat(run("pipeline", "rollback", "crossing", "3").out()).contains("as version 8");
    assertThat(last().body()).isEqualTo("{\"version\": 3}");
    run("pipeline", "rollback", "crossing");
    assertThat(last().body()).isEmpty();
  }

  private FakeApi.Asked last() {
    return api.asked().get(api.asked().size() - 1);
  }

  private static String paused(int inFlight, boolean drained) {
    return """
        {"document": {"spec": {"state": "paused"}},
         "status": {"state": "paused", "drained": %s, "ledger": {"inFlight": %s}}}
        """
        .formatted(drained, inFlight);
  }

  @Test
  void pipelinesAreListedShownAndDeleted() {
    api.get(
        "pipelines",
        """
        {"items": [{"name": "crossing", "version": 2, "state": "running", "sources": 1, "stages": 4,
         "policy": "least-loaded"}]}
        """);
    api.get(
        "pipelines/crossing",
        """
        {"name": "crossing", "version": 2, "document": {"kind": "Pipeline", "metadata": {"name": "crossing"}},
         "status": {"state": "degraded",
          "streams": [{"source": "cam-0", "node": "edge-1", "state": "source-down", "perSecond": 9.87,
            "latencyMs": {"p50": 41.5, "p95": 120}, "window": 8, "resent": 1, "ledger": {"inFlight": 2},
            "decision": {"reason": "first placement"}}],
          "stages": [{"stage": "detect", "type": "object-detection", "instances": [
            {"node": "edge-2", "state": "running", "queue": 1, "queueMs": 2, "serviceMs": 16, "perSecond": 9.9,
             "failed": 0}]}],
          "problems": [{"path": "spec.sources[0]", "message": "connection refused", "remedy": "check the camera"}]}}
        """);
    api.on("DELETE", "pipelines/crossing", 204, "");
    assertThat(run("pipeline", "list").out()).contains("crossing  running");
    assertThat(run("pipeline", "show", "crossing").out())
        .contains("Pipeline crossing is degraded")
        .contains("source-down")
        .contains("42 ms")
        .contains("edge-2")
        .contains("! spec.sources[0]: connection refused")
        .contains("→ check the camera");
    assertThat(run("pipeline", "show", "crossing", "--document").out())
        .isEqualTo("kind: Pipeline\nmetadata:\n  name: crossing\n");
    assertThat(run("pipeline", "delete", "crossing").out()).contains("was deleted");
  }

  @Test
  void howManyResultsArePrunedIsShownWhereThereAreSuch() {
    assertThat(pruned(1_240_000, 0, "")).doesNotContain("runed");
    assertThat(pruned(1_240_000, 12_345, ", \"oldestAgeMs\": 273600000"))
        .contains("Pruned: 12,345 of 1,240,000 results, oldest kept: 3.2 d\n");
    assertThat(pruned(1_240_000, 12_345, "")).contains("Pruned: 12,345 of 1,240,000 results\n");
    assertThat(pruned(50, 50, "")).contains("Pruned: 50 of 50 results, none is kept\n");
  }

  private String pruned(long stored, long pruned, String oldest) {
    api.get(
        "pipelines/crossing",
        """
        {"name": "crossing", "status": {"state": "running"}, "results": {"stored": %s, "pruned": %s%s}}
        """
            .formatted(stored, pruned, oldest));
    return run("pipeline", "show", "crossing").out();
  }

  @Test
  void aDeletionThatWaitsForTheStoreIsNotToldAsDone() {
    api.on("DELETE", "pipelines/crossing", 202, "{\"detail\": \"it stops now\"}");
    assertThat(run("pipeline", "delete", "crossing").out())
        .contains("will be deleted: it stops now")
        .doesNotContain("was deleted");
  }

  @Test
  void aLedgerThatDoesNotBalanceSaysSo() {
    api.get(
        "pipelines/p/ledger",
        """
        {"total": {"generated": 10, "delivered": 8, "failed": 1, "shed": 0, "inFlight": 0},
         "streams": [{"stream": "p/a", "generated": 10, "delivered": 8, "failed": 1, "shed": 0, "inFlight": 0}]}
        """);
    assertThat(run("ledger", "p").out()).contains("p/a").contains("DOES NOT BALANCE");
  }

  @Test
  void aLedgerThatIsNotReportedYetSaysSo() {
    api.get(
        "pipelines/p/ledger",
        """
        {"total": {"generated": 0, "delivered": 0, "failed": 0, "shed": 0, "inFlight": 0},
         "streams": [{"stream": "p/a", "reported": false, "generated": 0, "delivered": 0, "failed": 0, "shed": 0, "inFlight": 0}]}
        """);
    assertThat(run("ledger", "p").out()).contains("not reported yet").doesNotContain("balances");
  }

  @Test
  void resultsGoOnPageByPageUntilTheLimit() {
    var item =
        """
        {"stream": "p/a", "seq": %d, "status": "%s", "createdAt": "2026-01-01T12:00:00Z", "latencyMs": 12.3,
         "attempt": %d, "outputs": {"detect": {"type": "boxes", "boxes": [{"label": "car"}, {"label": "car"}]},
         "count": {"type": "labels", "labels": [{"name": "car", "value": 2}]}} %s}
        """;
    api.get(
        "pipelines/p/results?limit=3",
        "{\"items\": [%s, %s], \"next\": \"a/2\", \"note\": \"7 were pruned\"}"
            .formatted(
                item.formatted(0, "delivered", 1, ""),
                item.formatted(
                    1,
                    "failed",
                    3,
                    ", \"ending\": {\"kind\": \"failed\", \"stage\": \"x\", \"reason\": \"boom\"}")));
    api.get(
        "pipelines/p/results?limit=1&after=a%2F2",
        "{\"items\": [%s], \"next\": \"a/3\"}".formatted(item.formatted(2, "delivered", 1, "")));
    var run = run("results", "p", "--limit", "3");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out().lines()).hasSize(5);
    assertThat(run.out())
        .contains("p/a #0")
        .contains("12 ms")
        .contains("detect 2 car; count car 2")
        .contains("attempt 3  failed at x: boom")
        .contains("7 were pruned")
        .contains("--after a/3");
  }

  @Test
  void followPrintsEventsAsTheyCome() {
    api.get(
        "pipelines/p/results/stream",
        """
        : hello

        event: result
        id: p/a/7
        data: {"stream": "p/a", "seq": 7, "status": "delivered", "latencyMs": 5}

        event: result
        data: {"stream": "p/a", "seq": 8, "status": "delivered", "latencyMs": 5}

        """
            .replaceFirst("^: hello", ": hello"));
    var one = run("results", "p", "--follow", "--limit", "1", "--json");
    assertThat(one.code()).isZero();
    assertThat(one.out().strip())
        .isEqualTo("{\"stream\":\"p/a\",\"seq\":7,\"status\":\"delivered\",\"latencyMs\":5}");
    var all = run("results", "p", "--follow");
    assertThat(all.code()).isEqualTo(1);
    assertThat(all.out()).contains("#7").contains("#8");
    assertThat(all.err()).contains("has ended");
  }

  @Test
  void jsonIsTheAnswerAsItCame() throws IOException {
    api.get("pipelines/crossing/decisions?limit=1000", DECISIONS);
    var run = run("why", "crossing", "detect", "--json");
    assertThat(new ObjectMapper().readTree(run.out()))
        .isEqualTo(new ObjectMapper().readTree(DECISIONS));
  }

  @Test
  void theTokenIsSentAndItsLackIsExplained() {
    api.on("GET", "nodes", 401, "{\"title\": \"Unauthorized\"}");
    var run = run("nodes", "--token", "secret");
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("--token");
    assertThat(api.asked().get(0).headers().get("Authorization")).containsExactly("Bearer secret");
  }

  @Test
  void aServerThatIsNotOursIsQuotedShortly() {
    api.on("GET", "nodes", 502, "<html>" + "x".repeat(1000));
    assertThat(run("nodes").err()).contains("status 502").hasSizeLessThan(400);
    api.get("nodes", "<html>");
    assertThat(run("nodes").err()).contains("not JSON");
  }

  @Test
  void nobodyAnswering() throws IOException {
    int port;
    try (var free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    var run = Cli.run("nodes", "--api", "http://127.0.0.1:" + port);
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("nobody answers").contains("./dayu up");
  }

  @Test
  void wrongUseIsExitCode2() {
    assertThat(Cli.run().code()).isEqualTo(2);
    assertThat(Cli.run("pipeline").code()).isEqualTo(2);
    assertThat(Cli.run("nonsense").code()).isEqualTo(2);
    assertThat(Cli.run("results", "p", "--limit", "0").code()).isEqualTo(2);
    assertThat(Cli.run("demo", "--duration", "soon").err()).contains("60s, 2m or 1h");
    assertThat(Cli.run("demo", "--duration", "1s").code()).isEqualTo(2);
    assertThat(Cli.run("up", "--cloud", "0").code()).isEqualTo(2);
    assertThat(Cli.run("up", "--cloud", "3").err()).contains("PostgreSQL").contains("--cloud 1");
    assertThat(Cli.run("--help").code()).isZero();
  }

  @Test
  void anAddressOfAStoreWithAPasswordIsRefusedAndNotShown() {
    for (var url :
        List.of(
            "postgres://dayu:hush@db/x",
            "jdbc:postgresql://dayu:hush@db/x",
            "jdbc:postgresql://db/x?user=dayu&PASSWORD=hush")) {
      var up = Cli.run("up", "--cloud", "3", "--store", url);
      assertThat(up.code()).as(url).isEqualTo(2);
      assertThat(up.err())
          .contains("jdbc:postgresql://host:port/database", "DAYU_STORE_PASSWORD")
          .doesNotContain("hush");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          localhost:8080               | without http:// before it
          127.0.0.1:8080               | without http:// before it
          http                         | without http:// before it
          ftp://127.0.0.1              | only http:// and https://
          http://127.0.0.1:99999       | a port is a number from 1 to 65535
          http://127.0.0.1:0           | a port is a number from 1 to 65535
          http://127.0.0.1:            | a port is a number from 1 to 65535
          http://127.0.0.1:80a         | a port is a number from 1 to 65535
          http://[::1]:70000           | a port is a number from 1 to 65535
          http://:8080                 | neither a name nor an address
          http://my_host:8080          | neither a name nor an address
          http://                      | which is no address
          http://a b                   | which is no address
          http://127.0.0.1:1/api/v1    | leave out what follows them
          http://127.0.0.1:1?x         | leave out what follows them
          """)
  void anAddressThatIsNoneIsWrongUseWithTheAddressAndWhatIsWrong(String address, String words) {
    var run = Cli.run("nodes", "--api", address);
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err())
        .startsWith("--api is \"" + address + "\"")
        .contains(words)
        .doesNotContain("Exception", "defect");
  }

  @Test
  void aPasswordInAnAddressIsRefusedAndNotShown() {
    var run = Cli.run("nodes", "--api", "http://me:hush@127.0.0.1:8080");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("--token").doesNotContain("hush");
  }

  @Test
  void aTokenThatCannotBeSentIsRefusedAndNotShown() {
    for (var token : List.of("hush\n", "hush\r", "hu\0sh", "hush-ä", "hu sh", " ")) {
      var run = run("nodes", "--token", token);
      assertThat(run.code()).as(token).isEqualTo(2);
      assertThat(run.err())
          .startsWith("--token ")
          .doesNotContain("hush", "hu", "Exception", "defect");
    }
    assertThat(api.asked()).isEmpty();
    assertThat(run("nodes", "--token", "hush\r\n").err()).contains("a line break as character 5");
  }

  @Test
  void aHostThatDoesNotExistIsNamed() {
    var run = Cli.run("nodes", "--api", "http://nowhere.invalid:8080");
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err())
        .contains("there is no host nowhere.invalid")
        .doesNotContain("null", "Exception", "nobody answers");
  }

  @Test
  void aServerThatAcceptsAndIsSilentIsNotCalledAway() throws IOException {
    try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var run = Cli.run("nodes", "--api", "https://127.0.0.1:" + server.getLocalPort());
      assertThat(run.code()).isEqualTo(1);
      assertThat(run.err())
          .contains("no connection to https://127.0.0.1:" + server.getLocalPort() + " came about")
          .doesNotContain("nobody answers", "Exception");
    }
  }

  @Test
  void aServerWithoutHttpsIsNamed() throws IOException {
    try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var answered =
          CompletableFuture.runAsync(
              () -> {
                try (var client = server.accept()) {
                  // As servers do it, after something has come.
                  assertThat(client.getInputStream().read()).isNotNegative();
                  client.getOutputStream().write("HTTP/1.1 400 No\r\n\r\n".getBytes(US_ASCII));
                  client.getInputStream().transferTo(OutputStream.nullOutputStream());
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              },
              task -> new Thread(task).start()); // the common pool may have one thread, in use
      var run = Cli.run("nodes", "--api", "https://127.0.0.1:" + server.getLocalPort());
      assertThat(run.code()).isEqualTo(1);
      assertThat(run.err()).contains("does not speak https").doesNotContain("Exception");
      assertThat(answered).succeedsWithin(Duration.ofSeconds(60));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"99999", "65536", "-1", "http", "1e3", "99999999999"})
  void aPortThatIsNoneIsWrongUse(String port) {
    for (var command : List.of("up", "demo")) {
      var run = Cli.run(command, "--port=" + port);
      assertThat(run.code()).isEqualTo(2);
      assertThat(run.err()).contains("--port", port, "from 0 to 65535").doesNotContain("Exception");
    }
  }
}
