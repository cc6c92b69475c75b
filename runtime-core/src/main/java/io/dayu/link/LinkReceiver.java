package io.dayu.link;

import io.dayu.facts.Acknowledgement;
import io.dayu.facts.Acknowledgements;
import io.dayu.facts.InstanceName;
import io.dayu.facts.NodeName;
import io.dayu.keys.Handshakes;
import io.dayu.keys.Holder;
import io.dayu.keys.NodeKeys;
import io.dayu.link.wire.Bye;
import io.dayu.link.wire.Credit;
import io.dayu.link.wire.Hello;
import io.dayu.link.wire.Ping;
import io.dayu.settings.HostPort;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * The far end of a link: one accepted connection. Spawned by the {@link LinkServer}.
 *
 * <p>In order:
 *
 * <ol>
 *   <li>Where the node has keys, the peer must have one of the same authority.
 *   <li>The first frame must be a {@code hello} of the right version, within {@code
 *       dayu.link.connect-timeout}, and of the node whose key the peer has.
 *   <li>{@code consumers} is asked for the instance that it names; the answer may start the stage.
 *   <li>This attaches to the consumer with a window, of which the node's budget may leave little.
 *       Its first grant goes to the peer as {@code credit} and opens the link.
 *   <li>Each {@code data}, or the {@code part}s before it and it together, is an element that is
 *       offered to the consumer at once, with those that came with it, if the {@link Gate} that
 *       came with the consumer takes it. What this node may be about to learn is waited for, a few
 *       seconds. What is refused is counted and gives its credit back; nobody acknowledges it, so a
 *       real one is sent again.
 *   <li>What the consumer grants again is returned as {@code credit}, with how many elements were
 *       taken and how long the last one was here.
 *   <li>A {@code ping} is answered with how many elements have arrived. An acknowledgement for the
 *       peer's node is sent as one; while the peer does not read, it is left out, and the owner of
 *       the data port hears of it.
 *   <li>{@code bye} ends the link, from either side. A peer that sends what it may not, or more
 *       than it was granted, gets one with the reason. So does one whose consumer has stopped.
 * </ol>
 */
final class LinkReceiver extends AbstractBehavior<LinkReceiver.Command> {
  sealed interface Command {}

  private record Received(List<Frame> frames) implements Command {}

  /** Whose key the peer has; comes before the first frame where links are encrypted. */
  private record Verified(Holder holder) implements Command {}

  private record Ended(@Nullable Throwable cause) implements Command {}

  private record Located(LinkServer.Found found) implements Command {}

  private record Granted(Inlet.Grant grant) implements Command {}

  private record Acknowledged(Acknowledgement acknowledgement) implements Command {}

  private enum Timeout implements Command {
    HELLO,
    JUDGE
  }

  /** An element that cannot be judged yet. */
  private record Undecided(Parcel parcel, long sinceNanos) {}

  /**
   * How long an element waits for what this node does not know yet. Gossip takes well below a
   * second; elements are sent again after some seconds.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private static final Duration JUDGE_AGAIN = Duration.ofMillis(50);

  /** So much of a name that a peer has sent is shown. */
  private static final int SHOWN = 100;

  /** The part of the window that may be outstanding beyond it: a violation is much larger. */
  private static final int SLACK = 4;

  /** Frames that wait for the peer to read. */
  private static final int ROOM = 4096;

  private final TimerScheduler<Command> timers;
  private final LinkSettings settings;
  private final boolean encrypted;
  private final ActorRef<LinkServer.Lookup> consumers;
  private final ActorRef<LinkServer.Untold> untold;
  private final NodeBytes budget;
  private final Complaints complaints;
  private final Refusals refusals;
  private final LongSupplier nanos;
  private final InetAddress from;
  private final String peerAddress;
  private final Outgoing connection;
  private final ActorRef<Inlet.Grant> grants;
  private final ActorRef<Acknowledgement> acknowledgements;
  private final ArrayDeque<Long> arrivals = new ArrayDeque<>(); // bounded by the window
  private final Allotment memory;
  private final ByteArrayOutputStream parts =
      new ByteArrayOutputStream(0); // bounded by the largest element
  private Optional<Holder> verified = Optional.empty();
  private final ArrayDeque<Undecided> undecided = new ArrayDeque<>(); // bounded by the window
  private List<Parcel> judged = new ArrayList<>(); // to be offered; bounded by one TCP chunk
  private Gate gate = Gate.OPEN; // until the consumer is found
  private String producer = "unknown node";
  private Optional<InstanceName> instance = Optional.empty(); // once there was a hello
  private @Nullable ActorRef<Inlet.Command> inlet; // null until the consumer is found
  private long window;
  private long consumed;
  private long arrived;
  private long lastArrival;
  private long arrivedBytes; // and not granted again
  private long large; // of them, what was taken beyond the window
  private boolean open;
  private long leftOut; // acknowledgements

