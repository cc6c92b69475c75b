package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextTest {
  @TempDir private Path dir;

  @Test
  void durationsAreReadWithTheirUnit() {
    assertThat(Units.duration("90")).isEqualTo(Duration.ofSeconds(90));
    assertThat(Units.duration("1.5m")).isEqualTo(Duration.ofSeconds(90));
    assertThat(Units.duration("500ms")).isEqualTo(Duration.ofMillis(500));
    assertThat(Units.duration("2h")).isEqualTo(Duration.ofHours(2));
    assertThatThrownBy(() -> Units.duration("-5s")).hasMessageContaining("60s, 2m or 1h");
  }

  @Test
  void figuresHaveTheUnitThatKeepsThemShort() {
    assertThat(Units.millis(0.44)).isEqualTo("0.4 ms");
    assertThat(Units.millis(1_240)).isEqualTo("1.2 s");
    assertThat(Units.millis(Double.NaN)).isEqualTo("-");
    assertThat(Units.bytes(999)).isEqualTo("999 B");
    assertThat(Units.bytes(12_340_000)).isEqualTo("12.3 MB");
    assertThat(Units.percent(0.426)).isEqualTo("43 %");
    assertThat(Units.clock(Duration.ofSeconds(3_725))).isEqualTo("1:02:05");
  }

  @Test
  void columnsAreAlignedAndARowStaysOneLine() {
    assertThat(
            Table.of("NAME", ">N", "WHY").row("é", 5, "two\nlines").row("long", 1234, "").lines())
        .containsExactly("NAME     N  WHY", "é        5  two lines", "long  1234");
    assertThatThrownBy(() -> Table.of("A").row(1, 2)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aTerminalSeesALineThatChangesAndALogDoesNot() {
    var terminal = new StringWriter();
    var progress = Progress.to(new PrintWriter(terminal), true);
    progress.now("a");
    progress.line("b");
    assertThat(terminal.toString()).isEqualTo("a\r\033[Kb" + System.lineSeparator());
    var log = new StringWriter();
    progress = Progress.to(new PrintWriter(log), false);
    progress.now("a");
    progress.line("b");
    assertThat(log.toString()).isEqualTo("b" + System.lineSeparator());
  }

  @Test
  void aProcessThatIsNotOursIsNeverTakenForANode() {
    var self = ProcessHandle.current();
    var node =
        new UpState.Started(
            "edge-1",
            "edge",
            self.pid(),
            self.info().startInstant().orElseThrow(),
            dir.resolve("data"),
            dir.resolve("log"));
    assertThat(node.process()).isEmpty();
  }

  @Test
  void theDoctorSaysWhatToDo() throws Exception {
    assertThat(DoctorCommand.java(11).grade()).isEqualTo(DoctorCommand.Grade.PROBLEM);
    assertThat(DoctorCommand.java(17).remedy()).isEmpty();
    assertThat(DoctorCommand.memory(100).remedy()).contains("1.5 GB");
    try (var taken = new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
      var check = DoctorCommand.port(taken.getLocalPort(), "dayu.http.port");
      assertThat(check.grade()).isEqualTo(DoctorCommand.Grade.HINT);
      assertThat(check.found()).contains("in use");
    }
    var setting = Files.writeString(dir.resolve("retries"), "15\n");
    assertThat(DoctorCommand.retries(setting).orElseThrow().remedy()).contains("sysctl");
    assertThat(DoctorCommand.retries(dir.resolve("none"))).isEmpty();
  }
}
