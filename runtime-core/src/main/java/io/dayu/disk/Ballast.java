package io.dayu.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that reserves space on a disk. When the disk is full, a writer that must not fail deletes
 * the file and continues; nothing new is begun until the file can be made again. Thread-safe.
 */
public final class Ballast {
  private static final Logger LOG = LoggerFactory.getLogger(Ballast.class);
  private static final int BLOCK = 1 << 16;

  private final Path file;
  private final Path directory;
  private final long bytes;

  public Ballast(Path file, long bytes) {
    this.file = file.toAbsolutePath();
    this.directory = this.file.resolveSibling("");
    this.bytes = bytes;
  }

  /**
   * Whether something new may be begun: the ballast is there, or can be made, and half as much is
   * free besides. Costs two system calls.
   */
  public synchronized boolean hasRoom() {
    if (file.toFile().length() == bytes) return free() >= bytes / 2;
    return free() >= 2 * bytes && take();
  }

  /**
   * Frees the space if the disk is full; false if the disk is not full, or the space was freed
   * before.
   */
  synchronized boolean giveUp() {
    if (bytes == 0 || free() >= bytes / 2 || !file.toFile().delete()) return false;
    LOG.warn(
        "the disk of {} is full; what is under way takes the {} bytes that were held back, and nothing new is stored until space is freed",
        directory,
        bytes);
    return true;
  }

  private long free() {
    return directory.toFile().getUsableSpace();
  }

  private boolean take() {
    // Random bytes: file systems that compress would reserve no space for zeros.
    var random = new Random();
    var block = new byte[BLOCK];
    try (var out = Files.newOutputStream(file)) {
      for (long left = bytes; left > 0; left -= block.length) {
        random.nextBytes(block);
        out.write(block, 0, (int) Math.min(block.length, left));
      }
      return true;
    } catch (IOException e) {
      file.toFile().delete(); // its length shows that it is no ballast
      return false;
    }
  }
}
