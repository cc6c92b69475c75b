package io.dayu.catalog.video;

import io.dayu.source.Login;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * JPEG images in bytes that a camera sends, whatever is written between them. The images are found
 * by their markers, from the first to the last, and the framing is not relied on: cameras declare
 * other boundaries than they send, miscount lengths, and leave out line ends and headers.
 *
 * <p>What begins like an image is handed on even if it is damaged or cut off, so that it is
 * counted; where it ends is then told by the boundary or by the next image. An image may have
 * {@link #MAX_IMAGE} bytes, and a little more is the memory this takes. Blocking; not thread-safe.
 */
final class JpegStream {
  static final int MAX_IMAGE = 16 << 20;
  private static final int STEP = 64 << 10;

  /** More than the headers of a part have. */
  private static final int TAIL = 1 << 10;

  private static final Pattern PART_TYPE =
      Pattern.compile("(?i)content-type\\s*:\\s*([\\w.+-]{1,40}/[\\w.+-]{1,40})");

  private final InputStream in;
  private final String contentType;
  private final Duration patience;
  private final byte[] delimiter; // a line end, two dashes and the declared boundary; or empty
  private byte[] data = new byte[STEP];
  private int end;
  private int images;
  private boolean inside; // an image has begun at 0
  private boolean heard; // anything while the next image is waited for
  private long between; // bytes since the last image that belong to none and were let go
  private String partType = "";

  /**
   * @param in gives up by a {@link SocketTimeoutException}
   * @param contentType for messages, as is how long {@code in} waits for an image
   * @param boundary as it is declared, without leading dashes; empty if it is not
   */
  JpegStream(InputStream in, String contentType, Duration patience, String boundary) {
    this.in = in;
    this.contentType = contentType;
    this.patience = patience;
    this.delimiter =
        (boundary.isEmpty() ? "" : "\n--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
  }

  /** How many images there were. */
  int images() {
    return images;
  }

  /**
   * The next image.
   *
   * @throws EOFException at the end of the stream; it says how the stream ended
   * @throws SocketTimeoutException what came instead, or how far the image is
   */
  byte[] next() throws IOException {
    try {
      between = 0;
      inside = false;
      heard = false;
      while (!begins()) fill();
      inside = true;
      int length = length();
      var image = Arrays.copyOf(data, length);
      drop(length);
      images++;
      return image;
    } catch (SocketTimeoutException e) {
      var late = new SocketTimeoutException(state());
      late.initCause(e);
      throw late;
    }
  }

  /** Whether an image begins; then it begins at 0. */
  private boolean begins() {
    for (int at = 0; at + 2 < end; at++)
      if (data[at] == (byte) 0xff && data[at + 1] == (byte) 0xd8 && data[at + 2] == (byte) 0xff) {
        pass(at);
        return true;
      }
    if (end > TAIL) pass(end - TAIL);
    return false;
  }

  private void pass(int bytes) {
    if (partType.isEmpty()) partType = partType(bytes).orElse("");
    between += bytes;
    drop(bytes);
  }

  private Optional<String> partType(int bytes) {
    var type = PART_TYPE.matcher(new String(data, 0, bytes, StandardCharsets.ISO_8859_1));
    return type.find() ? Optional.of(type.group(1)) : Optional.empty();
  }

  private void drop(int bytes) {
    end -= bytes;
    System.arraycopy(data, bytes, data, 0, end);
  }

  /** Where the image ends that begins at 0, by walking through its segments and scans. */
  private int length() throws IOException {
    boolean scan = false;
    int segment = 2; // where the last one began
    for (int at = 2; ; ) {
      await(at + 2);
      if (data[at] != (byte) 0xff) {
        if (!scan) return interrupted(segment);
        at++;
        while (at < end && data[at] != (byte) 0xff) at++;
        continue;
      }
      int marker = data[at + 1] & 0xff;
      if (marker == 0xd9) return at + 2;
      if (marker == 0xd8) return interrupted(at);
      if (marker == 0xff) {
        at++;
      } else if (marker == 0x01 || marker >= 0xd0 && marker <= 0xd7 || scan && !isSegment(marker)) {
        at += 2;
      } else {
        await(at + 4);
        int length = (data[at + 2] & 0xff) << 8 | data[at + 3] & 0xff;
        if (length < 2 || marker == 0) return interrupted(at);
        await(at + 2 + length);
        if (delimiter.length > 0 && boundary(at, at + 2 + length) >= 0) return interrupted(at);
        scan |= marker == 0xda;
        segment = at;
        at += 2 + length;
      }
    }
  }

  /** What comes between two scans; everything else there is the image, or damage to it. */
  private static boolean isSegment(int marker) {
    return marker == 0xc4
        || marker >= 0xda && marker <= 0xdd
        || marker >= 0xe0 && marker <= 0xef
        || marker == 0xfe;
  }

  /**
   * Where a damaged image ends: before the boundary or the next image, whichever comes first.
   *
   * @param from where it no longer is an image
   */
  private int interrupted(int from) throws IOException {
    for (int at = from; ; at++) {
      await(at + 3);
      if (data[at] == (byte) 0xff && data[at + 1] == (byte) 0xd8 && data[at + 2] == (byte) 0xff)
        return headers(at);
      if (delimiter.length > 0 && data[at] == delimiter[0]) {
        await(at + delimiter.length);
        if (boundary(at, at + delimiter.length) == at) return lineEnd(at);
      }
    }
  }

  /** Where the headers begin that stand in front of an image, if there are any. */
  private int headers(int image) {
    for (int at = Math.max(3, image - TAIL); at + 2 < image; at++)
      if (data[at] == '\n' && data[at + 1] == '-' && data[at + 2] == '-') return lineEnd(at);
    return image;
  }

  private int lineEnd(int newline) {
    return data[newline - 1] == '\r' ? newline - 1 : newline;
  }

  private int boundary(int begin, int limit) {
    for (int at = begin; at + delimiter.length <= limit; at++)
      if (Arrays.equals(data, at, at + delimiter.length, delimiter, 0, delimiter.length)) return at;
    return -1;
  }

  private void await(int length) throws IOException {
    while (end < length) fill();
  }

  private void fill() throws IOException {
    if (end >= MAX_IMAGE)
      throw new IOException(
          String.format(Locale.ROOT, "a frame has more than %d MB", MAX_IMAGE >> 20));
    if (end == data.length) data = Arrays.copyOf(data, Math.min(2 * end, MAX_IMAGE));
    int read = in.read(data, end, data.length - end);
    if (read < 0) throw new EOFException(ending());
    heard |= read > 0;
    end += read;
  }

  private String ending() {
    if (inside) return "it closed the connection after %s bytes of a picture".formatted(end);
    if (images == 0) return strange() + "; correct the uri" + login();
    var last = new String(data, 0, end, StandardCharsets.ISO_8859_1).strip();
    return last.endsWith("--") ? "it ended the stream" : "it closed the connection";
  }

  /** A page is often one to log in. */
  private String login() {
    return contentType.equals("text/html") ? ", or give " + Login.PARAMETER + "=NAME" : "";
  }

  /** What is known when the time is over. */
  private String state() {
    var time = CameraConnection.seconds(patience);
    if (!heard)
      return "it sent nothing for " + time + (inside ? ", in the middle of a picture" : "");
    if (inside)
      return "a picture is not complete after %s, %s bytes of it came".formatted(time, end);
    return images == 0 ? strange() + " after " + time : "it sent no picture for " + time;
  }

  /** What came instead of an image. Never a part of it: it may be anybody's secret. */
  private String strange() {
    if (partType.isEmpty()) partType = partType(end).orElse("");
    return "it answers with %s%s, %s bytes in which there is no JPEG image"
        .formatted(
            contentType,
            partType.isEmpty() || partType.equals(contentType) ? "" : " of " + partType,
            between + end);
  }
}
