package io.dayu.sim;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Keeps the pictures of one loop in a temporary file instead of the heap: the system's page cache
 * holds what is in use, and gives it up when memory is short. Not thread-safe.
 */
final class FrameCache implements AutoCloseable {
  // Not a FileChannel: an interrupted reader would close it for everyone.
  private final RandomAccessFile file;
  private final long[] offsets;
  private final int[] lengths;
  private long end;

  FrameCache(int frames) throws IOException {
    Path path = Files.createTempFile("dayu-camera-", ".jpegs");
    file = new RandomAccessFile(path.toFile(), "rw");
    // Deleted at once where the system allows it, so that the file does not stay after kill -9.
    if (!path.toFile().delete()) {
      path.toFile().deleteOnExit();
    }
    offsets = new long[frames];
    lengths = new int[frames];
  }

  Optional<byte[]> get(int index) throws IOException {
    if (lengths[index] == 0) {
      return Optional.empty();
    }
    var bytes = new byte[lengths[index]];
    file.seek(offsets[index]);
    file.readFully(bytes);
    return Optional.of(bytes);
  }

  void put(int index, byte[] bytes) throws IOException {
    file.seek(end);
    file.write(bytes);
    offsets[index] = end;
    lengths[index] = bytes.length;
    end += bytes.length;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
