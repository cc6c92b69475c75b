package io.dayu.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A note beside a file of MVStore, {@code <file>.seen}, of which version it had: after a power
 * failure a file may be gone, empty or cut off, and MVStore then begins anew or with an old version
 * and says nothing. The note is forced to the disk once, when it is made; what it tells later is at
 * most some seconds older than the file. Thread-safe.
 */
final class Witness {
  /** What a file has become, compared with the note. */
  sealed interface Finding {
    /** Nothing is known to be missing. */
    enum Whole implements Finding {
      INSTANCE
    }

    /**
     * All is missing.
     *
     * @param what it is, for people
     */
    record Gone(String what) implements Finding {}

    /** The file cannot be read. */
    record Damaged(String reason) implements Finding {}

    /** What was written last is missing. */
    enum Older implements Finding {
      INSTANCE
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(Witness.class);
  private static final Duration EVERY = Duration.ofSeconds(10);

  private final Path file;
  private final Path note;
  // Guarded by this.
  private boolean written; // by this process
  private long writtenNanos;
  private boolean told;

  /** Of a file that may not be there. */
  Witness(Path file) {
    this.file = file;
    this.note = note(file);
  }

  /** Where the note of a file lies. */
  static Path note(Path file) {
    return file.resolveSibling(file.getFileName() + ".seen");
  }

  /** Compares the file, which nobody has open, with its note; changes neither. */
  Finding look() {
    try {
      boolean there = Files.exists(file);
      if (there && !Files.isReadable(file)) return Finding.Whole.INSTANCE; // who opens it says so
      if (there && Files.size(file) == 0) return new Finding.Gone("it is empty");
      if (!there)
        return Files.exists(note) ? new Finding.Gone("it is gone") : Finding.Whole.INSTANCE;
    } catch (IOException e) {
      return Finding.Whole.INSTANCE; // the same
    }
    try (var store = new MVStore.Builder().fileName(file.toString()).readOnly().open()) {
      return finding(store.getCurrentVersion());
    } catch (MVStoreException e) {
      // Who opens it says so, and why.
      if (e.getErrorCode() == DataUtils.ERROR_FILE_LOCKED) return Finding.Whole.INSTANCE;
      return new Finding.Damaged(String.valueOf(e.getMessage()));
    }
  }

  /** Compares a version of the file with its note. */
  private Finding finding(long version) {
    var noted = read();
    return noted.isPresent() && version < noted.get()
        ? Finding.Older.INSTANCE
        : Finding.Whole.INSTANCE;
  }

  /** The file has this version, which is written. Cheap if it was called a moment ago. */
  synchronized void saw(long version) {
    long now = System.nanoTime();
    if (written && now - writtenNanos < EVERY.toNanos()) return;
    write(version, !written);
    written = true;
    writtenNanos = now;
  }

  /** The file is begun anew. */
  synchronized void forget() {
    written = false;
    try {
      Files.deleteIfExists(note);
    } catch (IOException e) {
      tell(e);
    }
  }

  /** The version; release 0.1 wrote an older one after it. */
  private Optional<Long> read() {
    try {
      var words = Files.readString(note, StandardCharsets.US_ASCII).trim().split(" ", 2);
      return Optional.of(Long.parseLong(words[0]));
    } catch (IOException | NumberFormatException e) {
      return Optional.empty(); // it was torn itself: then it only shows that the file was there
    }
  }

  private void write(long version, boolean forced) {
    // Less than a sector, so that no part of it is written alone.
    var text = "%-63s\n".formatted(Long.toString(version));
    try (var channel =
        FileChannel.open(note, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), 0);
      if (forced) channel.force(true);
    } catch (IOException e) {
      tell(e);
    }
  }

  private void tell(IOException e) {
    if (!told)
      LOG.warn(
          "{} is not written ({}); a loss of {} would not be noticed", note, e.toString(), file);
    told = true;
  }
}
