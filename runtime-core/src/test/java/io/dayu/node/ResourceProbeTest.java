package io.dayu.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResourceProbeTest {
  @TempDir private Path root;

  @Test
  void readsTheFilesOfLinux() throws IOException {
    file("proc/stat", "cpu  10 20 30 400 50 6 7 8 900 900\ncpu0 1 2 3 4\ncpu1 1 2 3 4\nintr 5\n");
    file("proc/loadavg", "1.50 1.00 0.50 2/300 4711\n");
    file("proc/self/stat", "4711 (a name) of (two) S 1 1 1 0 -1 4 0 0 0 0 123 45 0 0 20 0 9 0\n");
    file("proc/self/status", "Name:\ta\nVmHWM:\t  9000 kB\nVmRSS:\t  2048 kB\n");
    file("proc/meminfo", "MemTotal:  1000 kB\nMemFree:  1 kB\nMemAvailable:   400 kB\n");
    file(
        "proc/net/dev",
        """
        Inter-|   Receive                                                |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets
            lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0
          eth0: 100 1 0 0 0 0 0 0 30 1 0 0 0 0 0 0
          eth1:4000000000 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0
        """);
    file("sys/class/thermal/thermal_zone0/type", "battery\n");
    file("sys/class/thermal/thermal_zone0/temp", "20000\n");
    file("sys/class/thermal/thermal_zone1/type", "cpu-thermal\n");
    file("sys/class/thermal/thermal_zone1/temp", "41500\n");

    assertThat(new ResourceProbe(root).get())
        .isEqualTo(
            new ResourceSampler.Counters(
                81,
                531,
                0.75,
                1680,
                1000L << 10,
                400L << 10,
                2048L << 10,
                4_000_000_100L,
                35,
                OptionalDouble.of(41.5)));
  }

  @Test
  void prefersTheSensorOfTheProcessorsOwnDriver() throws IOException {
    file("sys/class/thermal/thermal_zone0/type", "x86_pkg_temp\n");
    file("sys/class/thermal/thermal_zone0/temp", "41000\n");
    file("sys/class/hwmon/hwmon0/name", "nvme\n");
    file("sys/class/hwmon/hwmon0/temp1_input", "30000\n");
    file("sys/class/hwmon/hwmon1/name", "k10temp\n");
    file("sys/class/hwmon/hwmon1/temp1_input", "52000\n");

    assertThat(new ResourceProbe(root).get().celsius()).hasValue(52);
  }

  @Test
  void whatHasNoFileIsNothing() {
    assertThat(new ResourceProbe(root).get())
        .isEqualTo(
            new ResourceSampler.Counters(0, 0, -1, 0, 0, 0, 0, 0, 0, OptionalDouble.empty()));
  }

  private void file(String path, String text) throws IOException {
    var file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