  private LinkReceiver(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      LinkSettings settings,
      Optional<NodeKeys> keys,
      LinkServer.Connection accepted,
      ActorRef<LinkServer.Lookup> consumers,
      ActorRef<LinkServer.Untold> untold,
      NodeBytes budget,
      LargeBytes large,
      Complaints complaints,
      Refusals refusals,
      LongSupplier nanos) {
    super(context);
    this.timers = timers;
    this.refusals = refusals;
    this.settings = settings;
    this.encrypted = keys.isPresent();
    this.consumers = consumers;
    this.untold = untold;
    this.budget = budget;
    this.complaints = complaints;
    this.nanos = nanos;
    this.lastArrival = nanos.getAsLong();
    this.memory = new Allotment(large, settings.maxElement());
    var address = accepted.from();
    this.from = address.getAddress();
    this.peerAddress = HostPort.text(from.getHostAddress(), address.getPort());
    this.grants = context.messageAdapter(Inlet.Grant.class, Granted::new);
    this.acknowledgements = context.messageAdapter(Acknowledgement.class, Acknowledged::new);
    var self = context.getSelf();
    var system = context.getSystem();
    var idle = settings.idleTimeout();
    var flow =
        keys.map(
                k ->
                    Encryption.over(
                            socket(accepted, SocketStage.Reader.bytes(), system),
                            k::server,
                            settings.connectTimeout(),
                            peer -> self.tell(new Verified(peer)),
                            system)
                        .idleTimeout(idle)
                        .via(new FrameDecoder(memory)))
            .orElseGet(
                () ->
                    socket(accepted, SocketStage.Reader.frames(memory), system).idleTimeout(idle));
    var ends =
        Source.<ByteString>queue(ROOM)
            .viaMat(flow, Keep.left())
            .filterNot(List::isEmpty)
            .toMat(Sink.foreach(frames -> self.tell(new Received(frames))), Keep.both())
            .run(system);
    this.connection = new Outgoing(ends.first(), ROOM, cause -> self.tell(new Ended(cause)));
    ends.second().whenComplete((done, error) -> self.tell(new Ended(error)));
    timers.startSingleTimer(Timeout.HELLO, settings.connectTimeout());
  }

  private static <T> Flow<ByteString, T, NotUsed> socket(
      LinkServer.Connection accepted, SocketStage.Reader<T> reader, ActorSystem<?> system) {
    return Flow.fromGraph(SocketStage.of(accepted.channel(), Sockets.get(system), reader));
  }

