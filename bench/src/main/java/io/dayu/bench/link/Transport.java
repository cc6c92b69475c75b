package io.dayu.bench.link;

import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.SpawnProtocol;

/** A way to move elements over loopback; its two ends live in different processes. */
interface Transport {
  /** An end at work until it is closed. */
  interface End extends AutoCloseable {
    @Override
    void close();
  }

  interface ReceivingEnd extends End {
    int port();
  }

  /** Opens a port that the system chose and counts what arrives, from one sender. */
  ReceivingEnd receive(
      ActorSystem<SpawnProtocol.Command> system, int payload, ArrivalCounter arrivals);

  /** Sends without pause to a port of this machine. */
  End send(ActorSystem<SpawnProtocol.Command> system, int payload, int port);
}
