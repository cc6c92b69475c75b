package io.dayu.bench.link;

import java.nio.ByteBuffer;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.SpawnProtocol;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.scaladsl.Framing;
import org.apache.pekko.util.ByteString;

/** The least that Streams TCP costs: a number and the payload, no messages. */
final class RawStreamsTransport implements Transport {
  private static final int LARGEST_FRAME = 64 << 20;

  @Override
  public ReceivingEnd receive(
      ActorSystem<SpawnProtocol.Command> system, int payload, ArrivalCounter arrivals) {
    // The halves of the framing exist in the Scala interface only.
    return StreamsTcp.receive(
        system,
        Flow.<ByteString>create()
            .via(Framing.simpleFramingProtocolDecoder(LARGEST_FRAME))
            .toMat(
                Sink.foreach(frame -> arrivals.arrived(frame.size() - Long.BYTES)), Keep.right()));
  }

  @Override
  public End send(ActorSystem<SpawnProtocol.Command> system, int payload, int port) {
    var bytes = ByteString.fromArrayUnsafe(Elements.bytes(payload));
    var seq = new long[1];
    var frames =
        Source.repeat(bytes)
            .map(
                b ->
                    ByteString.fromArrayUnsafe(
                            ByteBuffer.allocate(Long.BYTES).putLong(seq[0]++).array())
                        .concat(b))
            .via(Framing.simpleFramingProtocolEncoder(LARGEST_FRAME));
    return StreamsTcp.send(system, StreamsTcp.batched(frames, payload), port);
  }
}
