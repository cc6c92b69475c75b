package io.dayu.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateOwnerTest {
  private static final int SOMEBODY = 10001;

  @TempDir private Path directory;
  private Path state;
  private int user;

  @BeforeEach
  void make() throws IOException {
    state = Files.createDirectories(directory.resolve("node"));
    user = (int) Files.getAttribute(state, "unix:uid");
  }

  @Test
  void everythingInItBelongsToTheUserAndNobodyElseMayLookIn() throws IOException {
    // Only root may give something away; everybody else may give to themselves.
    int wanted = user == 0 ? SOMEBODY : user;
    int group = user == 0 ? SOMEBODY : (int) Files.getAttribute(state, "unix:gid");
    var outside = Files.writeString(directory.resolve("outside"), "x");
    var file = Files.writeString(Files.createDirectories(state.resolve("a/b")).resolve("c"), "x");
    var link = Files.createSymbolicLink(state.resolve("link"), outside);

    StateOwner.give(wanted + ":" + group, state);

    for (var path : new Path[] {state, state.resolve("a"), file, link})
      assertThat(owner(path)).as("%s", path).isEqualTo(Map.of("uid", wanted, "gid", group));
    assertThat(owner(outside)).containsEntry("uid", user);
    if (user == 0) assertThat(Files.getPosixFilePermissions(state)).hasSize(3);
  }

  @Test
  void whatIsTheirsAlreadyIsLeftAsItIs() throws IOException {
    int group = (int) Files.getAttribute(state, "unix:gid");
    var before = Files.getPosixFilePermissions(state);
    StateOwner.give(user + ":" + group, state);
    assertThat(Files.getPosixFilePermissions(state)).isEqualTo(before);
  }

  @Test
  void aNameIsNoOwner() {
    assertThatThrownBy(() -> StateOwner.give("dayu", state))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("UID:GID");
  }

  private static Map<String, Object> owner(Path path) throws IOException {
    return Files.readAttributes(path, "unix:uid,gid", LinkOption.NOFOLLOW_LINKS);
  }
}
