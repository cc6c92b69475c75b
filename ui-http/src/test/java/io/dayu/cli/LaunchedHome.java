package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.local.FakeNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A home with the launcher script, whose nodes and Maven are played by others. */
abstract class LaunchedHome {
  static final List<String> MODULES =
      List.of("cloud-node", "edge-node", "sim-source", "ui-http", "k8s", "images", "bench");

  @TempDir Path dir;
  Path home;
  Path tools;

  record Ran(int code, String out, String err) {}

  @BeforeEach
  void makeHome() throws IOException {
    home = Files.createDirectories(dir.resolve("home"));
    tools = Files.createDirectories(dir.resolve("tools"));
    var script = Path.of("").toAbsolutePath().getParent().resolve("dayu");
    Files.copy(script, home.resolve("dayu"));
    Files.writeString(home.resolve("pom.xml"), "<project/>");
    for (var module : MODULES) {
      Files.createDirectories(home.resolve(module).resolve("src"));
      Files.writeString(home.resolve(module).resolve("pom.xml"), "<project/>");
      Files.writeString(home.resolve(module).resolve("src/Some.java"), "class Some {}");
      age(home.resolve(module).resolve("pom.xml"));
      age(home.resolve(module).resolve("src/Some.java"));
    }
    age(home.resolve("pom.xml"));
    for (var tool : List.of("node", "npm")) tool(tool, "exit 0");
  }

  static void age(Path file) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(60)));
  }

  void tool(String name, String script) throws IOException {
    var file = Files.writeString(tools.resolve(name), "#!/bin/bash\n" + script + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  /** A Maven that takes note of its calls and makes what a build makes. */
  void mavenThatBuilds() throws IOException {
    var lines = new StringBuilder("echo \"$*\" >> %s/calls\n".formatted(dir));
    lines.append("echo '[INFO] Building Dayu 0.1.0-SNAPSHOT      [1/2]'\n");
    for (var module : MODULES)
      lines
          .append("mkdir -p %s/target\n".formatted(module))
          .append("touch %s/target/%s-0.1.0-SNAPSHOT.jar\n".formatted(module, module))
          .append("cp %s/classpath %s/target/classpath\n".formatted(dir, module));
    Files.writeString(dir.resolve("classpath"), System.getProperty("java.class.path"));
    tool("mvn", lines.toString());
  }

  int builds() throws IOException {
    var calls = dir.resolve("calls");
    return Files.exists(calls) ? Files.readAllLines(calls).size() : 0;
  }

  Ran dayu(Map<String, String> environment, String... arguments) throws Exception {
    var process = launch(environment, arguments);
    assertThat(process.waitFor(180, TimeUnit.SECONDS)).isTrue();
    return new Ran(
        process.exitValue(),
        Files.readString(dir.resolve("out"), StandardCharsets.UTF_8),
        Files.readString(dir.resolve("err"), StandardCharsets.UTF_8));
  }

  Process launch(Map<String, String> environment, String... arguments) throws IOException {
    var command = new java.util.ArrayList<>(List.of("bash", home.resolve("dayu").toString()));
    command.addAll(List.of(arguments));
    var builder =
        new ProcessBuilder(command)
            .redirectOutput(dir.resolve("out").toFile())
            .redirectError(dir.resolve("err").toFile());
    prepare(builder, environment);
    return builder.start();
  }

  void prepare(ProcessBuilder builder, Map<String, String> environment) {
    var path = tools + ":" + System.getenv("PATH");
    builder.environment().put("PATH", path);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("DAYU_NODE_JAVA", ""); // whatever else is installed here
    builder.environment().remove("DAYU_SKIP_BUILD");
    builder.environment().putAll(environment);
  }

  /**
   * Main classes of nodes that hand over to {@link FakeNode}, in the directories of the modules.
   */
  void playNodes() throws IOException {
    play("cloud-node", "io.dayu.cloud", "CloudNode");
    play("sim-source", "io.dayu.sim", "SimSource");
    play("edge-node", "io.dayu.edge", "EdgeNode");
    // The launcher's build makes empty jars; class paths have the classes behind them.
    Files.writeString(
        dir.resolve("classpath"),
        String.join(":", dir.resolve("played").toString(), System.getProperty("java.class.path")));
  }

  void play(String module, String pack, String name) throws IOException {
    var source = Files.createDirectories(dir.resolve("src-" + module)).resolve(name + ".java");
    Files.writeString(
        source,
        "package %s; public class %s { public static void main(String[] a) throws Exception { %s.main(a); } }"
            .formatted(pack, name, FakeNode.class.getName()));
    var code =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-d",
                Files.createDirectories(dir.resolve("played")).toString(),
                "-cp",
                System.getProperty("java.class.path"),
                source.toString());
    assertThat(code).isZero();
  }
}
