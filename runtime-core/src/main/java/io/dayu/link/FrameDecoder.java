package io.dayu.link;

import io.dayu.keys.KeysException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
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

/**
 * A {@link FrameReader} in a stream, for bytes that were decrypted; a {@link SocketStage} has one
 * of its own. A header that cannot be one fails the stream with a {@link LinkException}.
 */
final class FrameDecoder extends GraphStage<FlowShape<ByteString, List<Frame>>> {
  private final FrameReader.Memory memory;
  private final Duration patience;
  private final Inlet<ByteString> in = Inlet.create("FrameDecoder.in");
  private final Outlet<List<Frame>> out = Outlet.create("FrameDecoder.out");
  private final FlowShape<ByteString, List<Frame>> shape = FlowShape.of(in, out);

  FrameDecoder(FrameReader.Memory memory) {
    this(memory, FrameReader.PATIENCE);
  }

  FrameDecoder(FrameReader.Memory memory, Duration patience) {
    this.memory = memory;
    this.patience = patience;
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
    private final FrameReader reader = new FrameReader(memory, patience);
    private final ArrayDeque<ByteBuffer> unread = new ArrayDeque<>(); // of one TCP chunk

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
              if (reader.isEmpty()) completeStage();
              else emit(out, reader.take(), Logic.this::completeStage);
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
        while (!unread.isEmpty()) {
          reader.read(unread.element());
          if (unread.element().hasRemaining()) break;
          unread.remove();
        }
      } catch (LinkException | KeysException e) {
        failStage(e); // if it were thrown, it would be logged as a bug
        return;
      }
      if (!unread.isEmpty()) scheduleOnce(FrameReader.RETRY, FrameReader.RETRY);
      if (isAvailable(out)) handOver();
    }

    /** Answers demand with what is there, or asks for more; while memory is missing, neither. */
    private void handOver() {
      if (!reader.isEmpty()) push(out, reader.take());
      else if (unread.isEmpty()) pull(in);
    }
  }
}
