package io.dayu.link;

import java.util.ArrayDeque;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * A producer's side of {@link Inlet}: sends what credit allows and holds the rest in order. Belongs
 * to one actor, which bounds what it puts in by looking at {@link #waiting()}.
 */
public final class Outlet {
  private final ActorRef<Inlet.Grant> self;
  private final int elementWindow;
  private final long byteWindow;
  private final CreditBalance credit = new CreditBalance();
  private final ArrayDeque<Parcel> waiting = new ArrayDeque<>();
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

  public void send(Parcel parcel) {
    if (consumer != null && credit.available()) {
      dispatch(consumer, parcel);
    } else {
      waiting.add(parcel);
      waitingBytes += parcel.weight();
    }
  }

  /** A grant of another incarnation of the consumer is ignored. */
  public void granted(Inlet.Grant grant) {
    if (consumer == null || !grant.consumer().equals(consumer)) return;
    credit.add(grant.elements(), grant.bytes());
    while (!waiting.isEmpty() && credit.available()) {
      var parcel = waiting.remove();
      waitingBytes -= parcel.weight();
      dispatch(consumer, parcel);
    }
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
    consumer = null;
    credit.clear();
  }

  /** Detaches from the consumer. */
  public void close() {
    if (consumer != null) consumer.tell(new Inlet.Detach(self));
  }

  private void dispatch(ActorRef<Inlet.Command> consumer, Parcel parcel) {
    credit.take(parcel.weight());
    consumer.tell(new Inlet.Offer(parcel, self));
  }
}
