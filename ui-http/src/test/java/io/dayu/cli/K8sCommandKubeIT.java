package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.cli.install.Kubectl;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class K8sCommandKubeIT {
  private static final List<String> NODES =
      List.of("--cloud", "cloud-1=192.0.2.10", "--edge", "edge-1=192.0.2.21", "-n", "street");

  @TempDir private Path directory;

  @Test
  void aKustomizationThatWasWrittenIsWhatIsPrintedWithoutOne() {
    var printed = Cli.run(arguments());
    assertThat(printed.code()).as(printed.err()).isZero();
    assertThat(printed.out()).contains("name: node-edge-1", "namespace: street");
    var out = directory.resolve("mine");
    assertThat(Cli.run(arguments("--out", out.toString())).code()).isZero();
    assertThat(Kubectl.kustomize(out)).isEqualTo(printed.out());
  }

  @Test
  void whatIsWrongIsToldAndNothingWritten() {
    var out = directory.resolve("mine");
    var run = Cli.run(arguments("--out", out.toString(), "--set", "ports.data=25520"));
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("ports.cluster and ports.data are both 25520");
    assertThat(Files.exists(out)).isFalse();
  }

  private static String[] arguments(String... more) {
    var all = new ArrayList<>(List.of("k8s", "render"));
    all.addAll(NODES);
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }
}
