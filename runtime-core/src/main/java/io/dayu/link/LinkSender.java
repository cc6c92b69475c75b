package io.dayu.link;

import io.dayu.facts.Acknowledgement;
import io.dayu.facts.Acknowledgements;
import io.dayu.facts.InstanceName;
import io.dayu.facts.NodeReport.LinkReport;
import io.dayu.facts.wire.Ack;
import io.dayu.keys.Handshakes;
import io.dayu.keys.NodeKeys;
import io.dayu.link.wire.Bye;
import io.dayu.link.wire.Credit;
import io.dayu.link.wire.Hello;
import io.dayu.link.wire.Ping;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * The near end of a link to one stage instance (or the distributor) on another node. Spawned by the
 * controller, one per pair of instance and node.
 *
 * <p>In order:
 *
 * <ol>
 *   <li>It asks which addresses the host has now, connects to one, and sends {@code hello} with the
 *       instance it wants, and the version. After a try that failed the next address has its turn.
 *   <li>The peer's first {@code credit} opens the link; or {@code bye} refuses it, with the reason.
 *       Then the peer is alive but does not have the instance: the sender tries again, and the peer
 *       is not suspect.
 *   <li>An {@link Inlet.Offer} goes out as {@code data} as far as credit allows, small ones in one
 *       write with all that is at hand ({@link Flush}), large ones in parts. What has no credit
 *       waits, and its producer gets none for it.
 *   <li>The peer returns {@code credit} for what its consumer has taken. With it, and with the
 *       answer to each {@code ping}, it tells how long it held the element, which gives the time on
 *       the way.
 *   <li>{@code acknowledgement}s of results of this node's streams may come on any link; the owner
 *       is told, and decides whether the peer may know.
 *   <li>Silence for {@code dayu.link.suspect-after} while something waits for the peer, or a
 *       connection that breaks, makes the peer suspect: elements that wait, or come later, are
 *       given up, since the generator sends them again on another path. The first answer after that
 *       ends the suspicion.
 *   <li>A connection that has ended is made anew with back-off, at once after {@link Reconnect}.
 *       What was sent on it is not sent again here: the generator's window does that.
 *   <li>A connection that cannot be made is logged with the reason, at longer and longer intervals.
 *   <li>A link that nobody is attached to says {@code bye} and stops after half a minute.
 * </ol>
 */
public final class LinkSender extends AbstractBehavior<Inlet.Command> {
  /** The peer has come to this node by itself, so it can be reached: try now. */
  public enum Reconnect implements Inlet.Command {
    INSTANCE
  }

  /** What the owner hears. */
  public sealed interface Event {}

  /** The peer's state changed, or a second has passed. */
  public record Status(LinkReport report, long dropped) implements Event {}

  /** The peer tells what is stored. */
  public record Acknowledged(String peer, Acknowledgement acknowledgement) implements Event {}

  /**
   * @param peer the node's name, for reports
   * @param host a name or address, resolved anew before every try to connect
   * @param instance what is addressed there
   * @param self this node's name
   */
  public record Target(String peer, String host, int port, InstanceName instance, String self) {}

  /** A message to itself, which comes after all elements that are in the mailbox now. */
  private enum Flush implements Inlet.Command {
    INSTANCE
  }

  private enum Timer implements Inlet.Command {
    CONNECT,
    PING,
    CHECK
  }

  private record Held(Parcel parcel, ActorRef<Inlet.Grant> producer) {}

  /** An attempt to connect that is older than this may be given up for a new one. */
  private static final Duration OLD = Duration.ofSeconds(1);

  /** How often silence is looked at in the time that makes it suspect. */
  private static final int CHECKS = 5;

  /** A link that nobody is attached to is closed after so many pings. */
  private static final int IDLE_PINGS = 30;

