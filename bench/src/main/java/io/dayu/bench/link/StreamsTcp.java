package io.dayu.bench.link;

import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;

/** What the transports on Pekko Streams TCP share. */
final class StreamsTcp {
  /** Below this, elements are put together into one write of {@link #BATCH} bytes. */
  private static final int SMALL = 8 << 10;

  private static final long BATCH = 64 << 10;

  private StreamsTcp() {}

  static Transport.ReceivingEnd receive(
      ActorSystem<?> system, Sink<ByteString, CompletionStage<Done>> sink) {
    var switches = KillSwitches.shared("receive");
    var binding =
        Tcp.get(system)
            .bind("127.0.0.1", 0)
            .toMat(
                Sink.foreach(
                    connection ->
                        connection.handleWith(
                            Flow.fromSinkAndSourceCoupled(
                                Flow.<ByteString>create().via(switches.flow()).to(sink),
                                Source.<ByteString>maybe()),
                            org.apache.pekko.stream.Materializer.matFromSystem(system))),
                Keep.left())
            .run(system)
            .toCompletableFuture()
            .join();
    return new Transport.ReceivingEnd() {
      @Override
      public int port() {
        return binding.localAddress().getPort();
      }

      @Override
      public void close() {
        binding.unbind().toCompletableFuture().join();
        switches.shutdown();
      }
    };
  }

  static Transport.End send(ActorSystem<?> system, Source<ByteString, NotUsed> frames, int port) {
    var killSwitch =
        frames
            .viaMat(KillSwitches.single(), Keep.right())
            .via(Tcp.get(system).outgoingConnection("127.0.0.1", port))
            .to(Sink.ignore())
            .run(system);
    return killSwitch::shutdown;
  }

  /** Small frames that wait for the socket go out together; none is held back. */
  static Source<ByteString, NotUsed> batched(Source<ByteString, NotUsed> frames, int payload) {
    return payload >= SMALL
        ? frames
        : frames.async().batchWeighted(BATCH, f -> (long) f.size(), f -> f, (a, b) -> a.concat(b));
  }
}
