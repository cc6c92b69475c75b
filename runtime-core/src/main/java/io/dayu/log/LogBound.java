package io.dayu.log;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/**
 * Bounds the file to which this process's output is appended, where nobody else does: the logs of
 * nodes that {@code dayu up} has left running. It is emptied in place, with a copy beside it,
 * because the process keeps it open, and what natives write to the standard error is bounded with
 * it, which no appender of a logger would do.
 *
 * @param largest bytes after which it is emptied; with the copy there is twice as much on the disk,
 *     and what comes between two looks
 */
public record LogBound(long largest) {
  /** A day of a busy node. */
  public static final LogBound USUAL = new LogBound(32L << 20);

  public static final Duration LOOK = Duration.ofSeconds(5);

  /**
   * Looks at the file now and then, on a thread of its own, until the process ends.
   *
   * @return that thread; it ends earlier when it is interrupted, and then leaves the directory
   *     alone
   */
  @CanIgnoreReturnValue // a node watches as long as it lives
  public Thread watch(Path log, Duration look) {
    var keeper =
        new Thread(
            () -> {
              try {
                while (true) {
                  Thread.sleep(look.toMillis());
                  var unused = keep(log);
                }
              } catch (InterruptedException end) {
                Thread.currentThread().interrupt();
              }
            },
            "log");
    keeper.setDaemon(true);
    keeper.start();
    return keeper;
  }

  /** Empties the file if it is too large; true if it was. What comes meanwhile may be lost. */
  boolean keep(Path log) {
    try {
      if (Files.size(log) <= largest) return false;
      var copy = log.resolveSibling(log.getFileName() + ".1");
      try {
        Files.copy(log, copy, StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException e) {
        Files.deleteIfExists(copy); // a full disk: room is worth more than old lines
      }
      try (var file = FileChannel.open(log, StandardOpenOption.WRITE)) {
        file.truncate(0);
      }
      return true;
    } catch (IOException e) {
      return false; // it is gone, or not ours any more; the next look may have more luck
    }
  }
}
