package io.dayu.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Small files that are replaced as a whole: a crash leaves the old content or the new one. */
public final class WholeFile {
  private WholeFile() {}

  /**
   * Forces the content to the disk; blocks. Only one thread may replace a file at a time.
   *
   * @throws IOException if it cannot; then the file is as it was
   */
  public static void replace(Path file, byte[] content) throws IOException {
    var temporary = file.resolveSibling(file.getFileName() + ".tmp");
    try (var channel =
        FileChannel.open(
            temporary,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      var bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) channel.write(bytes);
      channel.force(true);
    }
    Files.move(
        temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    // The new name is durable only with its directory.
    try (var directory = FileChannel.open(file.toAbsolutePath().getParent())) {
      directory.force(true);
    }
  }
}