  private final TimerScheduler<Inlet.Command> timers;
  private final LinkSettings settings;
  private final Target target;
  private final ActorRef<Event> owner;
  private final LongSupplier nanos;
  private final Liveness liveness;
  private final Dialer dialer;
  private final ConnectFailures failures;
  private final Backoff backoff;
  private final CreditReturn credits;
  private final CreditBalance credit = new CreditBalance();
  private final ArrayDeque<Held> waiting = new ArrayDeque<>(); // bounded by the producers' windows
  private final InTransit inTransit = new InTransit();
  private final FrameBatch batch = new FrameBatch();
  private @Nullable Outgoing connection; // null while there is none
  private boolean open; // the peer has granted credit on this connection
  private boolean suspect;
  private boolean refused; // the peer is alive but does not have the instance
  private boolean refusedNow; // on the present connection
  private boolean refusalTold;
  private final Smoothed rttMs = new Smoothed();
  private final Smoothed transferUs = new Smoothed();
  private long sentBytes;
  private long reportedBytes;
  private double bytesPerSecond;
  private int idlePings;
  private long dropped;

  private LinkSender(
      ActorContext<Inlet.Command> context,
      TimerScheduler<Inlet.Command> timers,
      LinkSettings settings,
      Optional<NodeKeys> keys,
      Target target,
      Resolver resolver,
      ActorRef<Event> owner,
      LongSupplier nanos) {
    super(context);
    this.timers = timers;
    this.settings = settings;
    this.target = target;
    this.owner = owner;
    this.nanos = nanos;
    this.liveness = new Liveness(nanos.getAsLong());
    this.credits = new CreditReturn(context.getSelf());
    this.dialer = new Dialer(context, settings, keys, target, resolver);
    this.failures = new ConnectFailures(target, keys.isPresent());
    this.backoff = settings.backoff();
    timers.startTimerWithFixedDelay(Timer.PING, settings.pingInterval());
    timers.startTimerWithFixedDelay(Timer.CHECK, settings.suspectAfter().dividedBy(CHECKS));
    dialer.connect();
  }

