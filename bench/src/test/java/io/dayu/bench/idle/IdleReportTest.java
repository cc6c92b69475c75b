package io.dayu.bench.idle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class IdleReportTest {
  @Test
  void hasTheKeysOthersRelyOn() {
    var json = new IdleReport(135.25, 1.2345678, 2.5, 2.75).json();

    assertThat(json.path("bench").asText()).isEqualTo("idle");
    assertThat(json.path("rssMb").asDouble()).isEqualTo(135.3);
    assertThat(json.path("cpuPercent").asDouble()).isEqualTo(1.235);
    assertThat(json.path("readySeconds").asDouble()).isEqualTo(2.5);
    assertThat(json.path("readyWallSeconds").asDouble()).isEqualTo(2.75);
  }

  @Test
  void aPersonSeesAllFiguresInOneRow() {
    assertThat(new IdleReport(135.25, 1.2345678, 2.5, 2.75).text())
        .contains("135 MB", "1.2 %", "2.5 s", "2.8 s");
  }
}
