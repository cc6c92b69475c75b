package io.dayu.link;

import io.dayu.keys.Holder;
import io.dayu.keys.NodeKeys;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.util.ByteString;

/** A TCP connection as a link uses it where nodes have keys: TLS, both sides verified. */
final class Encryption {
  /** How long the peer may take to close its side after this one has. */
  private static final Duration CLOSING = Duration.ofSeconds(2);

  private Encryption() {}

  /**
   * Goes over {@code tcp}. Once the node's side has ended, the connection ends for good, whether
   * the peer closes it or not.
   *
   * @param engine made for this connection
   * @param patience the time for both sides to agree
   * @param peer is told who is at the other end, before the first byte of it comes; must not block
   */
  static <M> Flow<ByteString, ByteString, M> over(
      Flow<ByteString, ByteString, M> tcp,
      Supplier<SSLEngine> engine,
      Duration patience,
      Consumer<Holder> peer,
      ActorSystem<?> system) {
    var closing = KillSwitches.shared("closing");
    var written =
        Flow.<ByteString>create()
            .watchTermination(
                (mat, done) -> {
                  done.whenComplete(
                      (d, error) ->
                          system
                              .scheduler()
                              .scheduleOnce(CLOSING, closing::shutdown, system.executionContext()));
                  return mat;
                });
    var tls =
        BidiFlow.fromGraph(
            new TlsStage(engine, session -> peer.accept(NodeKeys.peer(session)), patience));
    var transport =
        Flow.<ByteString>create().via(closing.flow()).viaMat(tcp, Keep.right()).via(closing.flow());
    return written.viaMat(transport.joinMat(tls.reversed(), Keep.left()), Keep.right());
  }
}
