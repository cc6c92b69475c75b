package io.dayu.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.dayu.pipeline.Catalog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs that the node starts; see HttpServiceTest for what they answer. */
class LocalProgramTest {
  private static final Catalog EMPTY = new Catalog(List.of(), List.of(), List.of());

  /** A whole service with nothing but Python's standard library. */
  static final String PYTHON =
      """
      import http.server, json, os, subprocess, sys
      open("pid", "w").write(str(os.getpid()))
      class Work(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def answer(self, status, body):
          self.send_response(status)
          self.send_header("content-type", "application/json")
          self.send_header("content-length", str(len(body)))
          self.end_headers()
          self.wfile.write(body)
        def do_GET(self):
          if self.path != "/.well-known/dayu-stage": return self.answer(404, b"")
          self.answer(200, json.dumps({"apiVersion": "dayu.io/v1alpha1", "payload": ["text"], "output": "labels"}).encode())
        def log_message(self, *any): pass
      http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["DAYU_SERVICE_PORT"])), Work).serve_forever()
      """;

  @TempDir Path dir;
  private Services services;

  @AfterEach
  void close() {
    if (services != null) services.close();
  }

  private Service<?> start(String name, List<String> command, Map<String, Object> more) {
    var dayu =
        ConfigFactory.parseMap(more)
            .withValue("command", ConfigValueFactory.fromIterable(command))
            .atPath("services." + name)
            .withFallback(ConfigFactory.load().getConfig("dayu"));
    services = Services.start(ServiceSettings.from(dayu), EMPTY, dir);
    return services.service(name);
  }

  private Service<?> shell(String script) {
    return start("it", List.of("sh", "-c", script), Map.of());
  }

  private Path file(String name) {
    return dir.resolve("services").resolve("it").resolve(name);
  }

  private String await(String name) {
    return Awaitility.await("the file " + name)
        .atMost(Duration.ofSeconds(60))
        .until(() -> text(file(name)), text -> !text.isEmpty());
  }

  private static String text(Path file) throws IOException {
    return Files.exists(file) ? Files.readString(file).strip() : "";
  }

  private static boolean lives(String pid) {
    return ProcessHandle.of(Long.parseLong(pid)).filter(ProcessHandle::isAlive).isPresent();
  }

  private static void awaitEnd(String pid) {
    Awaitility.await("the end of process " + pid)
        .atMost(Duration.ofSeconds(30))
        .until(() -> !lives(pid));
  }

