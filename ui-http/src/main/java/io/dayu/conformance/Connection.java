package io.dayu.conformance;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * One connection to a service. Requests are written and answers read by hand, because what is
 * checked is what passes over this very connection. A read waits for the time-out at most.
 */
final class Connection implements AutoCloseable {
  private static final int MAX_LINE = 64 * 1024;
  private static final int MAX_HEADERS = 200;
  private static final int MAX_ANSWER = 16 * 1024 * 1024;

  private final Socket socket;
  private final InputStream in;
  private final URI url;

  private Connection(Socket socket, URI url) throws IOException {
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream());
    this.url = url;
  }

  static Connection open(URI url, Duration timeout) throws IOException {
    var socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout((int) timeout.toMillis());
      int port = url.getPort() < 0 ? 80 : url.getPort();
      // An IPv6 address of a URI has brackets.
      var host = url.getHost().replaceAll("^\\[|]$", "");
      socket.connect(new InetSocketAddress(host, port), (int) timeout.toMillis());
      return new Connection(socket, url);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  Answer get(String path) throws IOException {
    return call("GET", path, Map.of(), new byte[0]);
  }

  Answer post(Map<String, String> headers, byte[] body) throws IOException {
    return call("POST", url.getRawPath().isEmpty() ? "/" : url.getRawPath(), headers, body);
  }

  Answer put(String path, byte[] body) throws IOException {
    return call("PUT", path, Map.of("content-type", "application/json"), body);
  }

  private Answer call(String method, String path, Map<String, String> headers, byte[] body)
      throws IOException {
    var head = new StringBuilder(method + " " + path + " HTTP/1.1\r\n");
    head.append("host: ").append(url.getRawAuthority()).append("\r\n");
    headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    if (!method.equals("GET")) head.append("content-length: " + body.length + "\r\n");
    head.append("\r\n");
    var request = new ByteArrayOutputStream(head.length() + body.length);
    request.writeBytes(head.toString().getBytes(StandardCharsets.US_ASCII));
    request.writeBytes(body);
    try {
      write(request.toByteArray());
    } catch (IOException e) {
      // A body that is refused early is not read to its end; the answer may be there all the same.
      try {
        return read();
      } catch (IOException none) {
        e.addSuppressed(none);
        throw e;
      }
    }
    return read();
  }

  void write(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
  }

  /** Says that nothing more is sent. */
  void finish() throws IOException {
    socket.shutdownOutput();
  }

  /**
   * The next answer, without those that only announce one.
   *
   * @throws EOFException if the service closes before
   * @throws ProtocolException if what comes is no answer
   */
  Answer read() throws IOException {
    while (true) {
      var answer = readOne();
      if (answer.status() / 100 != 1) return answer;
    }
  }

  private Answer readOne() throws IOException {
    var first = line();
    var words = first.split(" ", 3);
    if (words.length < 2 || !words[0].matches("HTTP/1\\.[01]") || !words[1].matches("[1-5]\\d\\d"))
      throw new ProtocolException("it answers \"" + cut(first) + "\", which is no HTTP/1.1");
    int status = Integer.parseInt(words[1]);
    var headers = headers();
    var connection = headers.getOrDefault("connection", "").toLowerCase(Locale.ROOT);
    boolean keeps =
        words[0].equals("HTTP/1.1")
            ? !connection.contains("close")
            : connection.contains("keep-alive");
    if (status / 100 == 1 || status == 204 || status == 304)
      return new Answer(status, headers, new byte[0], keeps);
    if (headers.getOrDefault("transfer-encoding", "").toLowerCase(Locale.ROOT).equals("chunked"))
      return new Answer(status, headers, chunks(), keeps);
    var length = headers.get("content-length");
    if (length == null) return new Answer(status, headers, rest(), false);
    return new Answer(status, headers, exactly(number(length, 10)), keeps);
  }

  private Map<String, String> headers() throws IOException {
    var headers = new LinkedHashMap<String, String>();
    for (var line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      if (colon < 1) throw new ProtocolException("its header \"" + cut(line) + "\" has no colon");
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
      if (headers.size() > MAX_HEADERS) throw new ProtocolException("it sends too many headers");
    }
    return headers;
  }

  private byte[] chunks() throws IOException {
    var body = new ByteArrayOutputStream();
    while (true) {
      int size = number(line().split(";", 2)[0].strip(), 16);
      if (size == 0) break;
      body.writeBytes(exactly(size));
      bounded(body.size());
      if (!line().isEmpty()) throw new ProtocolException("a chunk is longer than it says");
    }
    var trailer = line();
    while (!trailer.isEmpty()) trailer = line();
    return body.toByteArray();
  }

  private byte[] rest() throws IOException {
    var body = in.readNBytes(MAX_ANSWER + 1);
    bounded(body.length);
    return body;
  }

  private byte[] exactly(int size) throws IOException {
    bounded(size);
    var body = in.readNBytes(size);
    if (body.length < size) throw new EOFException("it closes in the middle of an answer");
    return body;
  }

  private static void bounded(int size) throws ProtocolException {
    if (size > MAX_ANSWER) throw new ProtocolException("its answer is longer than 16 MiB");
  }

  private static int number(String text, int radix) throws ProtocolException {
    try {
      int number = Integer.parseInt(text, radix);
      if (number >= 0) return number;
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw new ProtocolException("\"" + cut(text) + "\" is no length of a body");
  }

  private String line() throws IOException {
    var line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) throw new EOFException("it closes without an answer");
      line.write(next);
      if (line.size() > MAX_LINE) throw new ProtocolException("a line of its answer has no end");
    }
    var text = line.toString(StandardCharsets.ISO_8859_1);
    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
  }

  private static String cut(String text) {
    return text.length() > 60 ? text.substring(0, 60) + "…" : text;
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // Nothing more is wanted of it.
    }
  }
}
