package io.dayu.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogBoundTest {
  @TempDir Path dir;

  @Test
  void aLogBelowItsBoundStaysAsItIs() throws IOException {
    var log = Files.writeString(dir.resolve("node.log"), "1234");
    assertThat(new LogBound(4).keep(log)).isFalse();
    assertThat(log).hasContent("1234");
    assertThat(dir.resolve("node.log.1")).doesNotExist();
    assertThat(new LogBound(4).keep(dir.resolve("absent.log"))).isFalse();
  }

  @Test
  void aLogAboveItsBoundIsEmptiedWithOneCopy() throws IOException {
    var log = dir.resolve("node.log");
    for (var text : List.of("first run", "second run")) {
      Files.writeString(log, text);
      assertThat(new LogBound(4).keep(log)).isTrue();
      assertThat(log).isEmptyFile();
      assertThat(dir.resolve("node.log.1")).hasContent(text);
    }
  }

  @Test
  void aProcessThatWritesWithoutEndIsBounded() throws Exception {
    var log = dir.resolve("node.log");
    var process =
        new ProcessBuilder(
                "sh",
                "-c",
                "while true; do echo a line of some length on the standard error >&2; done")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    var keeper = new LogBound(10_000).watch(log, Duration.ofMillis(10));
    try {
      var copy = dir.resolve("node.log.1");
      await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(copy));
      var emptied = Files.getLastModifiedTime(copy);
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> Files.getLastModifiedTime(copy).compareTo(emptied) > 0);
    } finally {
      process.destroyForcibly().waitFor();
      keeper.interrupt();
      keeper.join(); // it writes into the directory, which is removed after the test
    }
    assertThat(Files.size(log)).as("no hole where the process wrote on").isLessThan(10_000_000);
  }
}
