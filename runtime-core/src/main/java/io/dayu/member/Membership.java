package io.dayu.member;

import com.typesafe.config.Config;
import io.dayu.flow.Controller;
import io.dayu.flow.FlowNode;
import io.dayu.node.NodeSettings;
import io.dayu.settings.Dispatchers;
import io.dayu.stage.Causes;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An edge's membership over all its lives; {@link Rejoiner} starts the next one. */
public final class Membership {
  private static final Logger LOG = LoggerFactory.getLogger(Membership.class);

  /** Longer than a member system takes to leave. */
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(25);

  private final String address;
  private final CompletableFuture<Void> whenMember;
  private final ActorSystem<?> flow;
  private final ActorRef<Rejoiner.Command> rejoiner;

  private Membership(
      String address,
      CompletableFuture<Void> whenMember,
      ActorSystem<?> flow,
      ActorRef<Rejoiner.Command> rejoiner) {
    this.address = address;
    this.whenMember = whenMember;
    this.flow = flow;
    this.rejoiner = rejoiner;
  }

  /**
   * Starts the first life and keeps the node a member until {@link #stop}.
   *
   * @param refused is called with the reason when the cloud refuses this node because another one
   *     has its name; must not block
   * @throws StartException if the cluster port cannot be opened
   */
  public static Membership start(
      NodeSettings settings,
      Config config,
      FlowNode flow,
      MemberUplink uplink,
      Consumer<String> refused) {
    var first =
        MemberNode.start(settings, config, flow.controller(), uplink, refused, Optional.empty());
    int port = first.port();
    var blocking = DispatcherSelector.fromConfig(Dispatchers.BLOCKING);
    var rejoiner =
        flow.system()
            .systemActorOf(
                Rejoiner.create(
                    // The cloud knows the node by this port.
                    () ->
                        MemberNode.start(
                            settings.atClusterPort(port),
                            config,
                            flow.controller(),
                            uplink,
                            refused,
                            Optional.empty()),
                    new HttpSeeds(
                        settings.cluster().seedManagement(),
                        settings.keys().keys(),
                        flow.system().dispatchers().lookup(blocking)),
                    () -> flow.controller().tell(Controller.Rejoined.INSTANCE),
                    System::nanoTime),
                "rejoiner",
                blocking);
    rejoiner.tell(new Rejoiner.Begin(first));
    return new Membership(first.address(), first.whenMember(), flow.system(), rejoiner);
  }

  /** The address of the cluster port, the same in every life. */
  public String address() {
    return address;
  }

  /** Completes when the first life is a member. */
  public CompletableFuture<Void> whenMember() {
    return whenMember;
  }

  /** Leaves the cluster; returns when that is done, or after a while. */
  public void stop() {
    if (flow.getWhenTerminated().toCompletableFuture().isDone()) {
      LOG.warn("the node ends without having left the cluster: what keeps it a member has ended");
      return;
    }
    try {
      AskPattern.<Rejoiner.Command, Done>ask(
              rejoiner, Rejoiner.Stop::new, STOP_TIMEOUT, flow.scheduler())
          .toCompletableFuture()
          .join();
    } catch (CompletionException e) {
      LOG.warn("the node ends without having left the cluster: {}", Causes.of(e).toString());
    }
  }
}
