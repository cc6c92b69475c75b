package io.dayu.bench.truth;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a live source gave away, by each of its openings: a file of times per opening, the n-th for
 * the index n. The operating system has the entry before the reading is passed on.
 */
public final class Journal {
  private Journal() {}

  /** Writes for one opening. Its file is closed with the process. */
  static final class Writer {
    private final String sensor;
    private final FileChannel file;
    private final ByteBuffer time = ByteBuffer.allocate(Long.BYTES);

    private Writer(String sensor, FileChannel file) {
      this.sensor = sensor;
      this.file = file;
    }

    String sensor() {
      return sensor;
    }

    void add(long atMs) throws IOException {
      time.clear().putLong(atMs).flip();
      file.write(time);
    }
  }

  /** A new file {@code <path>~<n>}; its name is the sensor's. */
  static Writer begin(Path path) throws IOException {
    for (int n = 1; ; n++) {
      var file = path.resolveSibling(path.getFileName() + "~" + n);
      try {
        return new Writer(
            file.getFileName().toString(),
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
      } catch (FileAlreadyExistsException taken) {
        // By an earlier opening.
      }
    }
  }

  /** Times of all readings by sensor, of all openings at {@code path}. */
  public static Map<String, long[]> read(Path path) throws IOException {
    var openings = new TreeMap<String, long[]>();
    var prefix = path.getFileName() + "~";
    try (var files = Files.list(path.toAbsolutePath().getParent())) {
      for (var file : files.filter(f -> f.getFileName().toString().startsWith(prefix)).toList()) {
        var times = ByteBuffer.wrap(Files.readAllBytes(file)).asLongBuffer();
        var all = new long[times.remaining()];
        times.get(all);
        openings.put(file.getFileName().toString(), all);
      }
    }
    return openings;
  }
}
