package io.dayu.link;

import io.dayu.facts.Acknowledgement;
import io.dayu.facts.InstanceName;
import io.dayu.keys.NodeKeys;
import io.dayu.settings.NodeMemory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * The data port of a node: accepts links and spawns a {@link LinkReceiver} for each. Spawned by the
 * node's bootstrap, which hears {@link Bound} or {@link BindFailed} once.
 */
public final class LinkServer extends AbstractBehavior<LinkServer.Command> {
  public sealed interface Command {}

  /** How the attempt to open the port ended. */
  public sealed interface Started {}

  public record Bound(InetSocketAddress address) implements Started {}

  public record BindFailed(Throwable cause) implements Started {}

  /** One that was accepted; who takes it closes it. */
  record Connection(SocketChannel channel, InetSocketAddress from) implements Command {}

  private record Closed(InetAddress from) implements Command {}

  private static final int BACKLOG = 100;

  private final LinkSettings settings;
  private final Optional<NodeKeys> keys;
  private final ActorRef<Lookup> consumers;
  private final ActorRef<Untold> untold;
  private final Sockets sockets;
  private final ServerSocketChannel port;

  /** Accepted, and in the mailbox: nobody else closes them if the server stops before. */
  private final Set<SocketChannel> waiting = ConcurrentHashMap.newKeySet();

  private final LongSupplier nanos;
  private final NodeBytes budget;
  private final LargeBytes large;
  private final Connections connections;
  private final Complaints complaints;
  private final Refusals refusals = new Refusals();
  private long accepted;

  /**
   * Asks for the consumer that a peer wants to reach.
   *
   * @param instance as in the hello
   * @param producer the peer's node
   * @param acknowledgements sends them to the peer, as long as the link lives
   */
  public record Lookup(
      InstanceName instance,
      String producer,
      ActorRef<Acknowledgement> acknowledgements,
      ActorRef<Found> replyTo) {}

  /** The answer to a {@link Lookup}. */
  public sealed interface Found {}

  /**
   * @param gate decides which of the peer's elements the inlet is offered
   */
  public record Consumer(ActorRef<Inlet.Command> inlet, Gate gate) implements Found {
    /** One that is offered all. */
    public Consumer(ActorRef<Inlet.Command> inlet) {
      this(inlet, Gate.OPEN);
    }
  }

  /** There is no such consumer here. */
  public record NoConsumer(String reason) implements Found {}

  /**
   * {@code peer} has opened a link and does not read it, so it is to be told in another way what is
   * stored.
   */
  public record Untold(String peer, Acknowledgement acknowledgement) {}

  private LinkServer(
      ActorContext<Command> context,
      LinkSettings settings,
      Optional<NodeKeys> keys,
      NodeMemory memory,
      InetSocketAddress address,
      ActorRef<Lookup> consumers,
      ActorRef<Untold> untold,
      LongSupplier nanos)
      throws IOException {
    super(context);
    this.settings = settings;
    this.keys = keys;
    this.consumers = consumers;
    this.untold = untold;
    this.nanos = nanos;
    this.complaints = new Complaints(nanos.getAsLong());
    this.budget = NodeBytes.of(settings, memory.windows());
    this.large = LargeBytes.of(settings, memory.largeElements());
    this.connections = Connections.of(settings, memory.connections(), nanos.getAsLong());
    var self = context.getSelf();
    this.sockets = Sockets.get(context.getSystem());
    this.port =
        sockets.listen(
            address,
            BACKLOG,
            (channel, from) -> {
              waiting.add(channel);
              self.tell(new Connection(channel, from));
            });
  }

  /**
   * @param keys links are encrypted, and peers show whose keys they have, where there are some
   * @param memory of the node, on which all links draw
   * @param untold hears of acknowledgements that a link has left out
   * @param nanos a clock as {@link System#nanoTime}
   */
  public static Behavior<Command> create(
      LinkSettings settings,
      Optional<NodeKeys> keys,
      NodeMemory memory,
      InetSocketAddress address,
      ActorRef<Lookup> consumers,
      ActorRef<Untold> untold,
      ActorRef<Started> starter,
      LongSupplier nanos) {
    return Behaviors.setup(
        context -> {
          try {
            var server =
                new LinkServer(context, settings, keys, memory, address, consumers, untold, nanos);
            starter.tell(new Bound((InetSocketAddress) server.port.getLocalAddress()));
            return server;
          } catch (IOException e) {
            starter.tell(new BindFailed(e));
            return Behaviors.stopped();
          }
        });
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Connection.class, this::onAccepted)
        .onMessage(
            Closed.class,
            closed -> {
              connections.ended(closed.from());
              return this;
            })
        .onSignal(
            PostStop.class,
            stop -> {
              sockets.close(port);
              // Not before: until the port is closed more of them may come.
              sockets.execute(() -> waiting.forEach(sockets::close));
              return this;
            })
        .build();
  }

  private Behavior<Command> onAccepted(Connection connection) {
    waiting.remove(connection.channel());
    var from = connection.from().getAddress();
    if (connections.accept(from)) {
      var link =
          LinkReceiver.create(
              settings,
              keys,
              connection,
              consumers,
              untold,
              budget,
              large,
              complaints,
              refusals,
              nanos);
      getContext().watchWith(getContext().spawn(link, "link-" + ++accepted), new Closed(from));
    } else {
      sockets.close(connection.channel());
    }
    connections.news(nanos.getAsLong()).ifPresent(getContext().getLog()::warn);
    return this;
  }
}
