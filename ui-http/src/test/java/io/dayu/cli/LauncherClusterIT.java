package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dayu.keys.NodeKeys;
import io.dayu.local.BackgroundCluster;
import io.dayu.local.Endpoints;
import io.dayu.local.Home;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The launcher script: its builds, and nodes that it starts and stops. */
class LauncherClusterIT extends LaunchedHome {
  @Test
  void itBuildsOnFirstUseAndWhenASourceChangedCameOrWent() throws Exception {
    mavenThatBuilds();
    var first = dayu(Map.of(), "--version");
    assertThat(first.code()).as(first.err()).isZero();
    assertThat(first.out()).startsWith("Dayu ");
    assertThat(first.err()).contains("First use").contains("Built in");
    assertThat(builds()).isEqualTo(1);

    assertThat(dayu(Map.of(), "--version").err()).isEmpty();
    assertThat(builds()).isEqualTo(1);

    Files.writeString(home.resolve("bench/src/Some.java"), "class Some { int changed; }");
    assertThat(dayu(Map.of(), "--version").err()).contains("sources have changed");
    assertThat(builds()).isEqualTo(2);

    Files.delete(home.resolve("bench/src/Some.java"));
    var left = Files.createFile(home.resolve("bench/target/Some.class"));
    var kept = Files.createFile(home.resolve("sim-source/target/Other.class"));
    assertThat(dayu(Map.of(), "--version").code()).isZero();
    assertThat(builds()).isEqualTo(3);
    assertThat(left).doesNotExist();
    assertThat(kept).exists();

    Files.createFile(home.resolve("bench/src/some.proto"));
    Files.createFile(left);
    assertThat(dayu(Map.of(), "--version").code()).isZero();
    assertThat(builds()).isEqualTo(4);
    assertThat(left).doesNotExist();
    assertThat(kept).exists();

    var packages = Files.createDirectories(home.resolve("sim-source/src/node_modules"));
    Files.writeString(packages.resolve("index.js"), "made by a build");
    assertThat(dayu(Map.of(), "--version").code()).isZero();
    assertThat(builds()).isEqualTo(4);

    Files.writeString(home.resolve("bench/src/Some.java"), "class Some {}");
    assertThat(dayu(Map.of("DAYU_SKIP_BUILD", "1"), "--version").code()).isZero();
    assertThat(builds()).isEqualTo(4);
  }

  @Test
  void aFailedBuildShowsTheEndOfItsLogAndIsTriedAgain() throws Exception {
    tool("mvn", "echo '[INFO] noise'; echo '[ERROR] cannot find symbol'; exit 1");
    for (int i = 0; i < 2; i++) {
      var run = dayu(Map.of(), "--version");
      assertThat(run.code()).isEqualTo(1);
      assertThat(run.err())
          .contains("[ERROR] cannot find symbol")
          .contains("build.log")
          .doesNotContain("noise");
    }
  }

  @Test
  void aMissingJavaIsNamedWithWhatToInstall() throws Exception {
    var run = dayu(Map.of("JAVA_HOME", dir.toString()), "--version");
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("JAVA_HOME is " + dir);
  }

  @Test
  void aMissingMavenIsNamedWithWhatToInstall() throws Exception {
    for (var tool : List.of("bash", "readlink", "dirname", "find", "sed", "sort", "cat", "head"))
      tool(tool, "exec " + which(tool) + " \"$@\"");
    var run = dayu(Map.of("PATH", tools.toString()), "--version");
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("Maven is missing").contains("apt install maven");
  }

