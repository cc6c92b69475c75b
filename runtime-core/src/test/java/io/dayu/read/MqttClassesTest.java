package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.pipeline.Catalog;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that reads no MQTT pays for none of its libraries. */
class MqttClassesTest {
  @TempDir Path dir;

  @Test
  void theClientIsLoadedOnlyWhereASourceIsRead() throws Exception {
    var loaded = dir.resolve("classes");
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xlog:class+load:file=" + loaded,
                "-cp",
                System.getProperty("java.class.path"),
                Idle.class.getName())
            .inheritIO()
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
    var classes = Files.readString(loaded);
    assertThat(classes).contains("io.dayu.read.MqttReadings ");
    assertThat(classes).doesNotContain("com.hivemq").doesNotContain("io.netty");
  }

  /** What a node does with sources that it does not read. */
  static final class Idle {
    private Idle() {}

    public static void main(String[] args) {
      var catalog = Catalog.load(List.of());
      if (catalog.sources().size() < 5) throw new AssertionError(catalog.sources());
      if (catalog.source(URI.create("mqtt://broker/plant")).isEmpty()) throw new AssertionError();
    }
  }
}
