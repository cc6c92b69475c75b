package io.dayu.link;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SubscriptionWithCancelException;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection: what comes in is sent, what the peer sends goes out. The stock one has an actor
 * and a queue between the stream and the socket, for either direction; this one writes where it is,
 * and hears of what was read by one message.
 *
 * <p>It takes nothing more while the socket is busy, and little more than {@link #AHEAD} is read
 * before it is wanted. An end of the input is told to the peer after all that was sent; its
 * failure, or a failure behind the output, resets the connection. A connection that cannot be made
 * or breaks fails the stage with an {@link IOException}. For one run only.
 */
final class SocketStage extends GraphStage<FlowShape<ByteString, ByteString>> {
  /** What the message of a connection begins with that was there and ended by an error. */
  static final String BROKE = "The connection broke";

  /** Bytes that are read and not wanted yet, after which no more are read. */
  private static final int AHEAD = 128 << 10;

  private enum Signal {
    CONNECTED,
    ROOM,
    END
  }

  private final Sockets sockets;
  private final @Nullable SocketChannel accepted; // null for a connection that is to be made
  private final @Nullable InetSocketAddress address;
  private final Duration patience;
  private final Inlet<ByteString> in = Inlet.create("Socket.in");
  private final Outlet<ByteString> out = Outlet.create("Socket.out");
  private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);

  private SocketStage(
      Sockets sockets,
      @Nullable SocketChannel accepted,
      @Nullable InetSocketAddress address,
      Duration patience) {
    this.sockets = sockets;
    this.accepted = accepted;
    this.address = address;
    this.patience = patience;
  }

  /**
   * Makes a connection. After the end of its input it reads on until the peer ends.
   *
   * @param patience the time that connecting may take
   */
  static SocketStage to(InetSocketAddress address, Duration patience, Sockets sockets) {
    return new SocketStage(sockets, null, address, patience);
  }

  /**
   * Takes a connection that was accepted, and closes it. Both halves end together: a refused peer
   * that stays would hold its socket for ever.
   */
  static SocketStage of(SocketChannel accepted, Sockets sockets) {
    return new SocketStage(sockets, accepted, null, Duration.ZERO);
  }

  @Override
  public FlowShape<ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic implements Sockets.Handler {
    private final AsyncCallback<ByteString> arrived = createAsyncCallback(this::onArrived);
    private final AsyncCallback<Signal> signals = createAsyncCallback(this::onSignal);
    private final AsyncCallback<Exception> errors = createAsyncCallback(this::onError);
    private final AtomicInteger ahead = new AtomicInteger(); // bytes; counts those in messages, too
    private final ArrayDeque<ByteString> unread = new ArrayDeque<>(); // bounded by ahead
    private @Nullable SocketChannel channel; // null if there is none
    private @Nullable SelectionKey key; // belongs to the thread that waits
    private ByteString unsent = ByteString.emptyByteString(); // bounded by one element of the input
    private boolean connected;
    private boolean peerEnded;
    private boolean cancelled; // nobody wants what the peer sends
    private boolean aborted;

    private Logic() {
      super(shape);
      setHandler(
          in,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              unsent = grab(in);
              write();
            }

            @Override
            public void onUpstreamFinish() {
              if (connected && unsent.isEmpty()) end();
            }

            @Override
            public void onUpstreamFailure(Throwable cause) {
              aborted = true;
              failStage(cause);
            }
          });
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              handOver();
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
              if (!(cause instanceof SubscriptionWithCancelException.NonFailureCancellation)) {
                aborted = true;
                failStage(cause);
                return;
              }
              cancelled = true;
              handOver();
              if (connected && unsent.isEmpty() && (accepted != null || isClosed(in)))
                completeStage();
            }
          });
    }

    @Override
    public void preStart() {
      setKeepGoing(true); // what is unsent outlives both ports
      try {
        var socket = accepted == null ? SocketChannel.open() : accepted;
        channel = socket;
        socket.configureBlocking(false);
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        if (address == null || socket.connect(address)) {
          register(socket, SelectionKey.OP_READ);
          onConnected();
        } else {
          register(socket, SelectionKey.OP_CONNECT);
          scheduleOnce("connect", patience);
        }
      } catch (IOException | UnsupportedAddressTypeException e) {
        failStage(e);
      }
    }

    private void register(SocketChannel channel, int operations) {
      sockets.execute(
          () -> {
            try {
              key = sockets.register(channel, operations, this);
            } catch (IOException closed) {
              errors.invoke(closed); // nobody hears that if the stage has closed it
            }
          });
    }

    @Override
    public void ready(SelectionKey key) throws IOException {
      var channel = (SocketChannel) key.channel();
      if (key.isConnectable()) {
        channel.finishConnect();
        key.interestOps(SelectionKey.OP_READ);
        signals.invoke(Signal.CONNECTED);
        return;
      }
      if (key.isWritable()) {
        key.interestOpsAnd(~SelectionKey.OP_WRITE);
        signals.invoke(Signal.ROOM);
      }
      if (!key.isReadable()) return;
      var bytes = sockets.read(channel);
      if (bytes == null) {
        key.interestOpsAnd(~SelectionKey.OP_READ);
        signals.invoke(Signal.END);
      } else if (!bytes.isEmpty()) {
        // Before the other side can take it away again: it asks for more only if there was too
        // much.
        if (ahead.addAndGet(bytes.size()) > AHEAD) key.interestOpsAnd(~SelectionKey.OP_READ);
        arrived.invoke(bytes);
      }
    }

    @Override
    public void failed(Exception cause) {
      errors.invoke(cause);
    }

    @Override
    public void onTimer(Object key) {
      if (!connected)
        failStage(
            new SocketTimeoutException("no answer within %s ms".formatted(patience.toMillis())));
    }

    private void onSignal(Signal signal) {
      switch (signal) {
        case CONNECTED -> onConnected();
        case ROOM -> write();
        case END -> {
          peerEnded = true;
          handOver();
        }
      }
    }

    private void onConnected() {
      connected = true;
      if (isClosed(in)) end();
      else pull(in);
    }

    private void onError(Exception cause) {
      failStage(
          connected && cause instanceof IOException
              ? new IOException(BROKE + ": " + cause.getMessage(), cause)
              : cause);
    }

    private void onArrived(ByteString bytes) {
      unread.add(bytes);
      handOver();
    }

    private void handOver() {
      while (!unread.isEmpty() && (cancelled || isAvailable(out))) {
        var bytes = unread.remove();
        if (!cancelled) push(out, bytes);
        int before = ahead.getAndAdd(-bytes.size());
        if (before > AHEAD && before - bytes.size() <= AHEAD) watch(SelectionKey.OP_READ);
      }
      if (!peerEnded || !unread.isEmpty()) return;
      if (!isClosed(out)) complete(out);
      if (isClosed(in) && unsent.isEmpty()) completeStage();
    }

    private void watch(int operation) {
      sockets.execute(
          () -> {
            if (key != null && key.isValid()) key.interestOpsOr(operation);
          });
    }

    private void write() {
      if (channel == null) return;
      try {
        unsent = sockets.write(channel, unsent);
      } catch (IOException e) {
        onError(e);
        return;
      }
      if (!unsent.isEmpty()) watch(SelectionKey.OP_WRITE);
      else if (isClosed(in) || cancelled && accepted != null) end();
      else if (!hasBeenPulled(in)) pull(in);
    }

    /** All is sent, and nothing more will be. */
    private void end() {
      if (accepted != null || isClosed(out)) {
        completeStage();
        return;
      }
      try {
        if (channel != null) channel.shutdownOutput();
      } catch (IOException e) {
        onError(e);
      }
    }

    @Override
    public void postStop() {
      if (channel == null) return;
      if (aborted) sockets.abort(channel);
      else sockets.close(channel);
    }
  }
}
