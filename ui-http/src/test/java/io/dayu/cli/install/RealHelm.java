package io.dayu.cli.install;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.marcnuri.helm.Helm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Helm itself, as a library for Linux on amd64 with a C library as of 2021 (Debian 12, Ubuntu
 * 22.04). Asks neither a cluster nor a network. Tests that need it are skipped elsewhere.
 */
final class RealHelm {
  private static final String KUBERNETES = "1.30.0";

  private final Path chart;
  private final Path directory;
  private final Helm helm;

  /**
   * @param directory for files
   */
  RealHelm(Path chart, Path directory) {
    assumeTrue(
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64"),
        "Helm's library is for Linux on amd64: the chart is not looked at on this machine");
    this.chart = chart;
    this.directory = directory;
    this.helm = new Helm(chart);
  }

  /** {@code helm template}. */
  String template(JsonNode values) throws IOException {
    return helm.template()
        .withName("dayu")
        .withNamespace(values.path("namespace").asText())
        .withKubeVersion(KUBERNETES)
        .withValuesFile(file(values))
        .call();
  }

  /** What {@code helm install} tells at its end. */
  String notes(JsonNode values) throws IOException {
    return helm.install()
        .withName("dayu")
        .withNamespace(values.path("namespace").asText())
        .withKubeVersion(KUBERNETES)
        .clientOnly()
        .dryRun()
        .withValuesFile(file(values))
        .call()
        .getOutput();
  }

  /** What {@code helm lint} counts as errors. */
  List<String> faults() {
    var result = helm.lint().call();
    return result.isFailed() ? result.getMessages() : List.of();
  }

  /** {@code helm package}. */
  Path packaged() throws IOException {
    var to = Files.createTempDirectory(directory, "packaged");
    helm.packageIt().withDestination(to).call();
    try (var files = Files.list(to)) {
      return files.findFirst().orElseThrow(() -> new AssertionError("nothing made of " + chart));
    }
  }

  private Path file(JsonNode values) throws IOException {
    var file = Files.createTempFile(directory, "values", ".json");
    new ObjectMapper().writeValue(file.toFile(), values);
    return file;
  }
}
