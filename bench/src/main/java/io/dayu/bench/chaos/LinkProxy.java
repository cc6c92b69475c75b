package io.dayu.bench.chaos;

import io.dayu.cli.CliException;
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

/**
 * Passes TCP connections on, on one thread, and holds those between nodes that are apart. That is
 * like a cable that is pulled: neither bytes nor the end of a connection pass, nobody is told, and
 * who connects meets silence. Afterwards all goes on where it stopped, and at once: that TCP sleeps
 * longer and longer between its tries is not seen here. Safe for several threads.
 */
final class LinkProxy implements AutoCloseable {
  private static final int TICK_MS = 20;

  /** Names the node that opened a connection, from its two addresses; called by the thread. */
  interface Opener {
    String of(InetSocketAddress from, InetSocketAddress to);
  }

  private record Front(String node, ServerSocketChannel channel) {}

  private final String front;
  private final String behind;
  private final Opener opener;
  private final Selector selector;
  private final Thread thread = new Thread(this::run, "link-proxy");
  // Guarded by this, which the thread holds while anything passes.
  private final LinkFaults faults = new LinkFaults();
  private final Set<ProxiedConnection> connections = new HashSet<>();
  private boolean changed;
  private boolean closed;

  private LinkProxy(String front, String behind, Opener opener, Selector selector) {
    this.front = front;
    this.behind = behind;
    this.opener = opener;
    this.selector = selector;
  }

  /**
   * Runs, and listens nowhere yet.
   *
   * @param front the address where it listens
   * @param behind the address to which it passes on, at the same ports
   */
  static LinkProxy start(String front, String behind, Opener opener) {
    try {
      var proxy = new LinkProxy(front, behind, opener, Selector.open());
      proxy.thread.setDaemon(true);
      proxy.thread.start();
      return proxy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Opens a port through which a node is reached that listens at the same port behind. */
  synchronized int listen(String node) {
    try {
      var channel = ServerSocketChannel.open().bind(new InetSocketAddress(front, 0));
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_ACCEPT, new Front(node, channel));
      selector.wakeup();
      return ((InetSocketAddress) channel.getLocalAddress()).getPort();
    } catch (IOException e) {
      throw new CliException("cannot listen at " + front + ": " + e.getMessage(), e);
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
      var to = (InetSocketAddress) near.getLocalAddress();
      var client = opener.of((InetSocketAddress) near.getRemoteAddress(), to);
      var server = new InetSocketAddress(behind, to.getPort());
      var connection = new ProxiedConnection(selector, faults, client, near, at.node(), server);
      connections.add(connection);
      connection.go();
    } catch (IOException e) {
      close(near);
    }
  }

  private static void close(SocketChannel channel) {
    try {
      if (channel != null) channel.close();
    } catch (IOException e) {
      // Whoever opened it sees that it has ended, in any case.
    }
  }
}
