package io.dayu.catalog.video;

import java.io.IOException;
import java.io.InputStream;
import java.util.regex.Pattern;

/** The body of an answer that has a length, or that comes in chunks (RFC 9112). Not thread-safe. */
final class ChunkedBody extends InputStream {
  private static final Pattern SIZE = Pattern.compile("[0-9a-fA-F]{1,12}");

  private final InputStream in;
  private final boolean chunked;
  private long left; // of the body, or of the chunk
  private boolean first = true;
  private boolean over; // the last chunk has come

  private ChunkedBody(InputStream in, boolean chunked, long left) {
    this.in = in;
    this.chunked = chunked;
    this.left = left;
  }

  static ChunkedBody chunked(InputStream in) {
    return new ChunkedBody(in, true, 0);
  }

  /**
   * @param length at most; the body ends earlier where the bytes end
   */
  static ChunkedBody ofLength(InputStream in, long length) {
    return new ChunkedBody(in, false, length);
  }

  @Override
  public int read() throws IOException {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (left == 0 && chunked && !over) {
      left = size();
      over = left == 0;
    }
    if (left == 0) return -1;
    int read = in.read(target, offset, (int) Math.min(length, left));
    left = read < 0 ? 0 : left - read;
    return read;
  }

  /** Of the next chunk; 0 at the end. */
  private long size() throws IOException {
    var end = first ? "" : CameraConnection.line(in); // of the chunk before
    first = false;
    var size = CameraConnection.line(in).split(";", 2)[0].strip();
    if (!end.isBlank() || !SIZE.matcher(size).matches())
      throw new IOException("it says that it sends chunks (Transfer-Encoding), and sends none");
    return Long.parseLong(size, 16);
  }
}
