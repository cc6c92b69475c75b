package io.dayu.service;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** A service that describes itself well and answers calls with whatever bytes the test gives. */
final class RawService implements AutoCloseable {
  interface Script {
    /**
     * @param call 0 for the first one
     */
    void answer(int call, OutputStream out, Socket socket) throws IOException;
  }

  private final ServerSocket server;
  private final Script script;
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private int calls;

  /** Completes when a caller has closed the connection of a call while it was still answered. */
  final CompletableFuture<Void> hungUp = new CompletableFuture<>();

  RawService(Script script) {
    this.script = script;
    try {
      server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    thread(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  private static void thread(Runnable task) {
    var thread = new Thread(task, "raw-service");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        var socket = server.accept();
        open.add(socket);
        thread(() -> serve(socket));
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private void serve(Socket socket) {
    boolean called = false;
    try (socket) {
      var in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
      var out = socket.getOutputStream();
      while (true) {
        var request = in.readLine();
        if (request == null) break;
        int length = 0;
        for (var line = in.readLine(); !line.isEmpty(); line = in.readLine())
          if (line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:"))
            length = Integer.parseInt(line.substring(15).strip());
        for (int i = 0; i < length; i++) in.read();
        if (request.contains("/health")) out.write(response(200, "text/plain", ""));
        else if (request.contains("/.well-known/"))
          out.write(response(200, "application/json", TestService.TEXT_TO_LABELS));
        else {
          called = true;
          script.answer(calls++, out, socket);
        }
        out.flush();
      }
      if (called) hungUp.complete(null);
    } catch (IOException e) {
      hungUp.complete(null);
    }
  }

  static byte[] response(int status, String type, String body) {
    return "HTTP/1.1 %s Any\r\ncontent-type: %s\r\ncontent-length: %s\r\n\r\n%s"
        .formatted(status, type, body.length(), body)
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (var socket : open) socket.close();
  }
}
