package io.dayu.link;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * Cuts a TCP stream into frames, copying every chunk once, straight into the frame's array; the
 * stock framing costs a rope concatenation and a copy per frame. A header that cannot be one fails
 * the stream with a {@link LinkException}.
 */
final class FrameDecoder extends GraphStage<FlowShape<ByteString, Frame>> {
  private final int maxFirst;
  private final int maxBody;
  private final Inlet<ByteString> in = Inlet.create("FrameDecoder.in");
  private final Outlet<Frame> out = Outlet.create("FrameDecoder.out");
  private final FlowShape<ByteString, Frame> shape = FlowShape.of(in, out);

  /**
   * @param maxFirst largest body of the first frame, before the peer is known
   * @param maxBody largest body of later ones
   */
  FrameDecoder(int maxFirst, int maxBody) {
    this.maxFirst = maxFirst;
    this.maxBody = maxBody;
  }

  @Override
  public FlowShape<ByteString, Frame> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends GraphStageLogic {
    private final ArrayDeque<Frame> ready = new ArrayDeque<>(); // bounded by one TCP chunk
    private long header;
    private int headerBytes;
    private Frame.Type type;
    private int max = maxFirst;
    private byte[] body;
    private int filled;

    private Logic() {
      super(shape);
      setHandler(
          in,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              try {
                for (var buffer : grab(in).getByteBuffers()) read(buffer);
              } catch (LinkException e) {
                failStage(e); // thrown on, it would be logged as a bug of ours
                return;
              }
              if (ready.isEmpty()) pull(in);
              else if (isAvailable(out)) push(out, ready.poll());
            }

            @Override
            public void onUpstreamFinish() {
              if (ready.isEmpty()) completeStage();
              else emitMultiple(out, ready.iterator(), () -> completeStage());
            }
          });
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              var frame = ready.poll();
              if (frame != null) push(out, frame);
              else if (!hasBeenPulled(in)) pull(in);
            }
          });
    }

    private void read(ByteBuffer buffer) {
      while (buffer.hasRemaining()) {
        if (body == null && !readHeader(buffer)) return;
        int n = Math.min(buffer.remaining(), body.length - filled);
        buffer.get(body, filled, n);
        filled += n;
        if (filled == body.length) {
          ready.add(new Frame(type, body));
          body = null;
        }
      }
    }

    private boolean readHeader(ByteBuffer buffer) {
      while (headerBytes < Frame.HEADER && buffer.hasRemaining()) {
        header = header << 8 | buffer.get() & 0xff;
        headerBytes++;
      }
      if (headerBytes < Frame.HEADER) return false;
      long length = header >>> 8;
      if (length < 1 || length > max)
        throw new LinkException(
            "frame of %d bytes, 1 to %d are possible; the peer is no Dayu node"
                .formatted(length, max));
      type = Frame.Type.of((int) (header & 0xff));
      max = maxBody;
      body = new byte[(int) length];
      filled = 0;
      header = 0;
      headerBytes = 0;
      return true;
    }
  }
}
