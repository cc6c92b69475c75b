package io.dayu.cloud;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * How much the whole store of results may take.
 *
 * @param why it is so much, for people
 * @param configured as a number; otherwise it may be another one at the next start
 */
record Quota(long bytes, String why, boolean configured) {
  static final long LEAST = 64L << 20;

  /** More than most need who have said nothing. */
  private static final long USUAL = 20L << 30;

  static Quota of(long bytes) {
    return new Quota(bytes, "dayu.store.quota says so", true);
  }

  /** Where the disk belongs to another machine, and each cloud node has to say the same. */
  static Quota shared() {
    return new Quota(
        USUAL, "the usual, since the disk of a shared database is not known here", false);
  }

  /**
   * The usual, or half of what the disk has for results if that is less: the other half is for what
   * else is there, and for the log that is written before the store is.
   *
   * @param file of the results; neither it nor its directories have to be there
   * @throws IOException if the disk cannot be looked at
   */
  static Quota ofDisk(Path file) throws IOException {
    var there = file.toAbsolutePath().getParent();
    while (there != null && !Files.exists(there)) there = there.getParent();
    if (there == null) throw new NoSuchFileException(file.toString());
    return ofDisk(used(file), Files.getFileStore(there).getUsableSpace(), there);
  }

  /** Bytes of results, with those that are written to the log of the file first. */
  static long used(Path file) throws IOException {
    long used = 0;
    for (var part : List.of(file, Path.of(file + "-wal")))
      if (Files.exists(part)) used += Files.size(part);
    return used;
  }

  static Quota ofDisk(long used, long free, Path place) {
    long half = (used + free) / 2;
    if (half >= USUAL) return new Quota(USUAL, "the usual, for which the disk has room", false);
    var why =
        "half of the %s MiB that the disk of %s has for them".formatted((used + free) >> 20, place);
    return half >= LEAST
        ? new Quota(half, why, false)
        : new Quota(LEAST, "the least, more than " + why, false);
  }

  @Override
  public String toString() {
    return "%s MiB, %s".formatted(bytes >> 20, why);
  }
}