  private static Path which(String tool) {
    return List.of("/usr/bin", "/bin").stream()
        .map(d -> Path.of(d, tool))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void upNodesAndDownWorkOnProcessesOfTheirOwn() throws Exception {
    mavenThatBuilds();
    playNodes();
    assertThat(dayu(Map.of(), "--version").code()).isZero();
    var up = dayu(Map.of(), "up", "--edges", "1", "--port", "0");
    try {
      assertThat(up.code()).as(up.err()).isZero();
      assertThat(up.out())
          .contains("cloud-1  ready in")
          .contains("edge-1   ready in")
          .contains("Dayu is up: http://127.0.0.1:")
          .containsPattern("management +https://127\\.0\\.0\\.1:\\d+/cluster/members");
      var nodes = BackgroundCluster.read(new Home(home)).orElseThrow().nodes();
      assertThat(nodes)
          .hasSize(2)
          .allMatch(n -> n.process().isPresent())
          .allSatisfy(n -> assertThat(keys(n).holder().node()).isEqualTo(n.name()));
      assertThat(dayu(Map.of(), "nodes").out()).contains("NODE");
      var again = dayu(Map.of(), "up");
      assertThat(again.code()).isEqualTo(1);
      assertThat(again.err()).contains("already up: cloud-1, edge-1").contains("dayu down");

      var down = dayu(Map.of(), "down");
      assertThat(down.code()).isZero();
      assertThat(down.out()).contains("edge-1   stopped").contains("cloud-1  stopped");
      assertThat(nodes).allMatch(n -> n.process().isEmpty());
      assertThat(dayu(Map.of(), "down").out()).contains("Nothing is up");
    } finally {
      dayu(Map.of(), "down");
    }
  }

  @Test
  void aNodeIsStoppedStartedAndRestartedAtItsPorts() throws Exception {
    mavenThatBuilds();
    playNodes();
    var environment = Map.of("DAYU_STORE_PASSWORD", "hush", "DAYU_LOG_LEVEL", "DEBUG");
    var up = dayu(environment, "up", "--edges", "1", "--port", "0");
    try {
      assertThat(up.code()).as(up.err()).isZero();
      var before = cluster();

      assertThat(dayu(Map.of(), "node", "stop", "edge-1").out()).contains("edge-1   stopped");
      assertThat(cluster().node("edge-1").orElseThrow().process()).isEmpty();
      assertThat(cluster().node("cloud-1").orElseThrow().process()).isPresent();
      assertThat(dayu(Map.of(), "doctor").out()).contains("edge-1 ended", "dayu node start edge-1");
      var without = dayu(Map.of(), "node", "start", "edge-1");
      assertThat(without.code()).isEqualTo(1);
      assertThat(without.err()).contains("DAYU_STORE_PASSWORD, which must be set again");
      assertThat(dayu(Map.of("DAYU_STORE_PASSWORD", "hush"), "node", "start", "edge-1").out())
          .contains("edge-1   ready in");

      assertThat(dayu(environment, "node", "restart", "cloud-1").out())
          .contains("cloud-1  stopped", "cloud-1  ready in");
      var again = cluster();
      var seed =
          Endpoints.text(Endpoints.in(again.nodes().get(0).dataDir()).orElseThrow().cluster());
      assertThat(Files.readAllLines(again.node("edge-1").orElseThrow().log()))
          .filteredOn(line -> line.startsWith("seeds="))
          .containsExactly("seeds=" + seed, "seeds=" + seed);
      for (var node : again.nodes()) {
        var was = before.node(node.name()).orElseThrow();
        assertThat(node.process()).isPresent();
        assertThat(node.pid()).isNotEqualTo(was.pid());
        assertThat(node.dataDir()).isEqualTo(was.dataDir());
        assertThat(Endpoints.in(node.dataDir()).orElseThrow())
            .usingRecursiveComparison()
            .ignoringFields("pid", "readySeconds")
            .isEqualTo(was.launched().orElseThrow().endpoints());
      }
      assertThat(Files.readString(home.resolve(".dayu/up/state.json"))).doesNotContain("hush");
      assertThat(dayu(Map.of(), "nodes").out()).contains("NODE");
      assertThat(dayu(Map.of(), "node", "stop", "edge-9").err())
          .contains("there is no node edge-9; there are cloud-1, edge-1");
      assertThat(dayu(environment, "node", "start", "cloud-1").err()).contains("runs already");

      assertThat(dayu(Map.of(), "down").out()).contains("edge-1   stopped", "cloud-1  stopped");
      assertThat(again.nodes()).allMatch(n -> n.process().isEmpty());
      assertThat(dayu(Map.of(), "node", "stop", "edge-1").err()).contains("nothing is up");
    } finally {
      dayu(Map.of(), "down");
    }
  }

  private static NodeKeys keys(BackgroundCluster.Started node) {
    var properties = node.launched().orElseThrow().options().properties();
    return NodeKeys.open(Path.of(properties.get("dayu.keys.directory")));
  }

  private BackgroundCluster cluster() {
    return BackgroundCluster.read(new Home(home)).orElseThrow();
  }

  @Test
  void oneCommandAtATimeStartsAndStopsNodesAndWhatAKilledOneLeavesIsFound() throws Exception {
    mavenThatBuilds();
    playNodes();
    assertThat(dayu(Map.of(), "--version").code()).isZero();
    var never = Map.of("JAVA_TOOL_OPTIONS", "-Dfake.mode=late");
    var up = launch(never, "up", "--port", "0");
    try {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> BackgroundCluster.read(new Home(home)).isPresent());
      for (var second : List.of("up", "down")) {
        var refused = dayu(Map.of(), second);
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err())
            .contains("dayu up, process " + up.pid() + " is starting or stopping nodes here")
            .doesNotContain("jdbc:");
      }
      assertThat(dayu(Map.of(), "doctor").out()).contains("is at work");

      up.destroyForcibly();
      assertThat(up.waitFor(60, TimeUnit.SECONDS)).isTrue();
      var left = cluster().node("cloud-1").orElseThrow();
      assertThat(left.process()).isPresent();
      var doctor = dayu(Map.of(), "doctor");
      assertThat(doctor.code()).isEqualTo(1);
      assertThat(doctor.out()).contains("it left cloud-1", "dayu down");
      assertThat(dayu(Map.of(), "up").err()).contains("already up: cloud-1", "dayu down");
      assertThat(dayu(Map.of(), "node", "restart", "cloud-1").err()).contains("is not known");
      assertThat(dayu(Map.of(), "down").out()).contains("cloud-1  stopped");
      assertThat(left.process()).isEmpty();
      assertThat(dayu(Map.of(), "down").out()).contains("Nothing is up");
    } finally {
      up.destroyForcibly();
      dayu(Map.of(), "down");
    }
  }

  /** Bash makes the directory: a JVM without a locale could not name it either. */
  @Test
  void aHomeBelowAnyLetterStartsWithoutALocaleAndInTheLanguageOfItsUser() throws Exception {
    mavenThatBuilds();
    playNodes();
    var command =
        """
        mv home $'\\xc3\\xbc' && cd $'\\xc3\\xbc' && ./dayu up --edges 1 --port 0
        up=$?
        ./dayu down && exit $up
        """;
    var languages =
        List.of(
            Map.of("LC_ALL", "POSIX"),
            Map.of("LC_ALL", "", "LANG", "de_DE.UTF-8", "JDK_JAVA_OPTIONS", language("ar", "EG")));
    for (var language : languages) {
      var builder =
          new ProcessBuilder("bash", "-c", command)
              .directory(dir.toFile())
              .redirectOutput(dir.resolve("out").toFile())
              .redirectError(dir.resolve("err").toFile());
      prepare(builder, language);
      var process = builder.start();
      assertThat(process.waitFor(180, TimeUnit.SECONDS)).isTrue();
      var out = Files.readString(dir.resolve("out"));
      assertThat(process.exitValue()).as(out + Files.readString(dir.resolve("err"))).isZero();
      assertThat(out)
          .contains("cloud-1  ready in 0.2 s", "Dayu is up: http://127.0.0.1:", "edge-1   stopped");
      command = command.replace("mv home $'\\xc3\\xbc' && ", "");
    }
  }

  private static String language(String language, String country) {
    return "-Duser.language=" + language + " -Duser.country=" + country;
  }

  @Test
  void anAddressAndATokenFromTheEnvironmentAreCheckedAsThoseOfOptions() throws Exception {
    mavenThatBuilds();
    var address = dayu(Map.of("DAYU_API", "127.0.0.1:8080"), "nodes");
    assertThat(address.code()).as(address.err()).isEqualTo(2);
    assertThat(address.err()).contains("DAYU_API is \"127.0.0.1:8080\", without http://");
    var token = dayu(Map.of("DAYU_TOKEN", "hush\r"), "nodes");
    assertThat(token.code()).isEqualTo(2);
    assertThat(token.err()).contains("DAYU_TOKEN has a line break").doesNotContain("hush");
  }

  /** As a shell runs it; gives the exit code of the launcher itself, not the one of a reader. */
  private Ran shell(String command) throws Exception {
    var builder =
        new ProcessBuilder("bash", "-c", command + "; exit ${PIPESTATUS[0]}")
            .directory(home.toFile())
            .redirectOutput(dir.resolve("out").toFile())
            .redirectError(dir.resolve("err").toFile());
    prepare(builder, Map.of());
    var process = builder.start();
    assertThat(process.waitFor(180, TimeUnit.SECONDS)).isTrue();
    return new Ran(
        process.exitValue(),
        Files.readString(dir.resolve("out")),
        Files.readString(dir.resolve("err")));
  }

  @Test
  void followingResultsEndsWithoutAWordWhenNobodyReadsThemAnyMore() throws Exception {
    mavenThatBuilds();
    assertThat(dayu(Map.of(), "--version").code()).isZero();
    var event = "data: {\"stream\": \"p/a\", \"seq\": 7, \"status\": \"delivered\"}\n\n";
    // More than a pipe holds.
    try (var api =
        new FakeApi().get("pipelines/p/results/stream", ": hi\n\n" + event.repeat(9000))) {
      var run = shell("./dayu results p --follow --api " + api.uri() + " | head -n 2");
      assertThat(run.out().lines()).hasSize(2).allMatch(line -> line.contains("#7"));
      assertThat(run.err()).isEmpty();
      assertThat(run.code()).isEqualTo(141);
    }
  }

  @Test
  void whatCannotBeWrittenIsAFailureWithItsReason() throws Exception {
    mavenThatBuilds();
    assertThat(dayu(Map.of(), "--version").code()).isZero();
    var document = "{\"document\": {\"kind\": \"Pipeline\"}}";
    try (var api = new FakeApi().get("pipelines/p", document)) {
      for (var command : List.of("--help", "pipeline show p --document --api " + api.uri())) {
        var run = shell("./dayu " + command + " > /dev/full");
        assertThat(run.code()).as(command).isEqualTo(1);
        assertThat(run.err()).contains("cannot write the output: No space left");
        assertThat(run.err().lines()).hasSize(1);
      }
    }
  }
}
