package io.dayu.k8s.reconcile;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The way to a server, which can be cut: connections break, and new ones are refused. */
final class Line implements AutoCloseable {
  private final int to;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            var thread = new Thread(task, "line");
            thread.setDaemon(true);
            return thread;
          });
  private ServerSocket door;

  Line(int to) {
    this.to = to;
    door = open(0);
  }

  int port() {
    return door.getLocalPort();
  }

  void cut() {
    try {
      door.close();
      for (var socket : sockets) socket.close();
      sockets.clear();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void mend() {
    int port = port();
    // A client that tries meanwhile may have been given this port as its own for a moment.
    await().ignoreException(UncheckedIOException.class).until(() -> (door = open(port)).isBound());
  }

  @Override
  public void close() {
    cut();
    threads.shutdownNow();
  }

  private ServerSocket open(int port) {
    try {
      var opened = new ServerSocket();
      opened.setReuseAddress(true);
      opened.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      threads.execute(() -> accept(opened));
      return opened;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void accept(ServerSocket opened) {
    while (true) {
      try {
        var near = opened.accept();
        sockets.add(near);
        var far = new Socket(InetAddress.getLoopbackAddress(), to);
        sockets.add(far);
        threads.execute(() -> pump(near, far));
        threads.execute(() -> pump(far, near));
        if (opened.isClosed()) {
          near.close();
          far.close();
        }
      } catch (IOException e) {
        return; // cut
      }
    }
  }

  private void pump(Socket from, Socket into) {
    try (from;
        into) {
      from.getInputStream().transferTo(into.getOutputStream());
    } catch (IOException e) {
      // Either side has ended it.
    }
    sockets.remove(from);
    sockets.remove(into);
  }
}
