package io.dayu.link;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.Channel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Extension;
import org.apache.pekko.actor.typed.ExtensionId;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sockets of links: one thread of an actor system waits for all of them. It starts with the
 * first link and ends with the system, and closes what is open then. Safe for any thread.
 */
final class Sockets implements Extension {
  /** Is called by the thread that waits, and must not block it. */
  interface Handler {
    void ready(SelectionKey key) throws IOException;

    /** What {@link #ready} has thrown; the channel is waited for no more. */
    void failed(Exception cause);
  }

  private static final class Id extends ExtensionId<Sockets> {
    private static final Id INSTANCE = new Id();

    @Override
    public Sockets createExtension(ActorSystem<?> system) {
      return new Sockets(system);
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(Sockets.class);

  /** The most that is read or written at once. */
  private static final int BUFFER = 128 << 10;

  /** So that links that are there get their turn while many connect. */
  private static final int ACCEPT_AT_ONCE = 10;

  /** A process that can open no more files gets this time to close some. */
  private static final Duration ACCEPT_AGAIN = Duration.ofSeconds(1);

  private final ActorSystem<?> system;
  private final Selector selector;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean woken = new AtomicBoolean();
  private final ByteBuffer reading = ByteBuffer.allocateDirect(BUFFER); // of the thread that waits
  // No more than there are threads that write at the same time.
  private final Queue<ByteBuffer> writing = new ConcurrentLinkedQueue<>();
  private volatile boolean ended;

  private Sockets(ActorSystem<?> system) {
    this.system = system;
    try {
      this.selector = Selector.open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    var thread = new Thread(this::run, system.name() + "-sockets");
    thread.setDaemon(true);
    thread.start();
    system
        .getWhenTerminated()
        .whenComplete(
            (done, error) -> {
              ended = true;
              selector.wakeup();
            });
  }

  static Sockets get(ActorSystem<?> system) {
    return Id.INSTANCE.apply(system);
  }

  /** Runs {@code task}, after those that were given before, in the thread that waits. */
  void execute(Runnable task) {
    tasks.add(task);
    if (woken.compareAndSet(false, true)) selector.wakeup();
  }

  /** Only in a task. */
  SelectionKey register(SocketChannel channel, int operations, Handler handler) throws IOException {
    return channel.register(selector, operations, handler);
  }

  /**
   * Only for a {@link Handler}. What is returned is valid until it reads again; null at the end of
   * what the peer sends.
   */
  @Nullable ByteBuffer read(SocketChannel channel) throws IOException {
    return channel.read(reading.clear()) < 0 ? null : reading.flip();
  }

  /** Returns what is left because the socket takes no more; does not block. */
  ByteString write(SocketChannel channel, ByteString bytes) throws IOException {
    var buffer = writing.poll();
    if (buffer == null) buffer = ByteBuffer.allocateDirect(BUFFER);
    try {
      var left = bytes;
      while (!left.isEmpty()) {
        int copied = left.copyToBuffer(buffer.clear());
        int written = channel.write(buffer.flip());
        left = left.drop(written);
        if (written < copied) break;
      }
      return left;
    } finally {
      writing.add(buffer);
    }
  }

  /**
   * Opens a port. Its owner closes it with {@link #close}.
   *
   * @param accepted is told of each connection and whose it is, by the thread that waits; who takes
   *     it closes it
   * @throws IOException if the port cannot be had
   */
  ServerSocketChannel listen(
      InetSocketAddress address, int backlog, BiConsumer<SocketChannel, InetSocketAddress> accepted)
      throws IOException {
    var port = ServerSocketChannel.open();
    try {
      port.configureBlocking(false);
      port.bind(address, backlog);
    } catch (UnresolvedAddressException e) {
      port.close();
      throw new UnknownHostException(address.getHostString());
    } catch (IOException e) {
      port.close();
      throw e;
    }
    var acceptor =
        new Handler() {
          @Override
          public void ready(SelectionKey key) {
            try {
              for (int n = 0; n < ACCEPT_AT_ONCE; n++) {
                var next = port.accept();
                if (next == null) return;
                accepted.accept(next, (InetSocketAddress) next.socket().getRemoteSocketAddress());
              }
            } catch (IOException e) {
              LOG.warn("a connection to the data port cannot be accepted: {}", e.getMessage());
              want(key, 0);
              system
                  .scheduler()
                  .scheduleOnce(
                      ACCEPT_AGAIN,
                      () -> execute(() -> want(key, SelectionKey.OP_ACCEPT)),
                      system.executionContext());
            }
          }

          @Override
          public void failed(Exception cause) {
            LOG.error("the data port accepts no more connections", cause);
          }
        };
    execute(
        () -> {
          try {
            port.register(selector, SelectionKey.OP_ACCEPT, acceptor);
          } catch (IOException closed) {
            LOG.debug("the data port was closed at once");
          }
        });
    return port;
  }

  /** Sets what is waited for, unless the channel is closed. Only by the thread that waits. */
  static void want(SelectionKey key, int operations) {
    if (key.isValid()) key.interestOps(operations);
  }

  /** Closes in the thread that waits, since a channel that is waited for stays open until then. */
  void close(Channel channel) {
    execute(() -> closeNow(channel));
  }

  /** With a reset: the peer is told that something is missing. */
  void abort(SocketChannel channel) {
    execute(
        () -> {
          try {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
          } catch (IOException e) {
            LOG.debug("no reset: {}", e.getMessage());
          }
          closeNow(channel);
        });
  }

  private static void closeNow(Channel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("a socket cannot be closed: {}", e.getMessage());
    }
  }

  private void run() {
    try (selector) {
      while (!ended) {
        selector.select(Sockets::handle);
        work();
      }
      for (var key : new ArrayList<>(selector.keys())) closeNow(key.channel());
      selector.selectNow(); // a channel is closed for good when its key is gone
      work();
    } catch (IOException | RuntimeException | Error e) {
      // Without this thread no link works: the node is to end and be started anew.
      LOG.error("sockets of links cannot be waited for any more", e);
      system.terminate();
    }
  }

  private void work() {
    woken.set(false);
    for (var task = tasks.poll(); task != null; task = tasks.poll()) {
      try {
        task.run();
      } catch (CancelledKeyException e) {
        // A thread that is interrupted while it writes closes the channel, at any time.
        LOG.debug("a channel was closed by another thread");
      }
    }
  }

  private static void handle(SelectionKey key) {
    var handler = (Handler) key.attachment();
    try {
      handler.ready(key);
    } catch (IOException | RuntimeException e) {
      key.cancel();
      handler.failed(e);
    }
  }
}
