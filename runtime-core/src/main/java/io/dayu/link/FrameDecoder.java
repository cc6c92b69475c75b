package io.dayu.link;

import io.dayu.keys.KeysException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a TCP stream into frames, copying every chunk once, straight into the frame's array; the
 * stock framing costs a rope concatenation and a copy per frame. A header that cannot be one fails
 * the stream with a {@link LinkException}.
 *
 * <p>A frame's length is a stranger's word: an array of that size is made only within what is set
 * aside for the link. For a larger one memory is taken first, and nothing more is read until it is
 * there; who waits for too long is cut off.
 */
final class FrameDecoder extends GraphStage<FlowShape<ByteString, List<Frame>>> {
  /** Between two tries to get memory. */
  private static final Duration RETRY = Duration.ofMillis(20);

  /** A peer whose frame finds no memory for so long is told so by the end of its connection. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  // What TLS begins with, in the first two bytes of our header; no frame is that long.
  private static final int TLS_ALERT = 0x1503;
  private static final int TLS_HANDSHAKE = 0x1603;

  /** How much of a node's memory the frames of one connection may take. */
  interface Memory {
    /** The largest body that a frame of {@code type} may have now. */
    int largest(Frame.Type type);

    /**
     * Takes what a frame needs.
     *
     * @return false if it is not there now
     */
    boolean take(Frame.Type type, int length);
  }

  private final Memory memory;
  private final Duration patience;
  private final Inlet<ByteString> in = Inlet.create("FrameDecoder.in");
  private final Outlet<List<Frame>> out = Outlet.create("FrameDecoder.out");
  private final FlowShape<ByteString, List<Frame>> shape = FlowShape.of(in, out);

  FrameDecoder(Memory memory) {
    this(memory, PATIENCE);
  }

  FrameDecoder(Memory memory, Duration patience) {
    this.memory = memory;
    this.patience = patience;
  }

  /** Of a peer that sends nothing larger than {@code largest}, which is little. */
  FrameDecoder(int largest) {
    this(
        new Memory() {
          @Override
          public int largest(Frame.Type type) {
            return largest;
          }

          @Override
          public boolean take(Frame.Type type, int length) {
            return true;
          }
        });
  }

  @Override
  public FlowShape<ByteString, List<Frame>> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private final ArrayDeque<ByteBuffer> unread = new ArrayDeque<>(); // of one TCP chunk
    private List<Frame> ready = new ArrayList<>(); // bounded by one TCP chunk
    private long header;
    private int headerBytes;
    private Frame.Type type = Frame.Type.HELLO; // of the body
    private byte @Nullable [] body; // null between two frames
    private int length; // of the body
    private int filled;
    private int tries; // to get memory for the frame whose header was read

    private Logic() {
      super(shape);
      setHandler(
          in,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              grab(in).getByteBuffers().forEach(unread::add);
              proceed();
            }

            @Override
            public void onUpstreamFinish() {
              // What is unread waits for memory; it ends with the connection and is sent again.
              if (ready.isEmpty()) completeStage();
              else emit(out, ready, Logic.this::completeStage);
            }
          });
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              handOver();
            }
          });
    }

    @Override
    public void onTimer(Object key) {
      proceed();
    }

    private void proceed() {
      try {
        while (!unread.isEmpty() && read(unread.element())) unread.remove();
      } catch (LinkException | KeysException e) {
        failStage(e); // if it were thrown, it would be logged as a bug
        return;
      }
      if (!unread.isEmpty()) scheduleOnce(RETRY, RETRY);
      if (isAvailable(out)) handOver();
    }

    /** Answers demand with what is there, or asks for more; while memory is missing, neither. */
    private void handOver() {
      if (!ready.isEmpty()) {
        push(out, ready);
        ready = new ArrayList<>();
      } else if (unread.isEmpty()) {
        pull(in);
      }
    }

    /** Whether all of {@code buffer} was read; if not, memory is missing for the next frame. */
    private boolean read(ByteBuffer buffer) {
      while (buffer.hasRemaining()) {
        if (headerBytes < Frame.HEADER) {
          header = header << 8 | buffer.get() & 0xff;
          if (++headerBytes == Frame.HEADER) check();
          continue;
        }
        if (body == null) {
          if (!hasMemory()) return false;
          body = new byte[length];
          filled = 0;
        }
        int n = Math.min(buffer.remaining(), length - filled);
        buffer.get(body, filled, n);
        filled += n;
        if (filled == length) {
          ready.add(new Frame(type, body));
          body = null;
          headerBytes = 0;
          header = 0;
        }
      }
      return true;
    }

    private void check() {
      int begin = (int) (header >>> 3 * Byte.SIZE);
      if (begin == TLS_HANDSHAKE || begin == TLS_ALERT)
        throw new KeysException(
            "the peer encrypts and this node does not; give it keys (dayu.keys.directory)");
      type = Frame.Type.of((int) (header & 0xff));
      long told = header >>> 8;
      int largest = memory.largest(type);
      if (told < 1 || told > largest)
        throw new LinkException(
            "frame of %s bytes, 1 to %s are possible; the peer is no Dayu node"
                .formatted(told, largest));
      length = (int) told;
    }

    private boolean hasMemory() {
      if (memory.take(type, length)) {
        tries = 0;
        return true;
      }
      if (++tries > patience.dividedBy(RETRY))
        throw new LinkException(
            "no memory for a frame of %s bytes for %s s: too many large elements arrive at once"
                .formatted(length, patience.toSeconds()));
      return false;
    }
  }
}
