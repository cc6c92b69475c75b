package io.dayu.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
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
public final class Witness {
  /** What a file has become, compared with the note. */
  public sealed interface Finding {
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

    /**
     * What was written last is missing.
     *
     * @param much more than {@link #LITTLE} of it
     */
    record Older(boolean much) implements Finding {}
  }

  /** Losing this much is no more than a power failure may take from a file that is not forced. */
  public static final Duration LITTLE = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(Witness.class);
  private static final Duration EVERY = Duration.ofSeconds(10);

  /**
   * @param latest the version when the note was written
   * @param before a version that is older by {@link #LITTLE} at least; 0 if there was none
   */
  private record Seen(long latest, long before) {}

  private final Path file;
  private final Path note;
  private final Clock clock;
  private final LongSupplier nanos;
  // Guarded by this.
  private Optional<Seen> seen = Optional.empty(); // as it was written by this process
  private long writtenNanos;
  private long beforeNanos; // when the version was the latest that will be the one before
  private long coming; // that version
  private boolean told;

  /**
   * @param nanos a clock as {@link System#nanoTime}
   */
  Witness(Path file, Clock clock, LongSupplier nanos) {
    this.file = file;
    this.note = note(file);
    this.clock = clock;
    this.nanos = nanos;
  }

  /** Of a file that may not be there. */
  public static Witness of(Path file) {
    return new Witness(file, Clock.systemUTC(), System::nanoTime);
  }

  /** Where the note of a file lies. */
  public static Path note(Path file) {
    return file.resolveSibling(file.getFileName() + ".seen");
  }

  /** Compares the file, which nobody has open, with its note; changes neither. */
  public Finding look() {
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
    return noted.isPresent() && version < noted.get().latest()
        ? new Finding.Older(version < noted.get().before())
        : Finding.Whole.INSTANCE;
  }

  /** The file has this version, which is written. Cheap if it was called a moment ago. */
  public synchronized void saw(long version) {
    long now = nanos.getAsLong();
    if (seen.isPresent() && now - writtenNanos < EVERY.toNanos()) return;
    long before = seen.map(Seen::before).orElseGet(this::earlier);
    if (seen.isEmpty()) {
      coming = version;
      beforeNanos = now;
    } else if (now - beforeNanos >= LITTLE.toNanos()) {
      before = coming;
      coming = version;
      beforeNanos = now;
    }
    write(new Seen(version, before), seen.isEmpty());
    seen = Optional.of(new Seen(version, before));
    writtenNanos = now;
  }

  /** The file is begun anew. */
  synchronized void forget() {
    seen = Optional.empty();
    try {
      Files.deleteIfExists(note);
    } catch (IOException e) {
      tell(e);
    }
  }

  /** The version that an earlier process noted, if that is long enough ago. */
  private long earlier() {
    try {
      var age = Duration.between(Files.getLastModifiedTime(note).toInstant(), clock.instant());
      return age.compareTo(LITTLE) < 0 ? 0 : read().map(Seen::latest).orElse(0L);
    } catch (IOException e) {
      return 0;
    }
  }

  private Optional<Seen> read() {
    try {
      var words = Files.readString(note, StandardCharsets.US_ASCII).trim().split(" ");
      return Optional.of(new Seen(Long.parseLong(words[0]), Long.parseLong(words[1])));
    } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
      return Optional.empty(); // it was torn itself: then it only shows that the file was there
    }
  }

  private void write(Seen now, boolean forced) {
    // Less than a sector, so that no part of it is written alone.
    var text = "%-63s\n".formatted(now.latest() + " " + now.before());
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
