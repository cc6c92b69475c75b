package io.dayu.read;

import java.io.FilterReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** Text whose records have a bounded length, so that garbage cannot fill the memory. */
final class RecordInput extends FilterReader {
  static final int MAX_CHARS = 1 << 20;

  /** A record is longer than the limit. */
  static final class TooLong extends IOException {
    private static final long serialVersionUID = 1L;

    TooLong() {
      super("a record is longer than " + MAX_CHARS + " characters");
    }
  }

  private final InputStream bytes;
  private int chars;

  RecordInput(InputStream bytes) {
    super(new InputStreamReader(bytes, StandardCharsets.UTF_8));
    this.bytes = bytes;
  }

  void beginRecord() {
    chars = 0;
  }

  @Override
  public int read() throws IOException {
    var one = new char[1];
    return read(one, 0, 1) < 0 ? -1 : one[0];
  }

  @Override
  public int read(char[] buffer, int offset, int length) throws IOException {
    if (chars >= MAX_CHARS) throw new TooLong();
    var read = super.read(buffer, offset, length);
    chars += Math.max(0, read);
    return read;
  }

  /** Ends a read that waits in another thread, which the reader's own close would wait for. */
  @Override
  public void close() throws IOException {
    bytes.close();
  }
}
