package io.dayu.link;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
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
 * A TCP connection: what comes in is sent, what the peer sends goes out, as a {@link Reader} makes
 * it. The stock one has an actor and a queue between the stream and the socket, for either
 * direction, and copies what it reads once more; this one writes where it is, and hears of what was
 * read by one message.
 *
 * <p>It takes nothing more while the socket is busy, and little more than {@link #AHEAD} is read
 * before it is wanted. An end of the input is told to the peer after all that was sent; its
 * failure, or a failure behind the output, resets the connection. A connection that cannot be made
 * or breaks fails the stage with an {@link IOException}. For one run only.
 */
final class SocketStage<T> extends GraphStage<FlowShape<ByteString, T>> {
  /** What the message of a connection begins with that was there and ended by an error. */
  static final String BROKE = "The connection broke";

  /** Bytes that are read and not wanted yet, after which no more are read. */
  private static final int AHEAD = 128 << 10;

  /** Makes of bytes what is given out; called by one thread. */
  interface Reader<T> {
    /** Bytes as they are. */
    static Reader<ByteString> bytes() {
      return buffer -> {
        var bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return ByteString.fromArrayUnsafe(bytes);
      };
    }

    /** Frames; none where one is not whole yet, so that it can be seen that something comes. */
    static Reader<List<Frame>> frames(FrameReader.Memory memory) {
      var frames = new FrameReader(memory, FrameReader.PATIENCE);
      return buffer -> {
        frames.read(buffer);
        return frames.take();
      };
    }

    /**
     * What it leaves of {@code buffer} it has no memory for, and gets again after {@link
     * FrameReader#RETRY}. What it throws fails the stage.
     */
    T read(ByteBuffer buffer);
  }

  private record Arrived<T>(T what, int bytes) {}

  private enum Signal {
    CONNECTED,
    ROOM,
    NO_MEMORY,
    END
  }

  private enum Timer {
    CONNECT,
    MEMORY
  }

  private final Sockets sockets;
  private final @Nullable SocketChannel accepted; // null for a connection that is to be made
  private final @Nullable InetSocketAddress address;
  private final Duration patience;
  private final Reader<T> reader;
  private final Inlet<ByteString> in = Inlet.create("Socket.in");
  private final Outlet<T> out = Outlet.create("Socket.out");
  private final FlowShape<ByteString, T> shape = FlowShape.of(in, out);

  private SocketStage(
      Sockets sockets,
      @Nullable SocketChannel accepted,
      @Nullable InetSocketAddress address,
      Duration patience,
      Reader<T> reader) {
    this.sockets = sockets;
    this.accepted = accepted;
    this.address = address;
    this.patience = patience;
    this.reader = reader;
  }

  /**
   * Makes a connection. After the end of its input it reads on until the peer ends.
   *
   * @param patience the time that connecting may take
   */
  static <T> SocketStage<T> to(
      InetSocketAddress address, Duration patience, Sockets sockets, Reader<T> reader) {
    return new SocketStage<>(sockets, null, address, patience, reader);
  }

  /**
   * Takes a connection that was accepted, and closes it. Both halves end together: a refused peer
   * that stays would hold its socket for ever.
   */
  static <T> SocketStage<T> of(SocketChannel accepted, Sockets sockets, Reader<T> reader) {
    return new SocketStage<>(sockets, accepted, null, Duration.ZERO, reader);
  }

  @Override
  public FlowShape<ByteString, T> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic implements Sockets.Handler {
    private final AsyncCallback<Arrived<T>> arrived = createAsyncCallback(this::onArrived);
    private final AsyncCallback<Signal> signals = createAsyncCallback(this::onSignal);
    private final AsyncCallback<Exception> errors = createAsyncCallback(this::onError);
    private final AtomicInteger ahead = new AtomicInteger(); // bytes; counts those in messages, too
    private final ArrayDeque<Arrived<T>> unread = new ArrayDeque<>(); // bounded by ahead
    private @Nullable SocketChannel channel; // null if there is none
    // These two belong to the thread that waits.
    private @Nullable SelectionKey key; // null until it is known there
    private @Nullable ByteBuffer left; // what there was no memory for, null if there is nothing
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
          scheduleOnce(Timer.CONNECT, patience);
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
      var buffer = sockets.read(channel);
      if (buffer == null) {
        key.interestOpsAnd(~SelectionKey.OP_READ);
        signals.invoke(Signal.END);
        return;
      }
      if (!buffer.hasRemaining()) return;
      read(buffer);
      if (buffer.hasRemaining()) {
        left = ByteBuffer.allocate(buffer.remaining()).put(buffer).flip();
        signals.invoke(Signal.NO_MEMORY);
      }
      if (left != null || ahead.get() > AHEAD) key.interestOpsAnd(~SelectionKey.OP_READ);
    }

    private void read(ByteBuffer buffer) {
      int before = buffer.remaining();
      var what = reader.read(buffer);
      int bytes = before - buffer.remaining();
      ahead.addAndGet(bytes);
      arrived.invoke(new Arrived<>(what, bytes));
    }

    /** Reads again, unless there is a reason not to. By the thread that waits, as the next two. */
    private void resume() {
      if (key != null && key.isValid() && left == null && ahead.get() <= AHEAD)
        key.interestOpsOr(SelectionKey.OP_READ);
    }

    private void awaitRoom() {
      if (key != null && key.isValid()) key.interestOpsOr(SelectionKey.OP_WRITE);
    }

    private void tryAgain() {
      if (left == null) return;
      try {
        read(left);
      } catch (RuntimeException e) {
        failed(e);
        return;
      }
      if (left.hasRemaining()) {
        signals.invoke(Signal.NO_MEMORY);
      } else {
        left = null;
        resume();
      }
    }

    @Override
    public void failed(Exception cause) {
      errors.invoke(cause);
    }

    @Override
    public void onTimer(Object key) {
      if (key == Timer.MEMORY) sockets.execute(this::tryAgain);
      else if (!connected)
        failStage(
            new SocketTimeoutException("no answer within %s ms".formatted(patience.toMillis())));
    }

    private void onSignal(Signal signal) {
      switch (signal) {
        case CONNECTED -> onConnected();
        case ROOM -> write();
        case NO_MEMORY -> scheduleOnce(Timer.MEMORY, FrameReader.RETRY);
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

    private void onArrived(Arrived<T> read) {
      unread.add(read);
      handOver();
    }

    private void handOver() {
      while (!unread.isEmpty() && (cancelled || isAvailable(out))) {
        var next = unread.remove();
        if (!cancelled) push(out, next.what());
        int before = ahead.getAndAdd(-next.bytes());
        if (before > AHEAD && before - next.bytes() <= AHEAD) sockets.execute(this::resume);
      }
      if (!peerEnded || !unread.isEmpty()) return;
      if (!isClosed(out)) complete(out);
      if (isClosed(in) && unsent.isEmpty()) completeStage();
    }

    private void write() {
      if (channel == null) return;
      try {
        unsent = sockets.write(channel, unsent);
      } catch (IOException e) {
        onError(e);
        return;
      }
      if (!unsent.isEmpty()) sockets.execute(this::awaitRoom);
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
