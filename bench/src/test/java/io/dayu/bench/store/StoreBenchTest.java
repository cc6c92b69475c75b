package io.dayu.bench.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreBenchTest {
  @TempDir Path dir;

  @Test
  void everySizeOfACommitIsMeasuredAndReported() throws Exception {
    var figures =
        new StoreBench(new Target.Sqlite(dir), 64).run(List.of(64, 256), Duration.ofMillis(50));
    assertThat(figures).extracting(StoreBench.Figures::rowsPerCommit).containsExactly(64, 256);
    assertThat(figures)
        .allSatisfy(
            f -> {
              assertThat(f.rowsPerSecond()).isPositive();
              assertThat(f.cpuMicrosPerRow()).isPositive();
              // The body alone has more than a hundred.
              assertThat(f.bytesPerRow()).isBetween(100.0, 1_000.0);
            });
    var json = StoreBench.json(figures).path("rowsPerCommit");
    assertThat(json.path("256").path("rowsPerSecond").asDouble()).isPositive();
    assertThat(StoreBench.text(figures).lines()).hasSize(3);
  }
}
