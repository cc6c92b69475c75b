package io.dayu.link;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * A producer's side of {@link Inlet}: sends what credit allows and holds the rest in order. What is
 * sent goes out together at the next {@link #flush}. Belongs to one actor, which bounds what it
 * puts in by looking at {@link #waiting()}.
 */
public final class Outlet {
  private final ActorRef<Inlet.Grant> self;
  private final int elementWindow;
  private final long byteWindow;
  private final CreditBalance credit = new CreditBalance();
  private final ArrayDeque<Parcel> waiting = new ArrayDeque<>();
  private List<Parcel> ready = new ArrayList<>(); // with credit, for the next offer
  private long waitingBytes;
  private @Nullable ActorRef<Inlet.Command> consumer; // null while none is known

  public Outlet(ActorRef<Inlet.Grant> self, int elementWindow, long byteWindow) {
    this.self = self;
    this.elementWindow = elementWindow;
    this.byteWindow = byteWindow;
  }

  /** The consumer is known (again); whatever waits goes out as soon as it grants. */
  public void connect(ActorRef<Inlet.Command> consumer) {
    if (consumer.equals(this.consumer)) return;
    flush();
    this.consumer = consumer;
    credit.clear();
    consumer.tell(new Inlet.Attach(self, elementWindow, byteWindow));
  }

  public boolean isConnectedTo(ActorRef<Inlet.Command> other) {
    return other.equals(consumer);
  }

  public boolean isConnected() {
    return consumer != null;
  }

  /**
   * @return whether a {@link #flush} has become due
   */
  @CanIgnoreReturnValue
  public boolean send(Parcel parcel) {
    if (consumer != null && credit.available()) {
      credit.take(parcel.weight());
      ready.add(parcel);
      return ready.size() == 1;
    } else {
      waiting.add(parcel);
      waitingBytes += parcel.weight();
      return false;
    }
  }

  /** Offers what was sent since the last time; to be called before the actor waits. */
  public void flush() {
    if (ready.isEmpty() || consumer == null) return;
    consumer.tell(new Inlet.Offer(ready, self));
    ready = new ArrayList<>();
  }

  /** A grant of another incarnation of the consumer is ignored. */
  public void granted(Inlet.Grant grant) {
    if (consumer == null || !grant.consumer().equals(consumer)) return;
    credit.add(grant.elements(), grant.bytes());
    while (!waiting.isEmpty() && credit.available()) {
      var parcel = waiting.remove();
      waitingBytes -= parcel.weight();
      credit.take(parcel.weight());
      ready.add(parcel);
    }
    flush();
  }

  public int waiting() {
    return waiting.size();
  }

  /** Bytes of what waits. */
  public long waitingBytes() {
    return waitingBytes;
  }

  /** The consumer is gone; elements that wait here are kept for the next one. */
  public void disconnect() {
    flush();
    consumer = null;
    credit.clear();
  }

  /** Detaches from the consumer. */
  public void close() {
    flush();
    if (consumer != null) consumer.tell(new Inlet.Detach(self));
  }
}
