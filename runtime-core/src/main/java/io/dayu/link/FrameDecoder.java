package io.dayu.link;

import java.nio.ByteBuffer;
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
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a TCP stream into frames, copying every chunk once, straight into the frame's array; the
 * stock framing costs a rope concatenation and a copy per frame. A header that cannot be one fails
 * the stream with a {@link LinkException}.
 */
final class FrameDecoder extends GraphStage<FlowShape<ByteString, List<Frame>>> {
  private final int maxFirst;
  private final int maxBody;
  private final Inlet<ByteString> in = Inlet.create("FrameDecoder.in");
  private final Outlet<List<Frame>> out = Outlet.create("FrameDecoder.out");
  private final FlowShape<ByteString, List<Frame>> shape = FlowShape.of(in, out);

  /**
   * @param maxFirst largest body of the first frame, before the peer is known
   * @param maxBody largest body of later ones
   */
  FrameDecoder(int maxFirst, int maxBody) {
    this.maxFirst = maxFirst;
    this.maxBody = maxBody;
  }

  @Override
  public FlowShape<ByteString, List<Frame>> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends GraphStageLogic {
    private List<Frame> ready = new ArrayList<>(); // bounded by one TCP chunk
    private long header;
    private int headerBytes;
    private Frame.Type type = Frame.Type.HELLO; // of the body
    private int max = maxFirst;
    private byte @Nullable [] body; // null between two frames
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
                failStage(e); // if it were thrown, it would be logged as a bug
                return;
              }
              if (ready.isEmpty()) {
                pull(in);
              } else {
                push(out, ready);
                ready = new ArrayList<>();
              }
            }
          });
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              pull(in);
            }
          });
    }

    private void read(ByteBuffer buffer) {
      while (buffer.hasRemaining()) {
        if (body == null) body = readHeader(buffer);
        if (body == null) return;
        int n = Math.min(buffer.remaining(), body.length - filled);
        buffer.get(body, filled, n);
        filled += n;
        if (filled == body.length) {
          ready.add(new Frame(type, body));
          body = null;
        }
      }
    }

    /** Room for the body of the next frame; null as long as its header is not whole. */
    private byte @Nullable [] readHeader(ByteBuffer buffer) {
      while (headerBytes < Frame.HEADER && buffer.hasRemaining()) {
        header = header << 8 | buffer.get() & 0xff;
        headerBytes++;
      }
      if (headerBytes < Frame.HEADER) return null;
      long length = header >>> 8;
      if (length < 1 || length > max)
        throw new LinkException(
            "frame of %s bytes, 1 to %s are possible; the peer is no Dayu node"
                .formatted(length, max));
      type = Frame.Type.of((int) (header & 0xff));
      max = maxBody;
      filled = 0;
      header = 0;
      headerBytes = 0;
      return new byte[(int) length];
    }
  }
}
