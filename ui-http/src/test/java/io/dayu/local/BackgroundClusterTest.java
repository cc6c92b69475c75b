package io.dayu.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackgroundClusterTest {
  @TempDir private Path dir;

  @Test
  void aProcessThatIsNotOursIsNeverTakenForANode() {
    var self = ProcessHandle.current();
    var node =
        new BackgroundCluster.Started(
            "edge-1",
            "edge",
            self.pid(),
            self.info().startInstant().orElseThrow(),
            dir.resolve("data"),
            dir.resolve("log"),
            Optional.empty());
    assertThat(node.process()).isEmpty();
  }
}
