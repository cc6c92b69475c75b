package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rule of {@link ArchitectureRules} against code that breaks it, compiled here. */
class ArchitectureRulesTest {
  /** What the offending classes lean on: one public class in each package. */
  private static final List<String> TARGETS =
      List.of(
          "cloud", "edge", "policy", "http", "deliver", "element", "stage", "sim", "cli", "client");

  @TempDir Path directory;

  static Stream<Arguments> offences() {
    return Stream.of(
        arguments(ArchitectureRules.EVERY_PACKAGE_BELONGS_TO_A_MODULE, "utils", "int x;"),
        arguments(
            ArchitectureRules.STAGE_API_KNOWS_ONLY_ITSELF, "stage", "io.dayu.deliver.Target t;"),
        arguments(
            ArchitectureRules.RUNTIME_KNOWS_NEITHER_SCHEDULER_NOR_INTERFACES,
            "process",
            "io.dayu.policy.Target t;"),
        arguments(
            ArchitectureRules.RUNTIME_KNOWS_NEITHER_SCHEDULER_NOR_INTERFACES,
            "link",
            "io.dayu.http.Target t;"),
        arguments(
            ArchitectureRules.RUNTIME_LAYERS_KNOW_ONLY_THOSE_BELOW,
            "process",
            "io.dayu.deliver.Target t;"),
        arguments(
            ArchitectureRules.RUNTIME_LAYERS_KNOW_ONLY_THOSE_BELOW,
            "facts",
            "io.dayu.deliver.Target t;"),
        arguments(ArchitectureRules.READINGS_STAND_APART, "read", "io.dayu.deliver.Target t;"),
        arguments(ArchitectureRules.PACKAGES_ARE_FREE_OF_CYCLES, "cli", "io.dayu.local.Back b;"),
        arguments(
            ArchitectureRules.FACTS_ARE_RECORDS_AND_PROTOBUF,
            "facts",
            "org.apache.pekko.actor.typed.ActorRef<String> r;"),
        arguments(
            ArchitectureRules.SCHEDULER_KNOWS_NO_INTERFACES, "realise", "io.dayu.http.Target t;"),
        arguments(
            ArchitectureRules.CATALOG_KNOWS_ONLY_THE_STAGE_API,
            "catalog.video",
            "io.dayu.deliver.Target t;"),
        arguments(
            ArchitectureRules.POLICIES_AND_LAB_KNOW_NO_ACTOR,
            "policy",
            "org.apache.pekko.actor.typed.ActorRef<String> r;"),
        arguments(
            ArchitectureRules.POLICIES_AND_LAB_KNOW_NO_ACTOR,
            "lab",
            "org.apache.pekko.stream.javadsl.Source<String, String> s;"),
        arguments(ArchitectureRules.NOBODY_KNOWS_THE_CLOUD_NODE, "http", "io.dayu.cloud.Target t;"),
        arguments(ArchitectureRules.NOBODY_KNOWS_THE_EDGE_NODE, "cloud", "io.dayu.edge.Target t;"),
        arguments(ArchitectureRules.ONLY_K8S_TALKS_TO_KUBERNETES, "http", "io.fabric8.Client c;"),
        arguments(
            ArchitectureRules.ONLY_INTERFACES_AND_CLOUD_NODE_HAVE_ROUTES,
            "deliver",
            "org.apache.pekko.http.javadsl.Http h;"),
        arguments(ArchitectureRules.NOBODY_KNOWS_THE_COMMANDS, "http", "io.dayu.cli.Target t;"),
        arguments(
            ArchitectureRules.LAUNCHER_KNOWS_ONLY_CLIENT_AND_CONSOLE,
            "local",
            "io.dayu.http.Target t;"),
        arguments(
            ArchitectureRules.CLIENT_KNOWS_ONLY_THE_CONSOLE, "client", "io.dayu.http.Target t;"),
        arguments(
            ArchitectureRules.CONSOLE_KNOWS_ONLY_ITSELF, "console", "io.dayu.client.Target t;"),
        arguments(ArchitectureRules.HTTP_KNOWS_NO_CLIENT, "http", "io.dayu.client.Target t;"),
        arguments(
            ArchitectureRules.CAMERAS_KNOW_ONLY_MEDIA_TYPES, "sim", "io.dayu.stage.Target t;"),
        arguments(
            ArchitectureRules.NOTHING_DECLARES_JAVA_SERIALIZATION,
            "facts",
            "record Report() implements java.io.Serializable {}"),
        arguments(
            ArchitectureRules.NOTHING_USES_JAVA_OR_JACKSON_SERIALIZATION,
            "facts",
            "Object read(java.io.ObjectInputStream in) throws Exception { return in.readObject(); }"),
        arguments(
            ArchitectureRules.ONLY_COMMANDS_PRINT, "node", "void p() { System.out.println(1); }"),
        arguments(ArchitectureRules.TIME_IS_JAVA_TIME, "deliver", "java.util.Date at;"),
        arguments(
            ArchitectureRules.LOGGERS_ARE_PRIVATE_STATIC_FINAL,
            "node",
            "final org.slf4j.Logger log = org.slf4j.LoggerFactory.getLogger(\"x\");"));
  }

