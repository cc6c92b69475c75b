package io.dayu.read;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.charset.Charset;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Lines of text, each with a bounded length, so that garbage cannot fill the memory. Reads nothing
 * before the first line is asked for. Used by one thread at a time, save for closing.
 */
final class Lines implements AutoCloseable {
  static final int MAX_CHARS = 1 << 20;

  /** The most lines that one record may take. */
  static final int MAX_LINES = 100;

  static final String TOO_LONG = "a record is longer than " + MAX_CHARS + " characters";

  /**
   * @param number from 1
   * @param whole false if it is longer than {@link #MAX_CHARS}; then {@code text} is its beginning
   */
  record Line(long number, String text, boolean whole) {}

  private final InputStream bytes;
  private final Optional<Charset> charset;
  private final Deque<Line> again = new ArrayDeque<>(); // at most MAX_LINES
  private final char[] buffer = new char[8192];
  private @Nullable Reader reader; // null until the first line is asked for
  private int next;
  private int end;
  private long number;
  private boolean afterReturn; // a line feed there belongs to the line before

  Lines(InputStream bytes, Optional<Charset> charset) {
    this.bytes = bytes;
    this.charset = charset;
  }

  /** The next line; empty at the end. */
  Optional<Line> next() throws IOException {
    if (!again.isEmpty()) return Optional.of(again.remove());
    if (reader == null) reader = Encodings.reader(bytes, charset);
    var text = new StringBuilder();
    boolean whole = true;
    boolean begun = false;
    while (true) {
      if (next == end) {
        end = Math.max(0, reader.read(buffer));
        next = 0;
        if (end == 0)
          return begun ? Optional.of(new Line(++number, text.toString(), whole)) : Optional.empty();
      }
      if (afterReturn && buffer[next] == '\n') next++;
      else if (isEnd(buffer[next])) {
        afterReturn = buffer[next++] == '\r';
        return Optional.of(new Line(++number, text.toString(), whole));
      } else {
        int from = next;
        while (next < end && !isEnd(buffer[next])) next++;
        int room = MAX_CHARS - text.length();
        whole &= next - from <= room;
        text.append(buffer, from, Math.min(next - from, room));
        begun = true;
      }
      afterReturn = false;
    }
  }

  private static boolean isEnd(char c) {
    return c == '\n' || c == '\r';
  }

  /** These come again, before all others. */
  void again(List<Line> lines) {
    for (int i = lines.size() - 1; i >= 0; i--) again.addFirst(lines.get(i));
  }

  /** Ends a read that waits in another thread, which the reader's own close would wait for. */
  @Override
  public void close() throws IOException {
    bytes.close();
  }
}
