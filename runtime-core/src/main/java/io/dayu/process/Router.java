package io.dayu.process;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.facts.InstanceName;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSettings;
import io.dayu.link.Outlet;
import io.dayu.link.Parcel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * The outlets of one actor: finds the consumer for a stage instance on a node, here or behind a
 * link, and keeps what it cannot take yet. Belongs to the actor that made it, which passes on
 * {@link Located}, grants and terminations, and whose behaviour is {@link #flushing}: what one
 * message to it brings goes on together, as far as it goes to the same consumer.
 */
public final class Router {
  /** Where is this instance? Answered as soon as that is known. */
  public record Locate(String node, InstanceName instance, ActorRef<Located> replyTo) {}

  /** A consumer was found. */
  public record Located(String node, InstanceName instance, ActorRef<Inlet.Command> consumer) {}

  private record Target(String node, InstanceName instance) {}

  private final ActorContext<?> context;
  private final ActorRef<Locate> locator;
  private final ActorRef<Located> located;
  private final ActorRef<Inlet.Grant> grants;
  private final LinkSettings settings;
  private final Map<Target, Outlet> outlets = new HashMap<>(); // bounded by nodes × stages
  private final List<Outlet> unflushed = new ArrayList<>(); // some of them

  public Router(
      ActorContext<?> context,
      ActorRef<Locate> locator,
      ActorRef<Located> located,
      ActorRef<Inlet.Grant> grants,
      LinkSettings settings) {
    this.context = context;
    this.locator = locator;
    this.located = located;
    this.grants = grants;
    this.settings = settings;
  }

  public void send(String node, InstanceName instance, Parcel parcel) {
    var outlet = outlet(new Target(node, instance));
    if (outlet.send(parcel)) unflushed.add(outlet);
  }

  /** The actor's behaviour, after each message of which what was sent goes out. */
  public <T> Receive<T> flushing(Receive<T> behavior) {
    return new Receive<>() {
      @Override
      public Behavior<T> receiveMessage(T message) throws Exception {
        var next = behavior.receiveMessage(message);
        flush();
        return next;
      }

      @Override
      public Behavior<T> receiveSignal(Signal signal) throws Exception {
        var next = behavior.receiveSignal(signal);
        flush();
        return next;
      }
    };
  }

  /** What was sent goes out; to be called before the actor waits. */
  public void flush() {
    if (unflushed.isEmpty()) return;
    unflushed.forEach(Outlet::flush);
    unflushed.clear();
  }

  /** Connects to a consumer before there is anything to send. */
  public void prepare(String node, InstanceName instance) {
    outlet(new Target(node, instance));
  }

  @CanIgnoreReturnValue
  private Outlet outlet(Target target) {
    var outlet = outlets.get(target);
    if (outlet == null) {
      outlet = new Outlet(grants, settings.elementWindow(), settings.byteWindow());
      outlets.put(target, outlet);
      locate(target);
    }
    return outlet;
  }

  public void located(Located found) {
    var outlet = outlets.get(new Target(found.node(), found.instance()));
    if (outlet == null || outlet.isConnectedTo(found.consumer())) return;
    context.watch(found.consumer());
    outlet.connect(found.consumer());
  }

  public void granted(Inlet.Grant grant) {
    for (var outlet : outlets.values()) outlet.granted(grant);
  }

  /** A consumer has stopped; what waits for it is kept for its successor. */
  public void terminated(ActorRef<Void> consumer) {
    outlets.forEach(
        (target, outlet) -> {
          if (outlet.isConnectedTo(consumer.unsafeUpcast())) {
            outlet.disconnect();
            if (outlet.waiting() > 0) locate(target);
          }
        });
    outlets.values().removeIf(outlet -> !outlet.isConnected() && outlet.waiting() == 0);
  }

  /** Elements that no consumer has taken yet. */
  public int waiting() {
    int waiting = 0;
    for (var outlet : outlets.values()) waiting += outlet.waiting();
    return waiting;
  }

  /** Bytes of elements that no consumer has taken yet. */
  public long waitingBytes() {
    long bytes = 0;
    for (var outlet : outlets.values()) bytes += outlet.waitingBytes();
    return bytes;
  }

  /** Elements that wait for one node. */
  public int waiting(String node) {
    int waiting = 0;
    for (var entry : outlets.entrySet())
      if (entry.getKey().node().equals(node)) waiting += entry.getValue().waiting();
    return waiting;
  }

  /** Detaches from consumers that are no longer addressed, once nothing waits for them. */
  public void closeIdle(Predicate<InstanceName> instances) {
    outlets
        .entrySet()
        .removeIf(
            entry -> {
              var outlet = entry.getValue();
              if (outlet.waiting() > 0 || !instances.test(entry.getKey().instance())) return false;
              outlet.close();
              return true;
            });
  }

  public void close() {
    outlets.values().forEach(Outlet::close);
  }

  private void locate(Target target) {
    locator.tell(new Locate(target.node(), target.instance(), located));
  }
}