  static Behavior<Command> create(
      LinkSettings settings,
      Optional<NodeKeys> keys,
      LinkServer.Connection accepted,
      ActorRef<LinkServer.Lookup> consumers,
      ActorRef<LinkServer.Untold> untold,
      NodeBytes budget,
      LargeBytes large,
      Complaints complaints,
      Refusals refusals,
      LongSupplier nanos) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(LinkReceiver.class);
                  return new LinkReceiver(
                      context,
                      timers,
                      settings,
                      keys,
                      accepted,
                      consumers,
                      untold,
                      budget,
                      large,
                      complaints,
                      refusals,
                      nanos);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Received.class, this::onReceived)
        .onMessage(
            Verified.class,
            v -> {
              verified = Optional.of(v.holder());
              return this;
            })
        .onMessage(Granted.class, this::onGranted)
        .onMessage(Located.class, this::onLocated)
        .onMessage(Acknowledged.class, this::onAcknowledged)
        .onMessage(Ended.class, this::onEnded)
        .onMessageEquals(Timeout.HELLO, this::onTimeout)
        .onMessageEquals(Timeout.JUDGE, this::onJudge)
        .onSignal(Terminated.class, t -> refuse("the stage has stopped", false))
        .onSignal(PostStop.class, stop -> onStop())
        .build();
  }

  private Behavior<Command> onReceived(Received received) {
    try {
      for (var frame : received.frames())
        switch (frame.type()) {
          case DATA -> data(frame.body());
          case PART -> part(frame.body());
          case HELLO -> onHello(Frames.message(frame, Hello.parser()));
          case PING -> onPing(Frames.message(frame, Ping.parser()));
          case BYE -> {
            getContext()
                .getLog()
                .debug(
                    "{} says bye on {}",
                    producer,
                    instance.map(InstanceName::toString).orElse("no instance"));
            return Behaviors.stopped();
          }
          case CREDIT, ACKNOWLEDGEMENT ->
              throw new LinkException("a producer sends no " + frame.type() + " frames");
        }
      offer();
      return this;
    } catch (LinkException e) {
      offer(); // what came before it
      complain("link from {} ({}) is cut: {}", producer, peerAddress, e.getMessage());
      return refuse(String.valueOf(e.getMessage()), true);
    }
  }

  private void onPing(Ping ping) {
    if (ping.getReply()) return;
    connection.send(
        Frames.control(
            Frame.Type.PING,
            ping.toBuilder()
                .setReply(true)
                .setArrived(arrived)
                .setHeldUs((nanos.getAsLong() - lastArrival) / 1_000)
                .build()));
  }

  private void onHello(Hello hello) {
    if (instance.isPresent()) throw new LinkException("second hello");
    if (!NodeName.isName(hello.getNode())) throw new LinkException("hello of no node's name");
    producer = hello.getNode();
    if (encrypted && !verified.map(Holder::node).equals(Optional.of(producer)))
      throw new LinkException(
          "it says that it is %s, but has the key of %s"
              .formatted(producer, verified.map(Holder::toString).orElse("nobody")));
    var wanted = InstanceName.parse(hello.getInstance());
    instance = Optional.of(wanted);
    if (hello.getVersion() != LinkSettings.PROTOCOL)
      throw new LinkException(
          "%s speaks link protocol %s, this node %s; run the same release on both"
              .formatted(producer, hello.getVersion(), LinkSettings.PROTOCOL));
    getContext()
        .ask(
            LinkServer.Found.class,
            consumers,
            settings.connectTimeout(),
            replyTo -> new LinkServer.Lookup(wanted, producer, acknowledgements, replyTo),
            (found, error) ->
                new Located(
                    error == null
                        ? found
                        : new LinkServer.NoConsumer("the node did not answer in time")));
  }

  private Behavior<Command> onLocated(Located located) {
    if (located.found() instanceof LinkServer.Consumer consumer) {
      inlet = consumer.inlet();
      gate = consumer.gate();
      getContext().watch(inlet);
      window = budget.take(settings.byteWindow());
      memory.open(window);
      inlet.tell(new Inlet.Attach(grants, settings.elementWindow(), window));
      return this;
    }
    return refuse(((LinkServer.NoConsumer) located.found()).reason(), false);
  }

  private void part(byte[] body) {
    if (!open) throw new LinkException("element before credit");
    if (parts.size() + (long) body.length > memory.maxElement() + (long) Frames.PREFIX)
      throw new LinkException(
          "element beyond %s bytes, the least of dayu.link.max-element and what the heap of this node allows"
              .formatted(memory.maxElement()));
    parts.write(body, 0, body.length);
  }

  private void data(byte[] body) {
    if (!open || inlet == null) throw new LinkException("element before credit");
    if (arrivals.size() >= settings.elementWindow() * 2
        || arrivedBytes - large >= window + window / SLACK)
      throw new LinkException("more elements than were granted");
    byte[] whole = body;
    large += parts.size() > 0 ? memory.ofParts() : memory.ofOne(body.length);
    if (parts.size() > 0) {
      part(body);
      whole = parts.toByteArray();
      parts.reset();
    }
    long now = nanos.getAsLong();
    var parcel = Frames.parcel(whole, now);
    arrivals.add(now);
    arrived++;
    lastArrival = now;
    arrivedBytes += parcel.weight();
    judge(inlet, new Undecided(parcel, now));
  }

  private void judge(ActorRef<Inlet.Command> inlet, Undecided arrival) {
    var verdict = gate.judge(arrival.parcel().element());
    if (verdict instanceof Gate.Refused refused) {
      refuse(inlet, arrival.parcel(), refused.reason());
    } else if (verdict instanceof Gate.NotYet notYet) {
      if (nanos.getAsLong() - arrival.sinceNanos() > PATIENCE.toNanos()) {
        refuse(inlet, arrival.parcel(), notYet.reason());
        return;
      }
      undecided.add(arrival);
      if (!timers.isTimerActive(Timeout.JUDGE)) timers.startSingleTimer(Timeout.JUDGE, JUDGE_AGAIN);
    } else {
      judged.add(arrival.parcel());
    }
  }

  /** Hands over all that was taken, which came together. */
  private void offer() {
    if (inlet == null || judged.isEmpty()) return;
    inlet.tell(new Inlet.Offer(judged, grants));
    judged = new ArrayList<>();
  }

  private Behavior<Command> onJudge() {
    for (int left = undecided.size(); left > 0 && inlet != null; left--)
      judge(inlet, undecided.remove());
    offer();
    return this;
  }

  /** Gives the credit back as a consumer would, and does no more. */
  private void refuse(ActorRef<Inlet.Command> inlet, Parcel parcel, String reason) {
    var element = parcel.element();
    refusals
        .add(
            "%s #%s from %s (%s) for %s: %s"
                .formatted(
                    shown(element.getStream()),
                    element.getSeq(),
                    producer,
                    peerAddress,
                    instance.map(InstanceName::toString).orElse("no instance"),
                    reason),
            nanos.getAsLong())
        .ifPresent(getContext().getLog()::warn);
    var unused = onGranted(new Granted(new Inlet.Grant(inlet, 1, parcel.weight())));
  }

  private static String shown(String text) {
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
  }

  private Behavior<Command> onGranted(Granted granted) {
    var grant = granted.grant();
    var credit = Credit.newBuilder().setElements(grant.elements()).setBytes(grant.bytes());
    // The inlet's first grant opens the link; every later one returns what was taken.
    if (open) {
      long arrived = nanos.getAsLong();
      arrivedBytes -= grant.bytes();
      for (int i = 0; i < grant.elements() && !arrivals.isEmpty(); i++) {
        arrived = arrivals.poll();
        consumed++;
      }
      if (arrivedBytes <= window) {
        memory.giveBack(large);
        large = 0;
      }
      credit.setConsumed(consumed).setHeldUs((nanos.getAsLong() - arrived) / 1_000);
    }
    open = true;
    connection.send(Frames.control(Frame.Type.CREDIT, credit.build()));
    return this;
  }

  private Behavior<Command> onAcknowledged(Acknowledged acknowledged) {
    var frame =
        Frames.control(
            Frame.Type.ACKNOWLEDGEMENT, Acknowledgements.write(acknowledged.acknowledgement()));
    if (connection.offer(frame)) return this;
    untold.tell(new LinkServer.Untold(producer, acknowledged.acknowledgement()));
    if (leftOut++ == 0)
      getContext()
          .getLog()
          .warn(
              "{} ({}) does not read: until it does, it is told over the cluster what is stored",
              producer,
              peerAddress);
    return this;
  }

  private Behavior<Command> onEnded(Ended ended) {
    var problem = Optional.ofNullable(ended.cause()).flatMap(Handshakes::problem);
    // A connection that brings nothing is a health check of the port; only a violation of the
    // protocol is worth a warning.
    if (ended.cause() instanceof LinkException e)
      complain("link from {} ({}) is cut: {}", producer, peerAddress, e.getMessage());
    else if (problem.isPresent())
      complain("connection from {} is closed: {}", peerAddress, problem.get());
    else
      getContext()
          .getLog()
          .debug("link from {} ({}) ended: {}", producer, peerAddress, ended.cause());
    return Behaviors.stopped();
  }

  private Behavior<Command> onTimeout() {
    if (instance.isPresent()) return this;
    complain(
        "connection from {} is closed: no hello within {} ms; is it a Dayu node?",
        peerAddress,
        settings.connectTimeout().toMillis());
    return refuse("no hello in time", false);
  }

  /** A warning, as long as there were few of them: anybody can cause one. */
  private void complain(String format, @Nullable Object... values) {
    var level = complaints.allows(from, nanos.getAsLong()) ? Level.WARN : Level.DEBUG;
    getContext().getLog().atLevel(level).log(format, values);
  }

  private Behavior<Command> refuse(String reason, boolean permanent) {
    connection.send(
        Frames.control(
            Frame.Type.BYE, Bye.newBuilder().setReason(reason).setPermanent(permanent).build()));
    return Behaviors.stopped();
  }

  private Behavior<Command> onStop() {
    memory.close();
    if (inlet != null) {
      inlet.tell(new Inlet.Detach(grants));
      budget.giveBack(window);
    }
    if (leftOut > 0)
      getContext()
          .getLog()
          .info("{} acknowledgements were not told to {} over this link", leftOut, producer);
    connection.close();
    return this;
  }
}
