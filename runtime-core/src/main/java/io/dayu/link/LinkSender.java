package io.dayu.link;

import io.dayu.facts.Acknowledgement;
import io.dayu.facts.Acknowledgements;
import io.dayu.facts.NodeReport.LinkReport;
import io.dayu.facts.wire.Ack;
import io.dayu.link.wire.Bye;
import io.dayu.link.wire.Credit;
import io.dayu.link.wire.Hello;
import io.dayu.link.wire.Ping;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;

/**
 * The near end of a link to one stage instance (or the distributor) on another node. Spawned by the
 * controller, one per pair. It holds a TCP connection, sends no more than the peer has granted, and
 * tells its owner when the peer becomes suspect and when it lives again. When the connection breaks
 * it connects again with back-off; what was sent is not sent again here, since the generator's
 * window does that. While the peer is suspect, elements are given up at once for the same reason.
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
  public record Acknowledged(Acknowledgement acknowledgement) implements Event {}

  /**
   * @param peer the node's name, for reports
   * @param instance what is addressed there
   * @param self this node's name
   */
  public record Target(String peer, InetSocketAddress address, String instance, String self) {}

  private record Connected(Outgoing connection, int generation) implements Inlet.Command {}

  private record Received(List<Frame> frames, int generation) implements Inlet.Command {}

  /** Behind all elements that are at hand now. */
  private enum Flush implements Inlet.Command {
    INSTANCE
  }

  private record Broken(Throwable cause, int generation) implements Inlet.Command {}

  private enum Timer implements Inlet.Command {
    CONNECT,
    PING,
    CHECK
  }

  private record Sent(long atNanos) {}

  private record Held(Parcel parcel, ActorRef<Inlet.Grant> producer) {}

  /** What has come together while the socket was busy goes out in one write of about this size. */
  private static final long WRITE_BYTES = 256 << 10;

  /** An attempt to connect that has had its chance. */
  private static final Duration OLD = Duration.ofSeconds(1);

  /** How often silence is looked at in the time that makes it suspect. */
  private static final int CHECKS = 5;

  /** A link that nobody is attached to is closed after so many pings. */
  private static final int IDLE_PINGS = 30;

  private final TimerScheduler<Inlet.Command> timers;
  private final LinkSettings settings;
  private final Target target;
  private final ActorRef<Event> owner;
  private final CreditReturn credits;
  private final CreditBalance credit = new CreditBalance();
  private final ArrayDeque<Held> waiting = new ArrayDeque<>(); // bounded by the producers' windows
  private final ArrayDeque<Sent> outstanding = new ArrayDeque<>(); // bounded by the peer's window
  private final Bundle bundle = new Bundle();
  private Outgoing connection;
  private boolean open; // the peer has granted credit on this connection
  private int generation;
  private long consumed;
  private long sampled; // the latest arrival that a pong told of
  private long lastSignOfLife;
  private long connectedNanos;
  private long
      silentSince; // when something first waited for the peer without an answer, 0 if nothing
  private boolean suspect;
  private boolean refused; // the peer lives, but has not what is addressed
  private boolean refusedNow; // on the present connection
  private boolean refusalTold;
  private final Backoff backoff;
  private double rttMs;
  private double transferUs;
  private long sentBytes;
  private long reportedBytes;
  private double bytesPerSecond;
  private int idlePings;
  private long dropped;

  private LinkSender(
      ActorContext<Inlet.Command> context,
      TimerScheduler<Inlet.Command> timers,
      LinkSettings settings,
      Target target,
      ActorRef<Event> owner) {
    super(context);
    this.timers = timers;
    this.settings = settings;
    this.target = target;
    this.owner = owner;
    this.credits = new CreditReturn(context.getSelf());
    this.backoff = settings.backoff();
    timers.startTimerWithFixedDelay(Timer.PING, settings.pingInterval());
    timers.startTimerWithFixedDelay(Timer.CHECK, settings.suspectAfter().dividedBy(CHECKS));
    silentSince = System.nanoTime();
    connect();
  }

  public static Behavior<Inlet.Command> create(
      LinkSettings settings, Target target, ActorRef<Event> owner) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(LinkSender.class);
                  return new LinkSender(context, timers, settings, target, owner);
                }));
  }

  @Override
  public Receive<Inlet.Command> createReceive() {
    return credits
        .receive(newReceiveBuilder())
        .onMessage(Inlet.Offer.class, this::onOffer)
        .onMessage(Received.class, this::onReceived)
        .onMessageEquals(
            Flush.INSTANCE,
            () -> {
              flush();
              return this;
            })
        .onMessage(Connected.class, this::onConnected)
        .onMessage(Broken.class, this::onBroken)
        .onMessageEquals(Reconnect.INSTANCE, this::onWake)
        .onMessageEquals(Timer.CONNECT, this::onConnect)
        .onMessageEquals(Timer.PING, this::onPing)
        .onMessageEquals(Timer.CHECK, this::onCheck)
        .onSignal(PostStop.class, stop -> onStop())
        .build();
  }

  private Behavior<Inlet.Command> onOffer(Inlet.Offer offer) {
    if (suspect) {
      giveUp(new Held(offer.parcel(), offer.producer()));
    } else if (connection != null && credit.available()) {
      send(new Held(offer.parcel(), offer.producer()));
    } else {
      waiting.add(new Held(offer.parcel(), offer.producer()));
    }
    return this;
  }

  private Behavior<Inlet.Command> onReceived(Received received) {
    if (received.generation() != generation) return this;
    try {
      received.frames().forEach(this::read);
      return this;
    } catch (LinkException e) {
      getContext()
          .getLog()
          .warn("link to {} on {} is cut: {}", target.instance(), target.peer(), e.getMessage());
      return onBroken(new Broken(e, generation));
    }
  }

  private void read(Frame frame) {
    long now = System.nanoTime();
    switch (frame.type()) {
      case CREDIT -> onCredit(Frames.message(frame, Credit.parser()), now);
      case PING -> {
        var ping = Frames.message(frame, Ping.parser());
        if (ping.getReply()) onPong(ping, now);
        else
          connection.send(Frames.control(Frame.Type.PING, ping.toBuilder().setReply(true).build()));
      }
      case ACKNOWLEDGEMENT ->
          owner.tell(new Acknowledged(Acknowledgements.read(Frames.message(frame, Ack.parser()))));
      case BYE -> {
        // The peer lives, but elements do not get through: no answer to what waits for it.
        onBye(Frames.message(frame, Bye.parser()));
        return;
      }
      case HELLO, DATA, PART ->
          throw new LinkException("a consumer sends no " + frame.type() + " frames");
    }
    lastSignOfLife = now;
    silentSince = outstanding.isEmpty() ? 0 : now;
    if (suspect && open) {
      suspect = false;
      getContext().getLog().info("{} on {} answers again", target.instance(), target.peer());
      report();
    }
  }

  private void onCredit(Credit grant, long now) {
    open = true;
    refused = false;
    refusalTold = false;
    backoff.reset();
    credit.add(grant.getElements(), grant.getBytes());
    Sent last = null;
    while (consumed < grant.getConsumed() && !outstanding.isEmpty()) {
      last = outstanding.poll();
      consumed++;
    }
    if (last != null) transferred(now - last.atNanos(), grant.getHeldUs());
    while (!waiting.isEmpty() && credit.available()) send(waiting.poll());
  }

  /** Tells the way of elements too, since credit of a slow stream comes back but rarely. */
  private void onPong(Ping pong, long now) {
    rttMs = smooth(rttMs, (now - pong.getStamp()) / 1e6);
    long newer = outstanding.size() - (pong.getArrived() - consumed);
    if (pong.getArrived() <= Math.max(consumed, sampled) || newer < 0) return;
    sampled = pong.getArrived();
    var sent = outstanding.descendingIterator();
    while (newer-- > 0) sent.next();
    transferred(now - sent.next().atNanos(), pong.getHeldUs());
  }

  private void transferred(long nanos, long heldUs) {
    transferUs = smooth(transferUs, Math.max(0, nanos / 1e3 - heldUs));
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
    open = false; // what ends now is not the peer's life
    if (bye.getPermanent()) backoff.exhaust();
  }

  private Behavior<Inlet.Command> onConnected(Connected connected) {
    if (connected.generation() != generation) {
      connected.connection().close();
      return this;
    }
    connection = connected.connection();
    refusedNow = false;
    connectedNanos = System.nanoTime();
    connection.send(
        Frames.control(
            Frame.Type.HELLO,
            Hello.newBuilder()
                .setVersion(LinkSettings.PROTOCOL)
                .setInstance(target.instance())
                .setNode(target.self())
                .build()));
    return this;
  }

  private Behavior<Inlet.Command> onBroken(Broken broken) {
    if (broken.generation() != generation) return this;
    if (!refusedNow) refused = false; // nobody answered this time
    refusedNow = false;
    getContext()
        .getLog()
        .debug("link to {} on {} broke: {}", target.instance(), target.peer(), broken.cause());
    boolean wasOpen = open;
    disconnect(broken.cause());
    // A connection that breaks without a word is a sign of death of its own: no need to wait.
    if (wasOpen) becomeSuspect("its connection broke: " + broken.cause().getMessage());
    timers.startSingleTimer(Timer.CONNECT, backoff.next());
    return this;
  }

  private Behavior<Inlet.Command> onWake() {
    if (open || refused) return this;
    // An attempt from before may wait for TCP to try again; two nodes that wake each other must not
    // end each other's fresh ones.
    boolean old = System.nanoTime() - connectedNanos > OLD.toNanos();
    if (connection != null && !old) return this;
    if (connection != null) disconnect(new LinkException("the peer is there again"));
    timers.cancel(Timer.CONNECT);
    backoff.reset();
    connect();
    return this;
  }

  private Behavior<Inlet.Command> onConnect() {
    connect();
    return this;
  }

  private Behavior<Inlet.Command> onPing() {
    if (connection != null)
      connection.send(
          Frames.control(Frame.Type.PING, Ping.newBuilder().setStamp(System.nanoTime()).build()));
    bytesPerSecond = (sentBytes - reportedBytes) / (settings.pingInterval().toMillis() / 1e3);
    reportedBytes = sentBytes;
    report();
    idlePings = credits.isEmpty() ? idlePings + 1 : 0;
    return idlePings < IDLE_PINGS ? this : Behaviors.stopped();
  }

  private Behavior<Inlet.Command> onCheck() {
    long now = System.nanoTime();
    boolean unreachable = connection == null && !refused;
    boolean expecting = !outstanding.isEmpty() || !waiting.isEmpty() || unreachable;
    if (!expecting) silentSince = 0;
    else if (silentSince == 0) silentSince = now;
    boolean late =
        silentSince != 0
            && now - Math.max(silentSince, lastSignOfLife) > settings.suspectAfter().toNanos();
    // A peer that refuses lives: it must not be avoided for the sake of one stage that is not
    // there.
    if (late && refused) giveUpWaiting();
    else if (late && !suspect)
      becomeSuspect("no sign of life for " + settings.suspectAfter().toMillis() + " ms");
    // After an outage TCP may stay silent as long again; a new connection answers at once.
    if (suspect
        && connection != null
        && now - Math.max(lastSignOfLife, connectedNanos)
            > settings.suspectAfter().plus(settings.maxBackoff()).toNanos())
      onBroken(new Broken(new LinkException("the peer stays silent"), generation));
    return this;
  }

  private Behavior<Inlet.Command> onStop() {
    generation++;
    if (connection != null) {
      flush();
      connection.send(
          Frames.control(Frame.Type.BYE, Bye.newBuilder().setReason("link closed").build()));
      connection.close();
    }
    return this;
  }

  private void connect() {
    int mine = ++generation;
    var self = getContext().getSelf();
    var system = getContext().getSystem();
    // Room for all that credit allows in parts, and for control frames.
    int room = settings.elementWindow() * 2 + 1024;
    var source = Source.<ByteString>queue(room);
    Sink<ByteString, CompletionStage<Done>> sink =
        Flow.<ByteString>create()
            .via(new FrameDecoder(Frames.MAX_HELLO, Frames.MAX_HELLO))
            .toMat(Sink.foreach(frames -> self.tell(new Received(frames, mine))), Keep.right());
    var queue =
        source
            .batchWeighted(WRITE_BYTES, b -> (long) b.size(), b -> b, (a, b) -> a.concat(b))
            .viaMat(
                Tcp.get(system)
                    .outgoingConnection(
                        target.address(),
                        Optional.empty(),
                        List.of(),
                        true,
                        Optional.of(settings.connectTimeout()),
                        Optional.empty()),
                Keep.left())
            .toMat(
                sink,
                (q, done) -> {
                  done.whenComplete(
                      (d, error) ->
                          self.tell(
                              new Broken(
                                  error == null ? new LinkException("closed by the peer") : error,
                                  mine)));
                  return q;
                })
            .run(system);
    var outgoing = new Outgoing(queue, room, cause -> self.tell(new Broken(cause, mine)));
    self.tell(new Connected(outgoing, mine));
  }

  private void send(Held held) {
    long now = System.nanoTime();
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
    outstanding.add(new Sent(now));
    if (silentSince == 0) silentSince = now;
    sentBytes += bytes;
    int size = Frames.size(parcel);
    if (!bundle.fits(size)) flush();
    if (Bundle.small(size)) {
      if (bundle.isEmpty()) getContext().getSelf().tell(Flush.INSTANCE);
      bundle.add(parcel, size, now, (int) transferUs);
    } else {
      for (var frame : Frames.data(parcel, now, (int) transferUs)) connection.send(frame);
    }
    credits.taken(held.producer(), bytes);
  }

  private void flush() {
    if (!bundle.isEmpty() && connection != null) connection.send(bundle.take());
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
    generation++;
    if (connection != null) connection.abort(cause);
    connection = null;
    bundle.clear();
    open = false;
    credit.clear();
    outstanding.clear();
    consumed = 0;
    sampled = 0;
  }

  private void report() {
    owner.tell(
        new Status(
            new LinkReport(
                target.peer(),
                target.instance(),
                suspect,
                rttMs,
                transferUs / 1e3,
                bytesPerSecond,
                waiting.size()),
            dropped));
  }

  private static double smooth(double old, double sample) {
    return old == 0 ? sample : old + 0.2 * (sample - old);
  }
}
