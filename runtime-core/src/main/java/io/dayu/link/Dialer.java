package io.dayu.link;

import io.dayu.keys.NodeKeys;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * Makes the connections of a link, one after the other: asks which addresses the host has now, and
 * connects to the one whose turn it is, encrypted where this node has keys. Belongs to one actor,
 * which is told by {@link Event events} what becomes of it; those of an earlier connection are not
 * {@link #isCurrent current}.
 */
final class Dialer {
  /** What becomes of a connection. */
  sealed interface Event extends Inlet.Command {}

  /** The host has these addresses. */
  record Resolved(List<InetAddress> addresses) implements Event {}

  /** The host has no address. */
  record NotResolved(Throwable cause) implements Event {}

  /** What is sent waits until there is a connection, or it breaks. */
  record Connected(Outgoing connection, int generation) implements Event {}

  record Received(List<Frame> frames, int generation) implements Event {}

  record Broken(Throwable cause, int generation) implements Event {}

  /** What has come together while the socket was busy goes out in one write of about this size. */
  private static final long WRITE_BYTES = 256 << 10;

  private final ActorContext<Inlet.Command> context;
  private final LinkSettings settings;
  private final Optional<NodeKeys> keys;
  private final LinkSender.Target target;
  private final Resolver resolver;
  private int generation;
  private boolean resolving; // one question at a time: an answer may take many seconds
  private int turn; // of the host's addresses

  Dialer(
      ActorContext<Inlet.Command> context,
      LinkSettings settings,
      Optional<NodeKeys> keys,
      LinkSender.Target target,
      Resolver resolver) {
    this.context = context;
    this.settings = settings;
    this.keys = keys;
    this.target = target;
    this.resolver = resolver;
  }

  /** Connects, with {@link Connected} or {@link NotResolved}, unless that is under way. */
  void connect() {
    if (resolving) return;
    resolving = true;
    context.pipeToSelf(
        resolver.resolve(target.host()),
        (addresses, error) -> error == null ? new Resolved(addresses) : new NotResolved(error));
  }

  /** The next try is made with the host's next address. */
  void turn() {
    turn = turn + 1 & Integer.MAX_VALUE;
  }

  boolean isCurrent(int event) {
    return event == generation;
  }

  /** The connection as it is now has broken, for a reason that it does not know. */
  Broken broken(Throwable cause) {
    return new Broken(cause, generation);
  }

  /** The connection is given up. */
  void end() {
    generation++;
  }

  /** What was asked is answered. */
  Broken on(NotResolved failure) {
    resolving = false;
    return broken(failure.cause());
  }

  /** What was asked is answered. */
  void on(Resolved resolved) {
    resolving = false;
    var addresses = resolved.addresses();
    connect(new InetSocketAddress(addresses.get(turn % addresses.size()), target.port()));
  }

  private void connect(InetSocketAddress address) {
    int mine = ++generation;
    var self = context.getSelf();
    // Room for all that credit allows in parts, and for control frames.
    int room = settings.elementWindow() * 2 + 1024;
    var source = Source.<ByteString>queue(room);
    var frames = FrameReader.Memory.of(Frames.MAX_CONTROL);
    var flow =
        keys.map(
                k ->
                    encrypted(socket(address, SocketStage.Reader.bytes()), k)
                        .via(new FrameDecoder(frames)))
            .orElseGet(() -> socket(address, SocketStage.Reader.frames(frames)));
    var queue =
        source
            .batchWeighted(WRITE_BYTES, b -> (long) b.size(), b -> b, (a, b) -> a.concat(b))
            .viaMat(flow, Keep.left())
            .filterNot(List::isEmpty)
            .toMat(
                Sink.foreach(some -> self.tell(new Received(some, mine))),
                (q, done) -> {
                  done.whenComplete(
                      (d, error) ->
                          self.tell(
                              new Broken(
                                  error == null ? new LinkException(ConnectFailures.CLOSED) : error,
                                  mine)));
                  return q;
                })
            .run(context.getSystem());
    var outgoing = new Outgoing(queue, room, cause -> self.tell(new Broken(cause, mine)));
    self.tell(new Connected(outgoing, mine));
  }

  private <T> Flow<ByteString, T, NotUsed> socket(
      InetSocketAddress address, SocketStage.Reader<T> reader) {
    return Flow.fromGraph(
        SocketStage.to(
            address, settings.connectTimeout(), Sockets.get(context.getSystem()), reader));
  }

  private <M> Flow<ByteString, ByteString, M> encrypted(
      Flow<ByteString, ByteString, M> tcp, NodeKeys keys) {
    return Encryption.over(
        tcp,
        () -> keys.client(target.peer()),
        settings.connectTimeout(),
        peer -> {},
        context.getSystem());
  }
}
