package io.dayu.bench.chaos;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.console.UserException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Passes TCP connections on, on one thread, and holds those between nodes that are apart. That is
 * like a cable that is pulled: neither bytes nor the end of a connection pass, no end is told, and
 * a new connection gets no answer. Afterwards everything continues at once where it stopped. The
 * growing waits of a real TCP between its tries are not imitated. Safe for several threads.
 */
final class LinkProxy implements AutoCloseable {
  private static final int TICK_MS = 20;

  /** Where one node comes to another one. */
  record Link(String client, String server) {}

  private record Front(Link link, ServerSocketChannel channel, InetSocketAddress behind) {}

  private final Selector selector;
  private final Thread thread = new Thread(this::run, "link-proxy");
  // Guarded by this, which the thread holds while anything passes.
  private final LinkFaults faults = new LinkFaults();
  private final Set<ProxiedConnection> connections = new HashSet<>();
  private boolean changed;
  private boolean closed;

  private LinkProxy(Selector selector) {
    this.selector = selector;
  }

  /** Runs, and listens nowhere yet. */
  static LinkProxy start() {
    try {
      var proxy = new LinkProxy(Selector.open());
      proxy.thread.setDaemon(true);
      proxy.thread.start();
      return proxy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Listens for a link's client.
   *
   * @param front where it comes
   * @param behind where its server listens
   * @return {@code front} with its port, if that was 0
   */
  @CanIgnoreReturnValue
  synchronized InetSocketAddress listen(
      Link link, InetSocketAddress front, InetSocketAddress behind) {
    try {
      var channel = ServerSocketChannel.open().bind(front);
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_ACCEPT, new Front(link, channel, behind));
      selector.wakeup();
      return (InetSocketAddress) channel.getLocalAddress();
    } catch (IOException e) {
      throw new UserException("cannot listen at " + front + ": " + e.getMessage(), e);
    }
  }

  /** Does something to the links; it holds for all that passes from when this returns. */
  synchronized void change(Consumer<LinkFaults> change) {
    change.accept(faults);
    changed = true;
    selector.wakeup();
  }

  /** Closes all connections. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    selector.wakeup();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try (selector) {
      while (turn()) selector.select(isSlow() ? TICK_MS : 0);
      for (var key : selector.keys()) key.channel().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private synchronized boolean isSlow() {
    return faults.slow();
  }

  private synchronized boolean turn() {
    for (var key : selector.selectedKeys())
      if (key.attachment() instanceof Front at) accept(at);
      else ((ProxiedConnection) key.attachment()).go();
    selector.selectedKeys().clear();
    if (changed || faults.slow()) connections.forEach(ProxiedConnection::go);
    changed = false;
    connections.removeIf(connection -> !connection.isOpen());
    return !closed;
  }

  private void accept(Front at) {
    SocketChannel near = null;
    try {
      near = at.channel().accept();
      if (near == null) return;
      var connection = new ProxiedConnection(selector, faults, at.link(), near, at.behind());
      connections.add(connection);
      connection.go();
    } catch (IOException e) {
      close(near);
    }
  }

  private static void close(@Nullable SocketChannel channel) {
    try {
      if (channel != null) channel.close();
    } catch (IOException e) {
      // Whoever opened it sees that it has ended, in any case.
    }
  }
}
