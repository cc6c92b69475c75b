package io.dayu.bench.link;

import io.dayu.keys.NodeKeys;
import io.dayu.link.LinkServer;
import io.dayu.link.LinkSettings;
import java.time.Duration;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.SpawnProtocol;
import org.apache.pekko.actor.typed.javadsl.AskPattern;

/** The link as nodes use it, with a node's default settings. */
final class DayuTransport implements Transport {
  private final boolean encrypted;

  /**
   * @param encrypted whether both ends have keys
   */
  DayuTransport(boolean encrypted) {
    this.encrypted = encrypted;
  }

  private static final Duration ANSWER = Duration.ofSeconds(10);

  @Override
  public ReceivingEnd receive(
      ActorSystem<SpawnProtocol.Command> system, int payload, ArrivalCounter arrivals) {
    var host =
        spawn(system, LinkHost.create(settings(system), keys("receiver"), arrivals), "receive");
    var started =
        AskPattern.<LinkHost.Command, LinkServer.Started>ask(
                host, LinkHost.Listen::new, ANSWER, system.scheduler())
            .toCompletableFuture()
            .join();
    if (!(started instanceof LinkServer.Bound bound))
      throw new IllegalStateException("no data port: " + started);
    return new ReceivingEnd() {
      @Override
      public int port() {
        return bound.address().getPort();
      }

      @Override
      public void close() {
        host.tell(LinkHost.Stop.INSTANCE);
      }
    };
  }

  @Override
  public End send(ActorSystem<SpawnProtocol.Command> system, int payload, int port) {
    var feeder =
        spawn(
            system,
            LinkFeeder.create(
                settings(system), keys("sender"), "127.0.0.1", port, new Elements(payload)),
            "send");
    return () -> feeder.tell(LinkFeeder.Stop.INSTANCE);
  }

  private Optional<NodeKeys> keys(String node) {
    return encrypted ? Optional.of(HopKeys.of(node)) : Optional.empty();
  }

  private static LinkSettings settings(ActorSystem<?> system) {
    return LinkSettings.from(system.settings().config().getConfig("dayu.link"));
  }

  private static <T> ActorRef<T> spawn(
      ActorSystem<SpawnProtocol.Command> system, Behavior<T> behavior, String name) {
    return AskPattern.<SpawnProtocol.Command, ActorRef<T>>ask(
            system,
            replyTo -> new SpawnProtocol.Spawn<>(behavior, name, Props.empty(), replyTo),
            ANSWER,
            system.scheduler())
        .toCompletableFuture()
        .join();
  }
}
