package io.dayu.read;

import io.dayu.element.Reading;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Readings one after the other, from text. Used by one thread at a time, save for closing. */
interface Records extends AutoCloseable {
  /** A record is not a reading. */
  final class BrokenRecord extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * @param line of the record, from 1
     */
    BrokenRecord(long line, @Nullable String what, String expected, @Nullable Throwable cause) {
      super("line %d: %s; expected %s".formatted(line, what, expected), cause);
    }
  }

  /** CSV with a header, or NDJSON, by the ending of {@code path}. */
  static Records open(String path, InputStream bytes, Columns columns)
      throws IOException, BrokenRecord {
    var input = new RecordInput(bytes);
    return isCsv(path) ? CsvRecords.open(input, columns) : new NdjsonRecords(input, columns);
  }

  static boolean claims(String path) {
    return isCsv(path) || path.toLowerCase(Locale.ROOT).endsWith(".ndjson");
  }

  private static boolean isCsv(String path) {
    return path.toLowerCase(Locale.ROOT).endsWith(".csv");
  }

  /** The next reading; empty at the end. */
  Optional<Reading> next() throws IOException, BrokenRecord;

  @Override
  void close() throws IOException;
}
