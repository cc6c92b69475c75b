package io.dayu.link;

import io.dayu.facts.Acknowledgement;
import io.dayu.facts.InstanceName;
import io.dayu.keys.NodeKeys;
import io.dayu.settings.NodeMemory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

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

  private record Opened(Tcp.ServerBinding binding) implements Command {}

  private record NotOpened(Throwable cause) implements Command {}

  private record Accepted(Tcp.IncomingConnection connection) implements Command {}

  private record Closed(InetAddress from) implements Command {}

  private static final int BACKLOG = 100;

  /** Reads nothing and sends nothing. */
  private static final Flow<ByteString, ByteString, NotUsed> CLOSE =
      Flow.fromSinkAndSource(Sink.cancelled(), Source.empty());

  private final LinkSettings settings;
  private final Optional<NodeKeys> keys;
  private final ActorRef<Lookup> consumers;
  private final ActorRef<Started> starter;
  private final LongSupplier nanos;
  private final NodeBytes budget;
  private final LargeBytes large;
  private final Connections connections;
  private final Complaints complaints;
  private final Refusals refusals = new Refusals();
  private Tcp.@Nullable ServerBinding binding; // null until it is bound
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

  private LinkServer(
      ActorContext<Command> context,
      LinkSettings settings,
      Optional<NodeKeys> keys,
      NodeMemory memory,
      InetSocketAddress address,
      ActorRef<Lookup> consumers,
      ActorRef<Started> starter,
      LongSupplier nanos) {
    super(context);
    this.settings = settings;
    this.keys = keys;
    this.consumers = consumers;
    this.starter = starter;
    this.nanos = nanos;
    this.complaints = new Complaints(nanos.getAsLong());
    this.budget = NodeBytes.of(settings, memory.windows());
    this.large = LargeBytes.of(settings, memory.largeElements());
    this.connections = Connections.of(settings, memory.connections(), nanos.getAsLong());
    var self = context.getSelf();
    CompletionStage<Tcp.ServerBinding> bound =
        Tcp.get(context.getSystem())
            // Both halves end together: a refused peer that stays would hold its socket for ever.
            .bind(
                address.getHostString(),
                address.getPort(),
                BACKLOG,
                List.of(),
                false,
                Optional.empty())
            .toMat(Sink.foreach(c -> self.tell(new Accepted(c))), Keep.left())
            .run(context.getSystem());
    context.pipeToSelf(bound, (b, error) -> error == null ? new Opened(b) : new NotOpened(error));
  }

  /**
   * @param keys links are encrypted, and peers show whose keys they have, where there are some
   * @param memory of the node, on which all links draw
   * @param nanos a clock as {@link System#nanoTime}
   */
  public static Behavior<Command> create(
      LinkSettings settings,
      Optional<NodeKeys> keys,
      NodeMemory memory,
      InetSocketAddress address,
      ActorRef<Lookup> consumers,
      ActorRef<Started> starter,
      LongSupplier nanos) {
    return Behaviors.setup(
        context ->
            new LinkServer(context, settings, keys, memory, address, consumers, starter, nanos));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(
            Opened.class,
            opened -> {
              binding = opened.binding();
              starter.tell(new Bound(binding.localAddress()));
              return this;
            })
        .onMessage(
            NotOpened.class,
            failed -> {
              starter.tell(new BindFailed(failed.cause()));
              return Behaviors.stopped();
            })
        .onMessage(Accepted.class, this::onAccepted)
        .onMessage(
            Closed.class,
            closed -> {
              connections.ended(closed.from());
              return this;
            })
        .onSignal(
            PostStop.class,
            stop -> {
              if (binding != null) binding.unbind(); // what fails here ends with the system
              return this;
            })
        .build();
  }

  private Behavior<Command> onAccepted(Accepted message) {
    var connection = message.connection();
    var from = connection.remoteAddress().getAddress();
    if (connections.accept(from)) {
      var link =
          LinkReceiver.create(
              settings, keys, connection, consumers, budget, large, complaints, refusals, nanos);
      getContext().watchWith(getContext().spawn(link, "link-" + ++accepted), new Closed(from));
    } else {
      connection.handleWith(CLOSE, getContext().getSystem());
    }
    connections.news(nanos.getAsLong()).ifPresent(getContext().getLog()::warn);
    return this;
  }
}
