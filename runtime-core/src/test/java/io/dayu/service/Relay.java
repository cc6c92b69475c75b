package io.dayu.service;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** Passes on what comes to a Unix domain socket to a port, and back. */
final class Relay implements AutoCloseable {
  private final ServerSocketChannel listener;
  private final int port;

  Relay(Path socket, int port) {
    this.port = port;
    try {
      listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      listener.bind(UnixDomainSocketAddress.of(socket));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    thread(this::accept);
  }

  private static void thread(Runnable task) {
    var thread = new Thread(task, "relay");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        var near = listener.accept();
        var far = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        thread(() -> pass(near, far));
        thread(() -> pass(far, near));
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private static void pass(SocketChannel from, SocketChannel to) {
    var buffer = ByteBuffer.allocateDirect(64 << 10);
    try (from;
        to) {
      while (from.read(buffer.clear()) >= 0) {
        buffer.flip();
        while (buffer.hasRemaining()) to.write(buffer);
      }
    } catch (IOException closed) {
      // One of both has left.
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
