package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class QuotaTest {
  private static final int SHIFT = 20; // MiB

  @TempDir Path dir;

  @ParameterizedTest
  @CsvSource({
    // used, free, quota; MiB
    "0, 1000000, 20480",
    "0, 40960, 20480",
    "0, 40958, 20479",
    "0, 8000, 4000",
    "4000, 4000, 4000",
    "7900, 100, 4000",
    "0, 128, 64",
    "0, 100, 64",
    "0, 0, 64"
  })
  void theQuotaIsHalfOfTheDiskAndNoMoreThanUsual(long used, long free, long quota) {
    var found = Quota.ofDisk(used << SHIFT, free << SHIFT, Path.of("/data"));
    assertThat(found.bytes()).isEqualTo(quota << SHIFT);
    assertThat(found.configured()).isFalse();
  }

  @Test
  void itTellsWhyItIsSoMuch() {
    var place = Path.of("/data");
    assertThat(Quota.ofDisk(1_000L << SHIFT, 7_000L << SHIFT, place))
        .hasToString("4000 MiB, half of the 8000 MiB that the disk of /data has for them");
    assertThat(Quota.ofDisk(0, 10L << SHIFT, place))
        .hasToString(
            "64 MiB, the least, more than half of the 10 MiB that the disk of /data has for them");
    assertThat(Quota.of(5L << 30)).hasToString("5120 MiB, dayu.store.quota says so");
  }

  @Test
  void aDirectoryThatIsNotThereYetIsOnTheDiskOfWhatIs() throws IOException {
    var later = Quota.ofDisk(dir.resolve("not/yet/results.db"));
    assertThat(later.bytes()).isBetween(Quota.LEAST, 20L << 30);
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void whatResultsTakeAlreadyIsForThem() throws IOException {
    var file = Files.write(dir.resolve("results.db"), new byte[3 << 20]);
    Files.write(dir.resolve("results.db-wal"), new byte[2 << 20]);
    Files.write(dir.resolve("control.db"), new byte[8 << 20]);
    assertThat(Quota.used(file)).isEqualTo(5L << 20);
  }
}
