package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StageCommandTest {
  @TempDir private Path dir;

  private Path make(String language, String name) {
    // With a blank and a quote, which every path may have.
    var project = dir.resolve("it's " + language);
    var run = Cli.run("stage", "new", "--lang", language, name, project.toString());
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).contains("README.md");
    return project;
  }

  private static String runs(Path directory, String... command) throws Exception {
    var log = Files.createTempFile(directory.getParent(), "run", ".log");
    var process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    var output = Files.readString(log);
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  @ParameterizedTest
  @CsvSource({"python, python3, service.py", "node, node, service.js"})
  void aNewServiceKeepsTheContract(String language, String program, String file) throws Exception {
    var project = make(language, "count-above");
    var run = Cli.run("stage", "test", program, project.resolve(file).toString());
    assertThat(run.out()).contains("The service keeps the contract.", "SIGTERM ends it");
    assertThat(run.code()).isZero();
  }

  /** Debian's Python, for which Debian has gRPC. */
  @ParameterizedTest
  @CsvSource({"python, /usr/bin/python3, service.py", "node, node, service.js"})
  void aNewServiceKeepsTheContractOverGrpcToo(String language, String program, String file)
      throws Exception {
    var project = make(language, "count-above");
    var run =
        Cli.run("stage", "test", "--transport=grpc", program, project.resolve(file).toString());
    assertThat(run.out()).as(run.out() + run.err()).contains("The service keeps the contract.");
    assertThat(run.out()).contains("at grpc://127.0.0.1:", "SIGTERM ends it");
    assertThat(run.code()).isZero();
  }

  @Test
  void aNewPythonServicePassesItsOwnTest() throws Exception {
    assertThat(runs(make("python", "class"), "python3", "-m", "unittest"))
        .contains("Ran 2 tests", "OK");
  }

  @Test
  void aNewNodeServicePassesItsOwnTest() throws Exception {
    assertThat(runs(make("node", "count-above"), "node", "--test")).contains("pass 2", "fail 0");
  }

  @Test
  void aNewJavaStageCompilesAndSaysItsName() throws Exception {
    var project = make("java", "string");
    var source = project.resolve("src/main/java/com/example/StringStage.java");
    var classes = Files.createDirectories(dir.resolve("classes"));
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-proc:none",
                "--release",
                "17",
                "-Xlint:all,-classfile,-path,-processing",
                "-Werror",
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                classes.toString(),
                source.toString());
    assertThat(code).isZero();
    assertThat(project.resolve("src/main/resources/META-INF/services/io.dayu.stage.StageProvider"))
        .hasContent("com.example.StringStage");
    try (var loader =
        new java.net.URLClassLoader(
            new java.net.URL[] {classes.toUri().toURL()}, getClass().getClassLoader())) {
      var provider =
          (io.dayu.stage.StageProvider)
              loader.loadClass("com.example.StringStage").getDeclaredConstructor().newInstance();
      assertThat(provider.descriptor().type()).isEqualTo("string");
    }
    assertThat(project.resolve("pom.xml")).content().contains("<artifactId>string</artifactId>");
  }

  @ParameterizedTest
  @ValueSource(strings = {"java", "python", "node"})
  void nothingOfATemplateIsLeftOpen(String language) throws Exception {
    var project = make(language, "count-above");
    var open = new ArrayList<String>();
    try (var files = Files.walk(project)) {
      for (var file : files.filter(Files::isRegularFile).toList())
        if (Files.readString(file).matches("(?s).*\\{[A-Z]+}.*")) open.add(file.toString());
    }
    assertThat(open).isEmpty();
  }

  @Test
  void aDirectoryThatHoldsSomethingIsLeftAlone() throws IOException {
    Files.writeString(dir.resolve("mine"), "x");
    var run = Cli.run("stage", "new", "--lang", "python", "a", dir.toString());
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("is there already");
    assertThat(dir.toFile().list()).containsExactly("mine");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Count", "../x", "a--b", "1a", "a_b"})
  void namesThatPipelinesCannotSayAreRefused(String name) {
    var run = Cli.run("stage", "new", "--lang", "python", name, dir.toString());
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("no name of a stage");
    assertThat(dir.toFile().list()).isEmpty();
  }

  @Test
  void aProgramThatIgnoresSigtermIsToldAndKilled() throws IOException {
    var run =
        test(
            "--timeout=2s",
            "import signal; signal.signal(15, signal.SIG_IGN); signal.signal = lambda *a: None\n");
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).contains("it still runs 2000 ms later", "1 of ");
    assertThat(pid())
        .matches(pid -> ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty());
  }

  @Test
  void aProgramThatEndsAtOnceIsToldWithWhatItSaid() throws IOException {
    var run = test("--timeout=10s", "import sys; sys.exit('no model')\n");
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).contains("the program has ended; it said: no model");
  }

  @Test
  void aProgramThatDoesNotExistIsTold() {
    var run = Cli.run("stage", "test", "/nothing/here");
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("cannot start the service");
  }

  @Test
  void wrongUseIsTold() {
    assertThat(Cli.run("stage", "test", "https://127.0.0.1/").err()).contains("http://");
    assertThat(Cli.run("stage", "test", "http://127.0.0.1:1/", "--timeout=1s").err())
        .contains("options stand before the URL");
    assertThat(Cli.run("stage", "test", "--params=[1]", "x").err()).contains("--params");
    assertThat(Cli.run("stage").err()).contains("new, test or list");
  }

  @Test
  void typesOfStagesAreATable() throws IOException {
    try (var api = new FakeApi()) {
      api.get(
          "stages",
          """
          {"items": [{"type": "count-above", "description": "Counts", "payload": ["readings"], "inputs": ["boxes"],
            "output": "labels", "parameters": [{"name": "limit", "required": true}, {"name": "unit", "required": false}]},
            {"type": "risk", "description": "Warns", "payload": [], "inputs": ["boxes", "labels"], "output": "labels", "parameters": [],
             "namedInputs": [{"name": "vehicles", "types": ["boxes", "labels"], "required": true},
              {"name": "sky", "types": ["labels"], "required": false}]}]}
          """);
      var run = Cli.run("stage", "list", "--api=" + api.uri());
      assertThat(run.out().lines())
          .containsExactly(
              "TYPE         READS                                   OUTPUT  PARAMETERS    DESCRIPTION",
              "count-above  readings, boxes*                        labels  limit, unit?  Counts",
              "risk         vehicles: boxes|labels*, sky?: labels*  labels  -             Warns");
    }
  }

  /** Tests a Python service that does something else first. */
  private Cli test(String option, String first) throws IOException {
    var project = make("python", "count-above");
    var file = project.resolve("service.py");
    var pid = "import os; open(%s, 'w').write(str(os.getpid()))\n".formatted(quoted(pidFile()));
    Files.writeString(file, pid + first + Files.readString(file));
    return Cli.run("stage", "test", option, "python3", file.toString());
  }

  private File pidFile() {
    return dir.resolve("pid").toFile();
  }

  private static String quoted(File file) {
    return "r'" + file + "'";
  }

  private long pid() throws IOException {
    return Long.parseLong(Files.readString(pidFile().toPath(), StandardCharsets.US_ASCII));
  }
}
