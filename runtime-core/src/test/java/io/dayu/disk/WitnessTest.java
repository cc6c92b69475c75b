package io.dayu.disk;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.dayu.disk.Witness.Finding;
import io.dayu.link.Logs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WitnessTest {
  @TempDir Path dir;
  private Path file;
  private Path note;

  @BeforeEach
  void name() {
    file = dir.resolve("file");
    note = Witness.note(file);
  }

  @Test
  void aFileThatNeverWasIsNotMissed() {
    assertThat(new Witness(file).look()).isEqualTo(Finding.Whole.INSTANCE);
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void aFileThatHasTheVersionThatWasSeenIsWhole() throws IOException {
    long version = write();
    new Witness(file).saw(version);
    assertThat(new Witness(file).look()).isEqualTo(Finding.Whole.INSTANCE);
    write();
    assertThat(new Witness(file).look()).as("a newer one").isEqualTo(Finding.Whole.INSTANCE);
  }

  @Test
  void aFileThatIsOlderThanWhatWasSeenLacksWhatWasWrittenLast() throws IOException {
    long version = write();
    new Witness(file).saw(version + 1);
    assertThat(new Witness(file).look()).isEqualTo(Finding.Older.INSTANCE);
  }

  @Test
  void aFileThatWasThereAndIsNotIsGone() throws IOException {
    new Witness(file).saw(write());
    Files.delete(file);
    assertThat(new Witness(file).look()).isEqualTo(new Finding.Gone("it is gone"));
  }

  @Test
  void anEmptyFileIsGoneWhetherItWasSeenOrNot() throws IOException {
    Files.createFile(file);
    assertThat(new Witness(file).look()).isEqualTo(new Finding.Gone("it is empty"));
  }

  @Test
  void aFileThatCannotBeReadIsDamagedAndStaysAsItIs() throws IOException {
    var garbage = new byte[10_000];
    Files.write(file, garbage);
    assertThat(new Witness(file).look()).isInstanceOf(Finding.Damaged.class);
    assertThat(file).hasBinaryContent(garbage);
  }

  @Test
  void aFileThatIsOpenElsewhereIsNotFoundFaultWith() throws IOException {
    write();
    try (var open = MVStore.open(file.toString())) {
      assertThat(new Witness(file).look()).isEqualTo(Finding.Whole.INSTANCE);
      assertThat(open.isClosed()).isFalse();
    }
  }

  /** The note itself can be torn, or was written by release 0.1. */
  @ParameterizedTest
  @ValueSource(strings = {"", "12x", "\0\0\0\0"})
  void aTornNoteTellsOnlyThatThereWasAFile(String text) throws IOException {
    write();
    Files.writeString(note, text);
    assertThat(new Witness(file).look()).isEqualTo(Finding.Whole.INSTANCE);
    Files.delete(file);
    assertThat(new Witness(file).look()).isEqualTo(new Finding.Gone("it is gone"));
  }

  @Test
  void theNewerOfTheTwoVersionsThatRelease01WroteCounts() throws IOException {
    long version = write();
    Files.writeString(note, "%s %s\n".formatted(version + 1, version));
    assertThat(new Witness(file).look()).isEqualTo(Finding.Older.INSTANCE);
  }

  @Test
  void aShorterVersionLeavesNothingOfALongerOne() throws IOException {
    new Witness(file).saw(1_000_000);
    new Witness(file).saw(7);
    assertThat(Files.readString(note)).isEqualTo("7" + " ".repeat(62) + "\n");
  }

  @Test
  void soonAfterANoteNoOtherIsWrittenUntilTheFileIsBegunAnew() throws IOException {
    var witness = new Witness(file);
    witness.saw(5);
    witness.saw(6);
    assertThat(Files.readString(note).trim()).isEqualTo("5");
    witness.forget();
    assertThat(note).doesNotExist();
    witness.saw(1);
    assertThat(Files.readString(note).trim()).isEqualTo("1");
  }

  @Test
  void aNoteThatCannotBeWrittenIsToldOnce() throws IOException {
    Files.createDirectories(note.resolve("in the way"));
    try (var logs = Logs.of(Witness.class)) {
      var witness = new Witness(file);
      witness.saw(1);
      witness.forget();
      assertThat(logs.has(Level.WARN, note.toString(), "a loss of " + file)).isTrue();
      assertThat(logs.loud()).hasSize(1);
    }
  }

  /** Writes a version, which is returned. */
  private long write() {
    try (var store = new MVStore.Builder().fileName(file.toString()).open()) {
      store.<Long, Long>openMap("numbers").put(store.getCurrentVersion(), 1L);
    }
    try (var store = new MVStore.Builder().fileName(file.toString()).readOnly().open()) {
      return store.getCurrentVersion();
    }
  }
}
