package io.dayu.bench.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.console.Progress;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FillBenchTest {
  @TempDir Path dir;

  @Test
  void bothEndsPagesAndARestartAreMeasuredAndReported() throws Exception {
    var report =
        new FillBench(new Target.Sqlite(dir), 7, 64, Progress.silent()).run(FillBench.FEWEST + 999);
    assertThat(report.rows()).isEqualTo(FillBench.FEWEST);
    assertThat(report.first().rows()).isEqualTo(FillBench.FEWEST / 2);
    assertThat(report.last().rows()).isEqualTo(FillBench.FEWEST / 2);
    assertThat(report.tenths())
        .hasSize(10)
        .allSatisfy(
            tenth -> {
              assertThat(tenth.rows()).isEqualTo(FillBench.FEWEST / 10);
              assertThat(tenth.rowsPerSecond()).isPositive();
            });
    assertThat(report.bytesPerRow()).isBetween(100.0, 1_000.0);
    var json = report.json();
    assertThat(json.path("rateRatio").asDouble()).isPositive();
    for (var where : List.of("first", "middle", "last"))
      assertThat(json.path("pagesMs").path(where).path("p95").asDouble()).isPositive();
    assertThat(json.path("restart").path("seconds").asDouble()).isPositive();
    assertThat(report.text()).contains("first pages", "restart");
  }

  @Test
  void percentilesAreOfTheSortedTimes() {
    var millis = new double[200];
    for (int i = 0; i < millis.length; i++) millis[i] = millis.length - i;
    assertThat(FillReport.Pages.of("last", millis))
        .isEqualTo(new FillReport.Pages("last", 101, 191));
  }
}
