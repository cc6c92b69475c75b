package io.dayu.bench.truth;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
  @TempDir private Path directory;

  @Test
  void eachOpeningIsKeptByItself() throws Exception {
    var path = directory.resolve("live-1");
    var first = Journal.begin(path);
    first.add(1_000);
    first.add(1_050);
    var second = Journal.begin(path);
    second.add(2_000);
    Journal.begin(directory.resolve("live-10")).add(3_000);

    var read = Journal.read(path);
    assertThat(read).containsOnlyKeys("live-1~1", "live-1~2");
    assertThat(read.get(first.sensor())).containsExactly(1_000, 1_050);
    assertThat(read.get(second.sensor())).containsExactly(2_000);
  }
}
