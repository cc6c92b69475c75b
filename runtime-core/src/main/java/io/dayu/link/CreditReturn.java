package io.dayu.link;

import java.util.HashMap;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.ReceiveBuilder;

/**
 * A consumer's side of {@link Inlet}: counts what was taken from each producer and grants it again
 * once a quarter of the producer's window has come together. Belongs to one actor.
 */
public final class CreditReturn {
  private static final class Account {
    final int elementWindow;
    final long byteWindow;
    int elements;
    long bytes;

    Account(int elementWindow, long byteWindow) {
      this.elementWindow = elementWindow;
      this.byteWindow = byteWindow;
    }
  }

  private final ActorRef<Inlet.Command> self;
  private final Map<ActorRef<Inlet.Grant>, Account> accounts = new HashMap<>();

  public CreditReturn(ActorRef<Inlet.Command> self) {
    this.self = self;
  }

  /** Adds the handlers for producers that come and go to a consumer's behaviour. */
  public ReceiveBuilder<Inlet.Command> receive(ReceiveBuilder<Inlet.Command> builder) {
    return builder
        .onMessage(
            Inlet.Attach.class,
            attach -> {
              attach(attach);
              return Behaviors.same();
            })
        .onMessage(
            Inlet.Detach.class,
            detach -> {
              detach(detach.producer());
              return Behaviors.same();
            });
  }

  /** Opens the inlet for a producer. */
  public void attach(Inlet.Attach attach) {
    accounts.put(attach.producer(), new Account(attach.elements(), attach.bytes()));
    attach.producer().tell(new Inlet.Grant(self, attach.elements(), attach.bytes()));
  }

  /** The producer is gone or will offer no more. */
  public void detach(ActorRef<Inlet.Grant> producer) {
    accounts.remove(producer);
  }

  public boolean isEmpty() {
    return accounts.isEmpty();
  }

  /** The element was taken: by work, by a join, or given up. */
  public void taken(ActorRef<Inlet.Grant> producer, int bytes) {
    var account = accounts.get(producer);
    if (account == null) return;
    account.elements++;
    account.bytes += bytes;
    if (account.elements * 4 >= account.elementWindow || account.bytes * 4 >= account.byteWindow) {
      producer.tell(new Inlet.Grant(self, account.elements, account.bytes));
      account.elements = 0;
      account.bytes = 0;
    }
  }
}
