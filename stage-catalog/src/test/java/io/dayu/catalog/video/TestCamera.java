package io.dayu.catalog.video;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** A camera on loopback that answers every connection with what a test writes. */
final class TestCamera implements AutoCloseable {
  interface Answer {
    void write(OutputStream out) throws Exception;
  }

  /** An answer that depends on what is asked. */
  interface Reply {
    void write(String request, OutputStream out) throws Exception;
  }

  static final Answer NOTHING = out -> {};

  private final ServerSocket server;
  private final Reply reply;
  private final boolean hangUp;
  private final CountDownLatch closed = new CountDownLatch(1);
  final CopyOnWriteArrayList<String> requests = new CopyOnWriteArrayList<>();

  /**
   * @param hangUp whether the connection is closed after the answer or stays open and silent
   */
  TestCamera(boolean hangUp, Answer answer) throws IOException {
    this(hangUp, (request, out) -> answer.write(out));
  }

  TestCamera(boolean hangUp, Reply reply) throws IOException {
    this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    this.reply = reply;
    this.hangUp = hangUp;
    var thread = new Thread(this::serve, "test-camera");
    thread.setDaemon(true);
    thread.start();
  }

  URI uri() {
    return uri("/cam-0.mjpeg");
  }

  URI uri(String pathAndQuery) {
    return URI.create("http://127.0.0.1:" + server.getLocalPort() + pathAndQuery);
  }

  private void serve() {
    while (!server.isClosed()) {
      try (var socket = server.accept()) {
        answer(socket);
      } catch (Exception e) {
        // The reader hung up or the test is over; either way the next connection may come.
        continue;
      }
    }
  }

  private void answer(Socket socket) throws Exception {
    var request = request(socket.getInputStream());
    requests.add(request);
    reply.write(request, socket.getOutputStream());
    socket.getOutputStream().flush();
    if (!hangUp) closed.await();
  }

  private static String request(InputStream in) throws IOException {
    var request = new StringBuilder();
    while (request.indexOf("\r\n\r\n") < 0) {
      var next = in.read();
      if (next < 0) throw new IOException("no whole request");
      request.append((char) next);
    }
    return request.toString();
  }

  static void head(OutputStream out, String contentType) throws IOException {
    text(out, "HTTP/1.0 200 OK\r\nContent-Type: " + contentType + "\r\n\r\n");
  }

  static void text(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  static void part(OutputStream out, byte[] jpeg) throws IOException {
    text(out, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: " + jpeg.length + "\r\n\r\n");
    out.write(jpeg);
    text(out, "\r\n");
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    server.close();
  }
}
