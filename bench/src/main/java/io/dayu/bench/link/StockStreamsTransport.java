package io.dayu.bench.link;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import io.dayu.element.Element;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.SpawnProtocol;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Framing;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * What one would write on Pekko Streams with what it brings along: length fields, the same protobuf
 * messages, flow control by TCP.
 */
final class StockStreamsTransport implements Transport {
  private static final int LENGTH = Integer.BYTES;
  private static final int LARGEST_FRAME = 64 << 20;

  @Override
  public ReceivingEnd receive(
      ActorSystem<SpawnProtocol.Command> system, int payload, ArrivalCounter arrivals) {
    return StreamsTcp.receive(
        system,
        Flow.<ByteString>create()
            .via(Framing.lengthField(LENGTH, 0, LARGEST_FRAME, ByteOrder.BIG_ENDIAN))
            .map(StockStreamsTransport::decode)
            .toMat(
                Sink.foreach(element -> arrivals.arrived(element.getPayload().getOpaque().size())),
                Keep.right()));
  }

  @Override
  public End send(ActorSystem<SpawnProtocol.Command> system, int payload, int port) {
    var elements = new Elements(payload);
    var frames = Source.repeat(elements).map(e -> encode(e.next()));
    return StreamsTcp.send(system, StreamsTcp.batched(frames, payload), port);
  }

  private static ByteString encode(Element element) {
    int size = element.getSerializedSize();
    var bytes = new byte[LENGTH + size];
    ByteBuffer.wrap(bytes).putInt(size);
    try {
      element.writeTo(CodedOutputStream.newInstance(bytes, LENGTH, size));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return ByteString.fromArrayUnsafe(bytes);
  }

  private static Element decode(ByteString frame) throws InvalidProtocolBufferException {
    return Element.parseFrom(frame.drop(LENGTH).toArray());
  }
}
