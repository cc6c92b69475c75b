package io.dayu.k8s.reconcile;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The way to a server. It can be cut: connections break, and new ones are refused. It can be held:
 * connections are taken, and nothing goes through. And it can lose the connections that there are,
 * without a word to either side.
 */
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
  private final Set<Socket> lost = ConcurrentHashMap.newKeySet();
  private ServerSocket door;
  private boolean held;

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

  /** Lets nothing through, in either direction. */
  synchronized void hold() {
    held = true;
  }

  /** Lets everything through, what was held up first. */
  synchronized void release() {
    held = false;
    notifyAll();
  }

  /** Nothing goes through present connections any more, which stay open; new ones work. */
  void lose() {
    lost.addAll(sockets);
  }

  void mend() {
    int port = port();
    // A client that tries meanwhile may have been given this port as its own for a moment.
    await().ignoreException(UncheckedIOException.class).until(() -> (door = open(port)).isBound());
  }

  @Override
  public void close() {
    release();
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
      var in = from.getInputStream();
      var out = into.getOutputStream();
      var part = new byte[8192];
      for (int n = in.read(part); n >= 0; n = in.read(part)) {
        waitWhileHeld();
        if (!lost.contains(from)) out.write(part, 0, n);
      }
    } catch (IOException e) {
      // Either side has ended it.
    }
    for (var socket : List.of(from, into)) {
      sockets.remove(socket);
      lost.remove(socket);
    }
  }

  private synchronized void waitWhileHeld() throws InterruptedIOException {
    try {
      while (held) wait();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }
}
