package io.dayu.catalog.video;

import io.dayu.catalog.Stop;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * A request to a camera, and its answer. Neither client of the JDK serves here: one cannot be ended
 * while it reads chunks, the other has no time limit for what is read, and both refuse answers that
 * cameras give.
 *
 * <p>Blocking, and not thread-safe; a stop that is asked for closes it from any thread.
 */
final class CameraConnection implements Closeable {
  private static final int MAX_LINE = 8 << 10;
  private static final int MAX_LINES = 100;
  private static final Pattern STATUS = Pattern.compile("HTTP/\\d(?:\\.\\d)?\\s+(\\d{3})\\b.*");

  private final Socket socket = new Socket();
  private final Duration patience;
  private final InputStream in;
  private final int status;
  private final Map<String, List<String>> headers = new TreeMap<>(); // by name in lower case
  private long deadlineNanos;
  private boolean heard;

  /**
   * Connects, asks and reads the head of the answer.
   *
   * @param headers of the request
   * @throws SocketTimeoutException if that takes longer than the request's patience
   */
  CameraConnection(CameraRequest request, Map<String, String> headers, Stop stop)
      throws IOException {
    patience = request.timeout();
    stop.then(this::close);
    try {
      allow();
      var connected = connected(request);
      in = new BufferedInputStream(new Timed(connected.getInputStream()), 64 << 10);
      connected.getOutputStream().write(head(request, headers));
      status = readHead();
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** As messages tell it. */
  static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
  }

  /** Begins to count the time anew for what is read next. */
  void allow() {
    deadlineNanos = System.nanoTime() + patience.toNanos();
  }

  int status() {
    return status;
  }

  /** The values of a header of the answer. */
  List<String> headers(String name) {
    return headers.getOrDefault(name.toLowerCase(Locale.ROOT), List.of());
  }

  Optional<String> header(String name) {
    return headers(name).stream().findFirst();
  }

  /**
   * The body of the answer, if it is chunked without the chunks.
   *
   * @param most so many bytes
   */
  InputStream body(long most) {
    boolean chunked =
        headers("Transfer-Encoding").stream()
            .anyMatch(coding -> coding.toLowerCase(Locale.ROOT).contains("chunked"));
    return chunked ? ChunkedBody.chunked(in) : ChunkedBody.ofLength(in, most);
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // It was only read, so the failure loses nothing.
    }
  }

  private Socket connected(CameraRequest request) throws IOException {
    var host = request.address().getHost().replaceAll("^\\[|\\]$", "");
    try {
      socket.connect(new InetSocketAddress(host, request.port()), remainingMs());
      return request.secure() ? encrypted(host, request.port()) : socket;
    } catch (SocketTimeoutException e) {
      throw late("it cannot be reached within " + seconds(patience), e);
    } catch (UnknownHostException e) {
      throw new IOException("the name " + host + " cannot be resolved", e);
    } catch (SSLException e) {
      throw new IOException("there is no trusted connection to it: " + e.getMessage(), e);
    }
  }

  private Socket encrypted(String host, int port) throws IOException {
    socket.setSoTimeout(remainingMs());
    var tls =
        (SSLSocket)
            ((SSLSocketFactory) SSLSocketFactory.getDefault())
                .createSocket(socket, host, port, true);
    var parameters = tls.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    tls.setSSLParameters(parameters);
    tls.startHandshake();
    return tls;
  }

  private static byte[] head(CameraRequest request, Map<String, String> headers) {
    var uri = request.address();
    var path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    var target = uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
    var head = new StringBuilder("GET " + target + " HTTP/1.1\r\nHost: " + uri.getRawAuthority());
    head.append("\r\nUser-Agent: dayu\r\nAccept: multipart/x-mixed-replace, image/jpeg, */*");
    headers.forEach((name, value) -> head.append("\r\n").append(name).append(": ").append(value));
    head.append("\r\nConnection: close\r\n\r\n");
    return head.toString().getBytes(StandardCharsets.UTF_8);
  }

  private int readHead() throws IOException {
    try {
      var first = STATUS.matcher(line(in).strip());
      if (!first.matches()) throw new IOException("it does not answer as an HTTP server does");
      var name = "";
      for (int lines = 0; lines < MAX_LINES; lines++) {
        var line = line(in);
        if (line.isBlank()) return Integer.parseInt(first.group(1));
        name = add(name, line);
      }
    } catch (SocketTimeoutException e) {
      throw late(
          heard
              ? "the head of its answer is not complete after " + seconds(patience)
              : "it sent nothing for " + seconds(patience),
          e);
    }
    throw new IOException("its answer has more than " + MAX_LINES + " headers");
  }

  /**
   * @param last header, which a line that begins with space continues
   */
  private String add(String last, String line) {
    var values = headers.get(last);
    if (values != null && Character.isWhitespace(line.charAt(0))) {
      values.set(values.size() - 1, values.get(values.size() - 1) + " " + line.strip());
      return last;
    }
    int colon = line.indexOf(':');
    if (colon < 0) return last;
    var name = line.substring(0, colon).strip().toLowerCase(Locale.ROOT);
    headers.computeIfAbsent(name, n -> new ArrayList<>()).add(line.substring(colon + 1).strip());
    return name;
  }

  /** Without its line end, which may lack the carriage return. */
  static String line(InputStream in) throws IOException {
    var line = new StringBuilder();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) throw new EOFException("it closed the connection without a whole answer");
      if (line.length() == MAX_LINE)
        throw new IOException("it sends a line of more than " + MAX_LINE + " characters");
      line.append((char) next);
    }
    return line.toString().replaceAll("\r$", "");
  }

  private int remainingMs() throws SocketTimeoutException {
    long left = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
    if (left <= 0) throw new SocketTimeoutException("the time is over");
    return (int) left;
  }

  private static SocketTimeoutException late(String message, IOException cause) {
    var late = new SocketTimeoutException(message);
    late.initCause(cause);
    return late;
  }

  /** Limits the whole time: who sends very slowly never exceeds the time-out of a socket. */
  private final class Timed extends InputStream {
    private final InputStream bytes;

    private Timed(InputStream bytes) {
      this.bytes = bytes;
    }

    @Override
    public int read() throws IOException {
      var one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      socket.setSoTimeout(remainingMs());
      int read = bytes.read(target, offset, length);
      heard |= read > 0;
      return read;
    }
  }
}
