package io.dayu.flow;

import io.dayu.deliver.Outbox;
import io.dayu.deliver.Ranges;
import io.dayu.facts.InstanceName;
import io.dayu.facts.NodeReport.KeptFailed;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.generate.Generator;
import io.dayu.link.TestConsumer;
import io.dayu.process.Processor;
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
  private final List<KeptFailed> failed = new CopyOnWriteArrayList<>();
  private final List<StageReport> stages = new CopyOnWriteArrayList<>();
  private final List<Outbox.Kept> kept = new CopyOnWriteArrayList<>();
  private final List<Generator.Settled> settled = new CopyOnWriteArrayList<>();
  private final ActorTestKit kit;
  private final ActorRef<Router.Locate> locator;

  public FakeController(ActorTestKit kit) {
    this.kit = kit;
    this.locator =
        kit.spawn(
            Behaviors.receiveMessage(
                locate -> {
                  locate
                      .replyTo()
                      .tell(
                          new Router.Located(
                              locate.node(),
                              locate.instance(),
                              consumer(locate.node(), locate.instance()).ref()));
                  return Behaviors.same();
                }));
  }

  public ActorRef<Router.Locate> locator() {
    return locator;
  }

  public ActorRef<Generator.Event> ofGenerator() {
    return kit.spawn(
        Behaviors.receiveMessage(
            event -> {
              if (event instanceof Generator.Status status) streams.add(status.report());
              else if (event instanceof Generator.Settled some) settled.add(some);
              else if (event instanceof Generator.Failed kept) failed.add(kept.kept());
              return Behaviors.same();
            }));
  }

  public ActorRef<Processor.Event> ofProcessor() {
    return kit.spawn(
        Behaviors.receiveMessage(
            event -> {
              if (event instanceof Processor.Status status) stages.add(status.report());
              return Behaviors.same();
            }));
  }

  public ActorRef<Outbox.Event> ofOutbox() {
    return kit.spawn(
        Behaviors.receiveMessage(
            event -> {
              if (event instanceof Outbox.Kept some) kept.add(some);
              return Behaviors.same();
            }));
  }

  public TestConsumer consumer(String node, InstanceName instance) {
    return consumers.computeIfAbsent(node + " " + instance, k -> new TestConsumer(kit));
  }

  /** Numbers that the outbox told of. */
  public Ranges kept() {
    return kept.stream().map(Outbox.Kept::seqs).reduce(new Ranges(), Ranges::plus);
  }

  /** Numbers that a generator told of. */
  public Ranges settled() {
    return settled.stream().map(Generator.Settled::seqs).reduce(new Ranges(), Ranges::plus);
  }

  /** What generators told of failed elements. */
  public List<KeptFailed> failed() {
    return failed;
  }

  /** Forgets all reports, as of an earlier run. */
  public void clear() {
    streams.clear();
    failed.clear();
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
