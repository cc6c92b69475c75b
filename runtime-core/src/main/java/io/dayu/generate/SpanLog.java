package io.dayu.generate;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which elements of one stream were cut since its progress was saved, and which were under way
 * then. What is added is with the operating system when {@link #add} returns, so it outlives the
 * process, whatever kills it, but not always the machine: nothing is forced to the disk, since that
 * would cost more than the elements do. A reader must be able to work without its content.
 *
 * <p>Two files take turns. Each holds a segment: records of one size with a checksum, the first
 * ones those that were under way when it began. A file is overwritten only when a save that began
 * later is durable, so the spans that belong to the last save, and to the one before it, are always
 * there.
 *
 * <p>Safe for any thread. Writes block, as long as it takes to hand some kilobytes to the system.
 */
final class SpanLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SpanLog.class);
  private static final int RECORD = 6 * Long.BYTES; // segment, four of the span, checksum

  /** One of the two files. */
  private static final class Half {
    final Path path;
    @Nullable RandomAccessFile file; // null while it is not open
    long segment;
    long end;

    Half(Path path) {
      this.path = path;
    }

    /** What its segment holds, by number. */
    NavigableMap<Long, SourceSpan> open() throws IOException {
      var spans = new TreeMap<Long, SourceSpan>();
      segment = 0;
      file = new RandomAccessFile(path.toFile(), "rw");
      var bytes = Files.readAllBytes(path);
      var records = ByteBuffer.wrap(bytes);
      for (end = 0; records.remaining() >= RECORD; end += RECORD) {
        long of = records.getLong();
        var span =
            new SourceSpan(
                records.getLong(), records.getLong(), records.getLong(), records.getLong());
        // Behind the last record there may be a torn one, or those of an earlier segment.
        boolean whole = records.getLong() == checksum(bytes, (int) end);
        if (!whole || end > 0 && of != segment) break;
        segment = of;
        spans.put(span.seq(), span);
      }
      return spans;
    }

    void append(Collection<SourceSpan> spans) throws IOException {
      var file = Objects.requireNonNull(this.file, "it was opened");
      var records = ByteBuffer.allocate(spans.size() * RECORD);
      for (var span : spans) {
        int begin = records.position();
        records
            .putLong(segment)
            .putLong(span.seq())
            .putLong(span.from())
            .putLong(span.to())
            .putLong(span.createdAtMs());
        records.putLong(checksum(records.array(), begin));
      }
      file.seek(end);
      file.write(records.array());
      end += records.capacity();
    }

    private static long checksum(byte[] records, int begin) {
      var crc = new CRC32C();
      crc.update(records, begin, RECORD - Long.BYTES);
      return crc.getValue();
    }

    void close() {
      try {
        if (file != null) file.close();
      } catch (IOException e) {
        LOG.debug("{} was not closed", path, e); // no data waits in this process
      }
      file = null;
    }
  }

  private final Half[] halves; // the first is the one in use
  private boolean opened;
  private boolean closed;
  private boolean broken;
  private boolean carried; // whether the segment begins with what was under way
  private boolean durable; // whether a save that began with or in the segment is durable

  /**
   * @param name of the two files, without their ending
   */
  SpanLog(Path directory, String name) {
    this.halves =
        new Half[] {
          new Half(directory.resolve(name + ".cuts-0")),
          new Half(directory.resolve(name + ".cuts-1"))
        };
  }

  /** What both segments hold, by number; nothing if they cannot be read, or once it is closed. */
  synchronized NavigableMap<Long, SourceSpan> read() {
    if (closed) return new TreeMap<>();
    release();
    try {
      return open();
    } catch (IOException e) {
      gaveUp(e);
      return new TreeMap<>();
    }
  }

  synchronized void add(List<SourceSpan> spans) {
    if (closed || broken) return;
    try {
      if (!opened) open();
      halves[0].append(spans);
    } catch (IOException e) {
      gaveUp(e);
    }
  }

  /**
   * A save begins.
   *
   * @param underWay the elements that are not settled and that only this log knows
   */
  synchronized void begin(Collection<SourceSpan> underWay) {
    if (closed) return;
    try {
      if (!opened) open();
      if (durable) turn();
      else if (carried) return;
      halves[0].append(underWay);
      carried = true;
    } catch (IOException e) {
      gaveUp(e);
    }
  }

  private void turn() {
    var next = halves[1];
    halves[1] = halves[0];
    halves[0] = next;
    next.segment = halves[1].segment + 1;
    next.end = 0;
    durable = false;
    broken = false;
  }

  /** The save is durable. */
  synchronized void saved() {
    durable = true;
  }

  /** The stream is forgotten. */
  synchronized void delete() {
    if (closed) return;
    release();
    try {
      for (var half : halves) Files.deleteIfExists(half.path);
    } catch (IOException e) {
      LOG.warn("{} cannot be removed: {}", halves[0].path, e.toString());
    }
  }

  /** What is added later is not written. */
  @Override
  public synchronized void close() {
    closed = true;
    release();
  }

  private void release() {
    opened = false;
    for (var half : halves) half.close();
  }

  @CanIgnoreReturnValue
  private NavigableMap<Long, SourceSpan> open() throws IOException {
    var spans = new TreeMap<Long, SourceSpan>();
    // A number never stands for two elements, so both files have the same span for it.
    for (var half : halves) spans.putAll(half.open());
    if (halves[1].segment > halves[0].segment) {
      var newer = halves[1];
      halves[1] = halves[0];
      halves[0] = newer;
    }
    opened = true;
    broken = false;
    carried = false;
    durable = false;
    return spans;
  }

  /**
   * Until the next save is durable, a crash of the process loses spans like a crash of the machine.
   */
  private void gaveUp(IOException e) {
    if (!broken)
      LOG.warn(
          "{} cannot be written ({}); until it can, elements that are under way when this node is"
              + " killed are read again under new numbers",
          halves[0].path,
          e.toString());
    broken = true;
  }
}
