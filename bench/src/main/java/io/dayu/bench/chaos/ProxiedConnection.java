package io.dayu.bench.chaos;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.List;

/**
 * A connection through a proxy: from {@code near}, the client's end, to {@code far}, the server's.
 * Not safe for several threads.
 */
final class ProxiedConnection {
  private final LinkFaults faults;
  private final LinkProxy.Link link;
  private final InetSocketAddress to;
  private final SelectionKey near;
  private final SelectionKey far;
  private final Half there;
  private final Half back;

  /** Connects nowhere before {@link #go}; its keys have it attached. */
  ProxiedConnection(
      Selector selector,
      LinkFaults faults,
      LinkProxy.Link link,
      SocketChannel near,
      InetSocketAddress to)
      throws IOException {
    var far = SocketChannel.open();
    this.faults = faults;
    this.link = link;
    this.to = to;
    this.near = registered(near, selector);
    this.far = registered(far, selector);
    this.there = new Half(near, far, link.client(), link.server());
    this.back = new Half(far, near, link.server(), link.client());
  }

  private SelectionKey registered(SocketChannel channel, Selector selector) throws IOException {
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return channel.register(selector, 0, this);
  }

  /** Lets pass what may pass now, and sees to it that the keys tell when more may. */
  void go() {
    if (!isOpen()) return;
    try {
      if (faults.apart(link.client(), link.server())) {
        near.interestOps(0);
        far.interestOps(0);
      } else if (!connected()) {
        far.interestOps(SelectionKey.OP_CONNECT);
      } else {
        there.pass();
        back.pass();
        near.interestOps(there.reads() | back.writes());
        far.interestOps(back.reads() | there.writes());
        if (there.done && back.done) close();
      }
    } catch (IOException broken) {
      abort();
    }
  }

  boolean isOpen() {
    return near.isValid() && far.isValid();
  }

  private boolean connected() throws IOException {
    var channel = (SocketChannel) far.channel();
    if (channel.isConnected()) return true;
    return channel.isConnectionPending() ? channel.finishConnect() : channel.connect(to);
  }

  /** Both ends see that it broke, and did not end. */
  private void abort() {
    for (var key : List.of(near, far))
      try {
        ((SocketChannel) key.channel()).setOption(StandardSocketOptions.SO_LINGER, 0);
      } catch (IOException closed) {
        // That end knows already.
      }
    close();
  }

  private void close() {
    for (var key : List.of(near, far))
      try {
        key.channel().close();
      } catch (IOException closed) {
        // It is closed anyway.
      }
  }

  /** One direction. */
  private final class Half {
    private final SocketChannel from;
    private final SocketChannel to;
    private final String sender;
    private final String receiver;
    private final ByteBuffer read = ByteBuffer.allocate(LinkFaults.BURST).limit(0);
    private boolean ended;
    private boolean done;

    Half(SocketChannel from, SocketChannel to, String sender, String receiver) {
      this.from = from;
      this.to = to;
      this.sender = sender;
      this.receiver = receiver;
    }

    void pass() throws IOException {
      if (mayRead()) {
        int bytes = from.read(read.clear().limit(faults.room(sender, receiver)));
        read.flip();
        ended = bytes < 0;
        faults.sent(sender, receiver, Math.max(0, bytes));
      }
      if (read.hasRemaining()) to.write(read);
      if (read.hasRemaining() || !ended || done) return;
      to.shutdownOutput();
      done = true;
    }

    private boolean mayRead() {
      return !ended && !read.hasRemaining() && faults.room(sender, receiver) > 0;
    }

    int reads() {
      return mayRead() ? SelectionKey.OP_READ : 0;
    }

    int writes() {
      return read.hasRemaining() ? SelectionKey.OP_WRITE : 0;
    }
  }
}
