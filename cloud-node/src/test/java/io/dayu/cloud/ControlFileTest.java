package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.store.StoreException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that were damaged, or are not ours, where a node's pipelines should be. */
class ControlFileTest {
  @TempDir Path dir;
  private Path file;

  @BeforeEach
  void name() {
    file = dir.resolve("control.db");
  }

  @Test
  void aFileThatIsEmptyGoneOrCutOffIsRefusedWithWhatToDo() throws Exception {
    open();
    var whole = Files.readAllBytes(file);
    for (var left : List.of(0, 1, 99, 100, 5_000, whole.length / 2, whole.length - 1)) {
      var bytes = Arrays.copyOf(whole, left);
      Files.write(file, bytes);
      assertThatThrownBy(this::open)
          .as("%d of %d bytes", left, whole.length)
          .isInstanceOf(StoreException.class)
          .hasMessageContainingAll(file + " was there", "nothing was changed", file + ".lock");
      assertThat(file).hasBinaryContent(bytes);
    }
    Files.delete(file);
    assertThatThrownBy(this::open)
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll("it is gone", "backup");
    assertThat(file).doesNotExist();
    Files.write(file, whole);
    open();
  }

  @Test
  void aFileOfAnotherProgramIsRefusedAndStaysAsItIs() throws Exception {
    try (var theirs = DriverManager.getConnection("jdbc:sqlite:" + file)) {
      theirs.createStatement().execute("CREATE TABLE theirs (n INT)");
    }
    var bytes = Files.readAllBytes(file);
    assertThatThrownBy(this::open)
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll(file + " belongs to another program", "nothing was changed");
    assertThat(file).hasBinaryContent(bytes);

    Files.write(file, new byte[10_000]);
    assertThatThrownBy(this::open)
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll(file.toString(), "not a database");
    assertThat(file).hasBinaryContent(new byte[10_000]);
  }

  private void open() {
    ControlFile.open(dir.resolve("none"), file).close();
  }
}
