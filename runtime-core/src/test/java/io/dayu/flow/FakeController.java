package io.dayu.flow;

import io.dayu.deliver.Ranges;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.link.TestConsumer;
import io.dayu.process.Router;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** A controller that finds a {@link TestConsumer} for every instance on every node. */
public final class FakeController {
  private final Map<String, TestConsumer> consumers = new ConcurrentHashMap<>();
  private final List<StreamReport> streams = new CopyOnWriteArrayList<>();
  private final List<StageReport> stages = new CopyOnWriteArrayList<>();
  private final List<Controller.Kept> kept = new CopyOnWriteArrayList<>();
  private final List<Controller.Settled> settled = new CopyOnWriteArrayList<>();
  private final ActorTestKit kit;
  private final ActorRef<Controller.Command> ref;

  public FakeController(ActorTestKit kit) {
    this.kit = kit;
    this.ref =
        kit.spawn(
            Behaviors.<Controller.Command>receiveMessage(
                message -> {
                  if (message instanceof Controller.Locate locate)
                    locate
                        .replyTo()
                        .tell(
                            new Router.Located(
                                locate.node(),
                                locate.instance(),
                                consumer(locate.node(), locate.instance()).ref()));
                  else if (message instanceof Controller.StreamStatus status)
                    streams.add(status.report());
                  else if (message instanceof Controller.StageStatus status)
                    stages.add(status.report());
                  else if (message instanceof Controller.Kept k) kept.add(k);
                  else if (message instanceof Controller.Settled s) settled.add(s);
                  return Behaviors.same();
                }));
  }

  public ActorRef<Controller.Command> ref() {
    return ref;
  }

  public TestConsumer consumer(String node, String instance) {
    return consumers.computeIfAbsent(node + " " + instance, k -> new TestConsumer(kit));
  }

  /** Numbers that the outbox told of. */
  public Ranges kept() {
    return kept.stream().map(Controller.Kept::seqs).reduce(new Ranges(), Ranges::plus);
  }

  /** Numbers that a generator told of. */
  public Ranges settled() {
    return settled.stream().map(Controller.Settled::seqs).reduce(new Ranges(), Ranges::plus);
  }

  /** All reports so far. */
  public List<StreamReport> streams() {
    return streams;
  }

  public StreamReport stream() {
    return streams.get(streams.size() - 1);
  }

  public List<StageReport> stages() {
    return stages;
  }

  public StageReport stage() {
    return stages.get(stages.size() - 1);
  }

  public boolean hasStage() {
    return !stages.isEmpty();
  }
}
