package io.dayu.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
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
    assertThat(Units.millis(170_000_000)).isEqualTo("47.2 h");
    assertThat(Units.millis(273_600_000)).isEqualTo("3.2 d");
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

  private static final OutputStream FULL =
      new OutputStream() {
        @Override
        public void write(int b) throws IOException {
          throw new IOException("No space left on device");
        }
      };

  @Test
  void aProgramEndsAtTheFirstWriteThatFailsAndTellsTheReason() {
    var err = new StringWriter();
    var lines = new AtomicInteger();
    int code =
        StandardOutput.run(
            (out, ignored) -> {
              while (lines.incrementAndGet() < 10) out.println("one more");
              return 0;
            },
            FULL,
            false,
            new PrintWriter(err, true));
    assertThat(code).isEqualTo(1);
    assertThat(err.toString().strip())
        .isEqualTo("cannot write the output: No space left on device");
    assertThat(lines).hasValue(1);
  }

  @Test
  void aProgramWhoseReaderHasEndedEndsWithoutAWordAlsoIfItHandlesTheFailure() {
    var err = new StringWriter();
    int code =
        StandardOutput.run(
            (out, ignored) -> {
              try {
                out.println("nobody reads this");
              } catch (Error handled) {
                // As a command that ends in order does.
              }
              return 0;
            },
            FULL,
            true,
            new PrintWriter(err, true));
    assertThat(code).isEqualTo(StandardOutput.BROKEN_PIPE);
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void whatWasPrintedWithoutALineEndIsWrittenAtTheEndOfTheProgram() {
    var written = new ByteArrayOutputStream();
    int code =
        StandardOutput.run(
            (out, err) -> {
              out.print("ü");
              return 3;
            },
            written,
            true,
            new PrintWriter(new StringWriter()));
    assertThat(code).isEqualTo(3);
    assertThat(written.toString(StandardCharsets.UTF_8)).isEqualTo("ü");
  }
}