  @Test
  void everyRuleHasAnOffence() {
    assertThat(offences().map(offence -> offence.get()[0]))
        .containsAll(ArchitectureRules.all().values());
  }

  @ParameterizedTest
  @MethodSource("offences")
  void ruleCatchesAnOffence(ArchRule rule, String where, String members) {
    var result = rule.evaluate(compile(where, members));
    assertThat(result.hasViolation()).as(rule.getDescription()).isTrue();
    assertThat(result.getFailureReport().getDetails())
        .allSatisfy(detail -> assertThat(detail).contains("Offender"));
  }

  static Stream<Arguments> innocents() {
    return Stream.of(
        arguments(
            ArchitectureRules.NOTHING_DECLARES_JAVA_SERIALIZATION,
            "facts",
            "enum State { UP } static class Lost extends Exception { static final long serialVersionUID = 1; }"),
        arguments(
            ArchitectureRules.CAMERAS_KNOW_ONLY_MEDIA_TYPES, "sim", "io.dayu.element.Target t;"),
        arguments(
            ArchitectureRules.ONLY_COMMANDS_PRINT, "cli", "void p() { System.out.println(1); }"),
        arguments(
            ArchitectureRules.ONLY_K8S_TALKS_TO_KUBERNETES, "k8s.crd", "io.fabric8.Client c;"),
        arguments(
            ArchitectureRules.LOGGERS_ARE_PRIVATE_STATIC_FINAL,
            "node",
            "private static final org.slf4j.Logger LOG = org.slf4j.LoggerFactory.getLogger(\"x\");"));
  }

  @ParameterizedTest
  @MethodSource("innocents")
  void ruleLetsPassWhatIsMeantToPass(ArchRule rule, String where, String members) {
    assertThat(rule.evaluate(compile(where, members)).getFailureReport().getDetails()).isEmpty();
  }

  @Test
  void aTestThatNoRunnerWouldFindIsMisnamed() throws IOException {
    for (var expected :
        Map.of(
                "LinkChecks.java", true,
                "LinkTest.java", false,
                "LinkStreamTest.java", false,
                "LinkIT.java", true,
                "LinkClusterIT.java", false)
            .entrySet()) {
      var file = directory.resolve(expected.getKey());
      Files.writeString(file, "class X {\n  @Test\n  void promise() {}\n}\n");
      assertThat(ArchitectureTest.misnamed(file))
          .as(expected.getKey())
          .isEqualTo(expected.getValue());
    }
    var support = Files.writeString(directory.resolve("Ports.java"), "class Ports {}\n");
    assertThat(ArchitectureTest.misnamed(support)).isFalse();
    var contract =
        Files.writeString(
            directory.resolve("LinkContract.java"),
            "abstract class LinkContract {\n  @Test\n  void promise() {}\n}\n");
    assertThat(ArchitectureTest.misnamed(contract)).isFalse();
  }

  private JavaClasses compile(String where, String members) {
    try {
      var files = new ArrayList<Path>();
      for (var target : TARGETS)
        files.add(source("io.dayu." + target, "Target", "public class Target {}"));
      files.add(source("io.fabric8", "Client", "public class Client {}"));
      if (where.equals("cli"))
        files.add(source("io.dayu.local", "Back", "public class Back { io.dayu.cli.Offender o; }"));
      files.add(
          source("io.dayu." + where, "Offender", "public class Offender { " + members + " }"));
      var compiler = ToolProvider.getSystemJavaCompiler();
      try (var manager = compiler.getStandardFileManager(null, null, null)) {
        var messages = new StringWriter();
        var classes = Files.createDirectories(directory.resolve("classes"));
        var options =
            List.of(
                "-proc:none",
                "-d",
                classes.toString(),
                "-cp",
                System.getProperty("java.class.path"));
        var done =
            compiler
                .getTask(
                    messages,
                    manager,
                    null,
                    options,
                    null,
                    manager.getJavaFileObjectsFromPaths(files))
                .call();
        assertThat(done).as(messages.toString()).isTrue();
        return new ClassFileImporter().importPath(classes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path source(String in, String name, String declaration) throws IOException {
    var file = directory.resolve("src").resolve(in.replace('.', '/')).resolve(name + ".java");
    Files.createDirectories(file.getParent());
    return Files.writeString(file, "package " + in + ";\n" + declaration + "\n");
  }
}
