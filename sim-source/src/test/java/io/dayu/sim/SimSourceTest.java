package io.dayu.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Timeout(90)
class SimSourceTest {
  @TempDir Path folder;

  /**
   * In a small heap: pictures are not collected in memory, neither the made ones nor those a viewer
   * does not take.
   */
  @Test
  void aProcessSaysWhereItListensServesInASmallHeapAndEndsPromptly() throws Exception {
    var portFile = folder.resolve("port");
    var out = folder.resolve("out");
    var process =
        start(out, "-Xmx64m", "--cameras", "2", "--fps", "25", "--port-file", portFile.toString());
    try {
      await().atMost(30, TimeUnit.SECONDS).until(() -> Files.exists(portFile));
      int port = Integer.parseInt(Files.readString(portFile).strip());
      await().atMost(30, TimeUnit.SECONDS).until(() -> Files.readString(out).endsWith("\n"));
      assertThat(Files.readString(out))
          .isEqualTo("sim-source ready http://127.0.0.1:" + port + System.lineSeparator());
      try (var one = MjpegClient.open(URI.create("http://127.0.0.1:" + port + "/cam-0.mjpeg"));
          var two = MjpegClient.open(URI.create("http://127.0.0.1:" + port + "/cam-1.mjpeg"))) {
        long bytes = 0;
        for (int i = 0; i < 150; i++) {
          bytes += one.next().jpeg().length + two.next().jpeg().length;
        }
        assertThat(bytes).as("more than half of the heap was served").isGreaterThan(20_000_000);
      }
    } finally {
      process.destroy();
    }
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isIn(0, 143);
    assertThat(Files.readString(out).lines()).hasSize(1);
  }

  @Test
  void aPortInUseIsNamedWithWhatToDo() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      var err = new StringWriter();
      assertThat(run(err, "--port", Integer.toString(taken.getLocalPort()))).isEqualTo(1);
      assertThat(err.toString())
          .contains(Integer.toString(taken.getLocalPort()))
          .contains("--port 0");
    }
  }

  @Test
  void badOptionsAreRefusedWithTheirName() {
    for (var bad :
        List.of(
            List.of("--fps", "0"),
            List.of("--height", "541"),
            List.of("--cameras", "-1"),
            List.of("--port", "70000"),
            List.of("--faults", "burn=1s"),
            List.of("--video", "/no/such/film"),
            List.of("--rate", "x"))) {
      var err = new StringWriter();
      assertThat(run(err, bad.toArray(String[]::new))).as("%s", bad).isEqualTo(2);
      assertThat(err.toString()).contains(bad.get(0).equals("--faults") ? "burn" : bad.get(0));
    }
  }

  private static int run(StringWriter err, String... args) {
    return new CommandLine(new SimSource()).setErr(new PrintWriter(err, true)).execute(args);
  }

  private static Process start(Path out, String heap, String... args) throws IOException {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                heap,
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                SimSource.class.getName()));
    command.addAll(List.of(args));
    return new ProcessBuilder(command)
        .redirectOutput(out.toFile())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }
}
