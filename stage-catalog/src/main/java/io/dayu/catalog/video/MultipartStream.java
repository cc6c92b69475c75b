package io.dayu.catalog.video;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * The parts of a {@code multipart/x-mixed-replace} answer (RFC 2046 with the liberties that cameras
 * take: boundaries declared with or without their dashes, parts with or without a length). Every
 * part, line and wait has a limit. Blocking; not thread-safe.
 */
final class MultipartStream {
  static final int MAX_PART = 16 << 20;
  private static final int MAX_LINE = 8 << 10;
  private static final int MAX_LINES = 100;
  private static final int DASHES = "\r\n--".length();
  private static final Pattern BOUNDARY =
      Pattern.compile("boundary=(?:\"([^\"]+)\"|([^\\s;]+))", Pattern.CASE_INSENSITIVE);
  private static final Pattern LENGTH =
      Pattern.compile("content-length:\\s*(\\d{1,9})\\s*", Pattern.CASE_INSENSITIVE);

  private final InputStream in;
  private final String delimiter;
  private final int patienceMs;
  private long deadlineNanos;
  private boolean atDelimiter;

  /**
   * @param boundary without leading dashes
   * @param patienceMs how long one part may take
   */
  MultipartStream(InputStream in, String boundary, int patienceMs) {
    this.in = new BufferedInputStream(new Timed(in), 64 << 10);
    this.delimiter = "--" + boundary;
    this.patienceMs = patienceMs;
  }

  /** The boundary that a content type names, without leading dashes. */
  static String boundary(String contentType) throws IOException {
    var matcher = BOUNDARY.matcher(contentType);
    if (!matcher.find()) throw new IOException(contentType + " names no boundary");
    var name = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    return name.replaceFirst("^-+", "");
  }

  /**
   * The content of the next part.
   *
   * @throws EOFException at the end of the stream
   * @throws SocketTimeoutException if it does not come within the patience
   */
  byte[] next() throws IOException {
    deadlineNanos = System.nanoTime() + patienceMs * 1_000_000L;
    if (!atDelimiter) skipToDelimiter();
    atDelimiter = false;
    var length = length();
    return length.isPresent() ? exactly(length.getAsInt()) : upToDelimiter();
  }

  private void skipToDelimiter() throws IOException {
    for (var lines = 0; lines < MAX_LINES; lines++) {
      var line = line().strip();
      // Some cameras write more dashes than they declare.
      if (!line.startsWith("--") || !line.replaceFirst("^-+", "--").startsWith(delimiter)) continue;
      if (line.endsWith("--") && line.length() > delimiter.length())
        throw new EOFException("it ended the stream");
      return;
    }
    throw new IOException("it sends no boundary " + delimiter + " between its frames");
  }

  private OptionalInt length() throws IOException {
    var length = OptionalInt.empty();
    for (var lines = 0; lines < MAX_LINES; lines++) {
      var line = line();
      if (line.isBlank()) return length;
      var matcher = LENGTH.matcher(line);
      if (matcher.matches()) length = OptionalInt.of(accepted(Integer.parseInt(matcher.group(1))));
    }
    throw new IOException("it sends more than " + MAX_LINES + " headers with a frame");
  }

  private byte[] exactly(int length) throws IOException {
    var content = new byte[length];
    for (var at = 0; at < length; ) {
      var read = in.read(content, at, length - at);
      if (read < 0) throw closed();
      at += read;
    }
    return content;
  }

  private byte[] upToDelimiter() throws IOException {
    var content = new ByteArrayOutputStream(64 << 10);
    var end = ("\r\n" + delimiter).getBytes(StandardCharsets.ISO_8859_1);
    var matched = 0;
    var moreDashes = 0;
    while (matched < end.length) {
      var next = read();
      if (next == end[matched]) {
        matched++;
      } else if (matched == DASHES && next == '-') {
        moreDashes++;
      } else {
        // A carriage return is only the delimiter's first byte, so a failed match restarts there.
        content.write(end, 0, matched);
        for (; moreDashes > 0; moreDashes--) content.write('-');
        matched = next == end[0] ? 1 : 0;
        if (matched == 0) content.write(next);
      }
      accepted(content.size());
    }
    if (line().strip().equals("--")) throw new EOFException("it ended the stream");
    atDelimiter = true;
    return content.toByteArray();
  }

  private String line() throws IOException {
    var line = new StringBuilder();
    for (var next = read(); next != '\n'; next = read()) {
      if (line.length() == MAX_LINE)
        throw new IOException("it sends a line of more than " + MAX_LINE + " characters");
      line.append((char) next);
    }
    return line.toString();
  }

  private int read() throws IOException {
    var next = in.read();
    if (next < 0) throw closed();
    return next;
  }

  @CanIgnoreReturnValue
  private static int accepted(int length) throws IOException {
    if (length > MAX_PART)
      throw new IOException(
          String.format(Locale.ROOT, "a frame has more than %d MB", MAX_PART >> 20));
    return length;
  }

  private static EOFException closed() {
    return new EOFException("it closed the connection");
  }

  /**
   * Limits the whole part: a camera that sends very slowly never exceeds the socket's own time-out.
   */
  private final class Timed extends FilterInputStream {
    private Timed(InputStream in) {
      super(in);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      var read = super.read(target, offset, length);
      if (System.nanoTime() > deadlineNanos)
        throw new SocketTimeoutException("no whole frame within " + patienceMs + " ms");
      return read;
    }
  }
}
