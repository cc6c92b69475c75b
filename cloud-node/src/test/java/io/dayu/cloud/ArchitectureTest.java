package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Our code keeps to {@link ArchitectureRules}. It is checked here because a cloud node's tests have
 * every other module on their class path.
 */
class ArchitectureTest {
  private static final Pattern TEST =
      Pattern.compile(
          "^\\s*@(Test|ParameterizedTest|RepeatedTest|Property|Example)\\b", Pattern.MULTILINE);
  private static final Pattern ABSTRACT =
      Pattern.compile("^(public )?abstract class ", Pattern.MULTILINE);

  private static JavaClasses ours;

  @BeforeAll
  static void read() {
    ours =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("-testkit.jar"))
            .importPackages("io.dayu");
  }

  static Stream<Arguments> rules() {
    return ArchitectureRules.all().entrySet().stream()
        .map(rule -> Arguments.of(rule.getKey(), rule.getValue()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rules")
  void codeKeepsTo(String name, ArchRule rule) {
    rule.check(ours);
  }

  /** A test whose name ends otherwise is never run, and nobody notices. */
  @Test
  void namesOfTestClassesSayTheirTier() throws IOException {
    var root = Path.of("").toAbsolutePath().getParent();
    try (var modules = Files.list(root)) {
      var files =
          modules
              .map(module -> module.resolve("src/test/java"))
              .filter(Files::isDirectory)
              .flatMap(ArchitectureTest::javaFiles)
              .toList();
      assertThat(files).as("test sources below %s", root).isNotEmpty();
      assertThat(files.stream().filter(ArchitectureTest::misnamed).map(root::relativize)).isEmpty();
    }
  }

  /** Whether the file holds tests and no runner looks for them under its name. */
  static boolean misnamed(Path file) {
    var name = file.getFileName().toString();
    if (name.matches(".*(Test|ClusterIT|ImageIT|KubeIT|UiIT)\\.java")) return false;
    try {
      var source = Files.readString(file);
      // The contract of a port is an abstract class; its subclasses carry the suffix.
      return TEST.matcher(source).find() && !ABSTRACT.matcher(source).find();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<Path> javaFiles(Path directory) {
    try (var files = Files.walk(directory)) {
      return files.filter(f -> f.toString().endsWith(".java")).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