  @Test
  void aPythonServiceIsStartedAndDescribedAndStartedAgainWhenItIsKilled() {
    var service = start("it", List.of("python3", "-c", PYTHON), Map.of());
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(service::isDescribed);
    assertThat(service.problem()).isEmpty();
    assertThat(service.from()).isEqualTo("program python3");
    var pid = await("pid");
    ProcessHandle.of(Long.parseLong(pid)).orElseThrow().destroyForcibly();
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> !await("pid").equals(pid));
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> service.problem().isEmpty());
    var second = await("pid");
    services.close();
    assertThat(lives(second)).isFalse();
  }

  @Test
  void aProgramThatEndsIsStartedAgainAndItsExitIsTold() {
    var service = shell("echo x >> starts; exit 3");
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> await("starts").lines().count() >= 2);
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> service.problem().contains("exit code 3"));
  }

  @Test
  void aProgramThatDoesNotExistIsTriedAgain() {
    var service = start("it", List.of("/does/not/exist"), Map.of());
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> service.problem().contains("exit code 127"));
  }

  @Test
  void itsChildrenEndWithIt() {
    shell("sleep 1000 & echo $! > child; exec sleep 1000");
    var child = await("child");
    assertThat(lives(child)).isTrue();
    services.close();
    awaitEnd(child);
  }

  @Test
  void theChildrenOfOneThatCrashesEndBeforeItIsStartedAgain() {
    shell("[ -e child ] && exec sleep 1000; sleep 1000 & echo $! > child; exit 1");
    awaitEnd(await("child"));
  }

  @Test
  void oneThatIgnoresTheSignalToEndIsKilled() {
    shell("trap '' TERM; echo $$ > pid; while :; do sleep 1; done");
    var pid = await("pid");
    services.close();
    awaitEnd(pid);
  }

  @Test
  void oneThatEndsWhenAskedMayTidyUp() {
    shell("trap 'echo tidy > end; exit 0' TERM; echo $$ > pid; while :; do sleep 0.05; done");
    await("pid");
    services.close();
    assertThat(await("end")).isEqualTo("tidy");
  }

  @Test
  void oneThatFillsItsLogDoesNotStopForIt() {
    shell(
        "i=0; while [ $i -lt 20000 ]; do echo a line of a log that nobody reads; i=$((i+1)); done; echo done > end; exec sleep 1000");
    assertThat(await("end")).isEqualTo("done");
  }

  @Test
  void itGetsItsPortAndItsEnvironmentAndNoneOfTheNodes() {
    start(
        "it",
        List.of("sh", "-c", "env > variables.new; mv variables.new variables; exec sleep 1000"),
        Map.of("environment.MODEL", "small", "parallelism", 3));
    assertThat(await("variables").lines())
        .contains("MODEL=small", "DAYU_SERVICE_NAME=it", "DAYU_SERVICE_PARALLELISM=3")
        .contains("DAYU_SERVICE_TRANSPORT=http")
        .anyMatch(line -> line.matches("DAYU_SERVICE_PORT=\\d+"))
        .noneMatch(line -> line.startsWith("DAYU_SERVICE_SOCKET="))
        .noneMatch(line -> line.startsWith("DAYU_") && !line.startsWith("DAYU_SERVICE_"));
  }

  @Test
  void overGrpcItGetsASocketTooWhichIsFreeWheneverItStarts() {
    start(
        "it",
        List.of(
            "sh",
            "-c",
            "test -e \"$DAYU_SERVICE_SOCKET\" && echo taken > taken; touch \"$DAYU_SERVICE_SOCKET\"; echo x >> starts; "
                + "env > variables.new; mv variables.new variables; test $(wc -l < starts) = 1 || exec sleep 1000"),
        Map.of("transport", "grpc"));
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> text(file("starts")), text -> text.equals("x\nx"));
    assertThat(await("variables").lines())
        .contains("DAYU_SERVICE_TRANSPORT=grpc", "DAYU_SERVICE_SOCKET=" + file("socket"))
        .anyMatch(line -> line.matches("DAYU_SERVICE_PORT=\\d+"));
    assertThat(file("taken")).doesNotExist();
  }

  @Test
  void itsMemoryIsBounded() {
    start(
        "it",
        List.of(
            "python3",
            "-c",
            "open('began','w').write('x')\nx = b'x' * (1 << 28)\nopen('got','w').write('x')"),
        Map.of("memory", "64 MiB"));
    await("began");
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> services.service("it").problem().contains("exit code 1"));
    assertThat(file("got")).doesNotExist();
  }

  /** A node; the test kills it. */
  static final class Node {
    private Node() {}

    public static void main(String[] args) throws Exception {
      var test = new LocalProgramTest();
      test.dir = Path.of(args[0]);
      var unused =
          test.shell(
              "trap '' TERM; sleep 1000 & echo $! > child; echo $$ > pid; while :; do sleep 1; done");
      Thread.currentThread().join();
    }
  }

  @Test
  void neitherItNorItsChildrenOutliveANodeThatIsKilled() throws IOException {
    var node =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Node.class.getName(),
                dir.toString())
            .redirectErrorStream(true)
            .redirectOutput(dir.resolve("node.log").toFile())
            .start();
    try {
      var pid = await("pid");
      var child = await("child");
      assertThat(lives(pid) && lives(child)).isTrue();
      node.destroyForcibly();
      awaitEnd(pid);
      awaitEnd(child);
    } finally {
      node.destroyForcibly().onExit().join(); // it writes into the directory
    }
  }
}
