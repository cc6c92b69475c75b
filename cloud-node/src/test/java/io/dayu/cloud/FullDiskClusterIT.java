package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A cloud node whose disk fills up. The disk is a small file system in memory, which only root may
 * mount; others skip this.
 */
class FullDiskClusterIT {
  private static final int COUNT = 6_000;

  private Path disk;
  private boolean mounted;

  @BeforeEach
  void mount() throws IOException, InterruptedException {
    disk = Cluster.empty(getClass().getSimpleName()).resolve("cloud-1").resolve("data");
    Files.createDirectories(disk);
    mounted = run("mount", "-t", "tmpfs", "-o", "size=48m", "dayu-test", disk.toString()) == 0;
    assumeTrue(mounted, "only root can mount a small file system");
  }

  @AfterEach
  void unmount() throws IOException, InterruptedException {
    if (mounted) assertThat(run("umount", "-l", disk.toString())).isZero();
  }

  private static int run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  @Test
  void sourcesAreHeldBackWhileItIsFullAndGoOnWhenThereIsSpace() throws IOException {
    try (var cluster = Cluster.start(disk.getParent().getParent(), 1, n -> n)) {
      cluster.submit(
          """
          apiVersion: dayu.io/v1alpha1
          kind: Pipeline
          metadata: {name: stored}
          spec:
            sources: [{name: numbers, uri: "synthetic:?bytes=100&rate=300&count=%d", node: edge-1}]
            stages: [{id: work, type: identity}]
            policy: {name: fixed, params: {route: {work: edge-1}}}
          """
              .formatted(COUNT));
      cluster.awaitLedger("stored", l -> l.delivered() > 300);

      var filler = disk.resolve("filler");
      fill(filler);
      Cluster.await("the warning")
          .until(() -> cluster.log("cloud-1").contains("results cannot be stored now"));
      var held = cluster.awaitLedger("stored", l -> l.inFlight() > 0);
      assertThat(held.generated()).isLessThan(COUNT);
      assertThat(held.failed() + held.shed()).isZero();

      Files.delete(filler);
      var ledger = cluster.awaitDelivered("stored", COUNT);
      assertThat(ledger.generated()).isEqualTo(COUNT);
      assertThat(ledger.failed() + ledger.shed()).isZero();
      assertThat(Cluster.seqs(cluster.results("stored")))
          .hasSize(COUNT)
          .containsExactlyInAnyOrderElementsOf(LongStream.range(0, COUNT).boxed().toList());
      assertThat(cluster.log("cloud-1")).contains("results are stored again");
    }
  }

  /** Takes all the space there is. */
  private static void fill(Path filler) throws IOException {
    var block = new byte[64 << 10];
    try (var out = Files.newOutputStream(filler)) {
      while (true) out.write(block);
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("space");
    }
  }
}
