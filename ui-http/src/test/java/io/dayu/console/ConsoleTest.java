package io.dayu.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ConsoleTest {
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
}
