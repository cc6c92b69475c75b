package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.NodeReport.Role;
import io.dayu.keys.Holder;
import io.dayu.keys.NodeKeys;
import io.dayu.local.NodeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UpKeysTest {
  @TempDir private Path directory;

  @Test
  void everyNodeHasAKeyOfItsOwnThatNobodyElseReads() throws IOException {
    var place = directory.resolve("keys");
    var keys = UpKeys.in(place);
    assertThat(NodeKeys.open(of(keys.give(NodeOptions.cloud("cloud-1")))).holder())
        .isEqualTo(new Holder("cloud-1", Role.CLOUD));
    assertThat(NodeKeys.open(of(keys.give(NodeOptions.edge("edge-1", "site-1")))).holder())
        .isEqualTo(new Holder("edge-1", Role.EDGE));
    try (var files = Files.walk(place)) {
      assertThat(files)
          .allSatisfy(
              file ->
                  assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                      .endsWith("------"));
    }
  }

  @Test
  void theNextClusterHasNewOnesWhateverTheLastOneLeft() throws IOException {
    var before = UpKeys.in(directory).give(NodeOptions.edge("edge-1", "site-1"));
    var former = Files.readString(of(before).resolve(NodeKeys.KEY));
    Files.delete(directory.resolve(NodeKeys.AUTHORITY));
    var after = UpKeys.in(directory).give(NodeOptions.edge("edge-1", "site-1"));
    assertThat(Files.readString(of(after).resolve(NodeKeys.KEY))).isNotEqualTo(former);
  }

  private static Path of(NodeOptions node) {
    return Path.of(node.properties().get("dayu.keys.directory"));
  }
}