  /**
   * @param keys the link is encrypted, and the peer must have the key of the target, where there
   *     are some
   * @param nanos a clock as {@link System#nanoTime}
   */
  public static Behavior<Inlet.Command> create(
      LinkSettings settings,
      Optional<NodeKeys> keys,
      Target target,
      Resolver resolver,
      ActorRef<Event> owner,
      LongSupplier nanos) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(LinkSender.class);
                  return new LinkSender(
                      context, timers, settings, keys, target, resolver, owner, nanos);
                }));
  }

  @Override
  public Receive<Inlet.Command> createReceive() {
    return credits
        .receive(newReceiveBuilder())
        .onMessage(Inlet.Offer.class, this::onOffer)
        .onMessage(Dialer.Received.class, this::onReceived)
        .onMessageEquals(
            Flush.INSTANCE,
            () -> {
              flush();
              return this;
            })
        .onMessage(
            Dialer.Resolved.class,
            resolved -> {
              dialer.on(resolved);
              return this;
            })
        .onMessage(Dialer.NotResolved.class, failure -> onBroken(dialer.on(failure)))
        .onMessage(Dialer.Connected.class, this::onConnected)
        .onMessage(Dialer.Broken.class, this::onBroken)
        .onMessageEquals(Reconnect.INSTANCE, this::onReconnect)
        .onMessageEquals(Timer.CONNECT, this::onConnect)
        .onMessageEquals(Timer.PING, this::onPing)
        .onMessageEquals(Timer.CHECK, this::onCheck)
        .onSignal(PostStop.class, stop -> onStop())
        .build();
  }

  private Behavior<Inlet.Command> onOffer(Inlet.Offer offer) {
    for (var parcel : offer.parcels()) {
      var held = new Held(parcel, offer.producer());
      if (suspect) giveUp(held);
      else if (connection != null && credit.available()) send(connection, held);
      else waiting.add(held);
    }
    return this;
  }

  private Behavior<Inlet.Command> onReceived(Dialer.Received received) {
    if (!dialer.isCurrent(received.generation())) return this;
    try {
      received.frames().forEach(this::read);
      return this;
    } catch (LinkException e) {
      getContext()
          .getLog()
          .warn("link to {} on {} is cut: {}", target.instance(), target.peer(), e.getMessage());
      return onBroken(dialer.broken(e));
    }
  }

  private void read(Frame frame) {
    long now = now();
    switch (frame.type()) {
      case CREDIT -> onCredit(Frames.message(frame, Credit.parser()), now);
      case PING -> {
        var ping = Frames.message(frame, Ping.parser());
        if (ping.getReply()) onPong(ping, now);
        else if (connection != null)
          connection.send(Frames.control(Frame.Type.PING, ping.toBuilder().setReply(true).build()));
      }
      case ACKNOWLEDGEMENT -> owner.tell(new Acknowledged(target.peer(), acknowledgement(frame)));
      case BYE -> {
        // The peer is alive, but elements that wait for it are not accepted: this is no sign of
        // life.
        onBye(Frames.message(frame, Bye.parser()));
        return;
      }
      case HELLO, DATA, PART ->
          throw new LinkException("a consumer sends no " + frame.type() + " frames");
    }
    liveness.sign(now, !inTransit.isEmpty());
    if (suspect && open) {
      suspect = false;
      getContext().getLog().info("{} on {} answers again", target.instance(), target.peer());
      report();
    }
  }

  private static Acknowledgement acknowledgement(Frame frame) {
    try {
      return Acknowledgements.read(Frames.message(frame, Ack.parser()));
    } catch (IllegalArgumentException e) {
      throw new LinkException("broken acknowledgement: " + e.getMessage());
    }
  }

  private void onCredit(Credit grant, long now) {
    if (grant.getElements() < 0 || grant.getBytes() < 0)
      throw new LinkException("credit below nothing");
    open = true;
    failures.end();
    refused = false;
    refusalTold = false;
    backoff.reset();
    credit.add(grant.getElements(), grant.getBytes());
    inTransit.consumed(grant.getConsumed(), grant.getHeldUs(), now).ifPresent(transferUs::add);
    while (connection != null && !waiting.isEmpty() && credit.available())
      send(connection, waiting.remove());
  }

  private void onPong(Ping pong, long now) {
    rttMs.add((now - pong.getStamp()) / 1e6);
    inTransit.arrived(pong.getArrived(), pong.getHeldUs(), now).ifPresent(transferUs::add);
  }

  private void onBye(Bye bye) {
    if (!refusalTold)
      getContext()
          .getLog()
          .warn("{} on {} refuses the link: {}", target.instance(), target.peer(), bye.getReason());
    refusalTold = true;
    refused = true;
    refusedNow = true;
    suspect = false;
    open = false; // the end of this connection does not make the peer suspect
    if (bye.getPermanent()) backoff.exhaust();
  }

  private Behavior<Inlet.Command> onConnected(Dialer.Connected connected) {
    if (!dialer.isCurrent(connected.generation())) {
      connected.connection().close();
      return this;
    }
    connection = connected.connection();
    refusedNow = false;
    liveness.connect(now());
    connection.send(
        Frames.control(
            Frame.Type.HELLO,
            Hello.newBuilder()
                .setVersion(LinkSettings.PROTOCOL)
                .setInstance(target.instance().toString())
                .setNode(target.self())
                .build()));
    return this;
  }

  private Behavior<Inlet.Command> onBroken(Dialer.Broken broken) {
    if (!dialer.isCurrent(broken.generation())) return this;
    if (!refusedNow) refused = false; // this try has ended without an answer
    refusedNow = false;
    getContext()
        .getLog()
        .debug("link to {} on {} broke: {}", target.instance(), target.peer(), broken.cause());
    boolean wasOpen = open;
    if (!wasOpen) Handshakes.problem(broken.cause()).ifPresent(this::onKeyProblem);
    disconnect(broken.cause());
    // A connection that breaks without a bye means that the peer is gone: it is suspect at once.
    if (wasOpen) becomeSuspect("its connection broke: " + broken.cause().getMessage());
    else if (!refused) {
      dialer.turn();
      failures.add(broken.cause(), now()).ifPresent(getContext().getLog()::warn);
    }
    timers.startSingleTimer(Timer.CONNECT, backoff.next());
    return this;
  }

  /** Only people can mend it: they are told at once, and tries are as rare as they get. */
  private void onKeyProblem(String problem) {
    backoff.exhaust();
    failures.keyProblem(problem).ifPresent(getContext().getLog()::warn);
  }

  private Behavior<Inlet.Command> onReconnect() {
    if (open || refused) return this;
    // An old attempt may wait for a TCP retransmission and is replaced. A recent one is kept: two
    // nodes that connect to each other must not end each other's new attempts.
    if (connection != null && !liveness.isOlder(now(), OLD)) return this;
    if (connection != null) disconnect(new LinkException("the peer is there again"));
    timers.cancel(Timer.CONNECT);
    backoff.reset();
    dialer.connect();
    return this;
  }

  private Behavior<Inlet.Command> onConnect() {
    dialer.connect();
    return this;
  }

  private Behavior<Inlet.Command> onPing() {
    if (connection != null)
      connection.send(Frames.control(Frame.Type.PING, Ping.newBuilder().setStamp(now()).build()));
    bytesPerSecond = (sentBytes - reportedBytes) / (settings.pingInterval().toMillis() / 1e3);
    reportedBytes = sentBytes;
    report();
    idlePings = credits.isEmpty() ? idlePings + 1 : 0;
    return idlePings < IDLE_PINGS ? this : Behaviors.stopped();
  }

  private Behavior<Inlet.Command> onCheck() {
    long now = now();
    boolean unreachable = connection == null && !refused;
    if (!inTransit.isEmpty() || !waiting.isEmpty() || unreachable) liveness.expect(now);
    else liveness.expectNothing();
    boolean late = liveness.isLate(now, settings.suspectAfter());
    // A peer that refuses is alive: it must not be avoided because it lacks one stage.
    if (late && refused) giveUpWaiting();
    else if (late && !suspect)
      becomeSuspect("no sign of life for " + settings.suspectAfter().toMillis() + " ms");
    // After an outage the old connection may stay silent for as long as the outage lasted, because
    // TCP waits longer and longer between its tries; a new connection answers at once.
    if (suspect
        && connection != null
        && liveness.isSilent(now, settings.suspectAfter().plus(settings.maxBackoff())))
      return onBroken(dialer.broken(new LinkException("the peer stays silent")));
    return this;
  }

  private Behavior<Inlet.Command> onStop() {
    dialer.end();
    if (connection != null) {
      flush();
      connection.send(
          Frames.control(Frame.Type.BYE, Bye.newBuilder().setReason("link closed").build()));
      connection.close();
    }
    return this;
  }

  private void send(Outgoing connection, Held held) {
    long now = now();
    var parcel = held.parcel();
    int bytes = parcel.weight();
    if (bytes > settings.maxElement()) {
      getContext()
          .getLog()
          .warn(
              "element {}#{} of {} bytes is given up: dayu.link.max-element is {}",
              parcel.element().getStream(),
              parcel.element().getSeq(),
              bytes,
              settings.maxElement());
      giveUp(held);
      return;
    }
    credit.take(bytes);
    inTransit.sent(now);
    liveness.expect(now);
    sentBytes += bytes;
    int size = Frames.size(parcel);
    if (!batch.fits(size)) flush();
    if (FrameBatch.small(size)) {
      if (batch.isEmpty()) getContext().getSelf().tell(Flush.INSTANCE);
      batch.add(parcel, size, now, (int) transferUs.value());
    } else {
      for (var frame : Frames.data(parcel, now, (int) transferUs.value())) connection.send(frame);
    }
    credits.taken(held.producer(), bytes);
  }

  private void flush() {
    if (!batch.isEmpty() && connection != null) connection.send(batch.take());
  }

  private void giveUp(Held held) {
    dropped++;
    credits.taken(held.producer(), held.parcel().weight());
  }

  private void giveUpWaiting() {
    for (var held = waiting.poll(); held != null; held = waiting.poll()) giveUp(held);
  }

  private void becomeSuspect(String why) {
    giveUpWaiting();
    if (suspect) return;
    suspect = true;
    getContext().getLog().warn("{} on {} is suspect: {}", target.instance(), target.peer(), why);
    report();
  }

  private void disconnect(Throwable cause) {
    dialer.end();
    if (connection != null) connection.abort(cause);
    connection = null;
    batch.clear();
    open = false;
    credit.clear();
    inTransit.clear();
  }

  private void report() {
    owner.tell(
        new Status(
            new LinkReport(
                target.peer(),
                target.instance(),
                suspect,
                rttMs.value(),
                transferUs.value() / 1e3,
                bytesPerSecond,
                waiting.size()),
            dropped));
  }

  private long now() {
    return nanos.getAsLong();
  }
}
