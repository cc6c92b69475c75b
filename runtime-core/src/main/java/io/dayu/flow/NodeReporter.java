package io.dayu.flow;

import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.ServiceReports;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Reports how this node is: its resources, which are sampled on a thread that may block, and what
 * each part of the flow system tells of itself at that time. Nothing is reported before the data
 * port is open. Belongs to one actor, which is told by {@link Event events} what the sampler did.
 */
final class NodeReporter {
  /** What the sampler did. */
  sealed interface Event {}

  private record Sampled(Resources resources) implements Event {}

  private record NotSampled(Throwable cause) implements Event {}

  /**
   * How long a report waits after a change, so that changes which belong together are reported
   * together.
   */
  private static final Duration TOGETHER = Duration.ofMillis(20);

  /** Between two reports, at least. */
  private static final Duration SOONEST = Duration.ofMillis(100);

  private final FlowEnvironment env;
  private final Processors processors;
  private final PeerLinks peerLinks;
  private final Generators generators;
  private final FailedDesk failed;
  private final Consumer<CompletionStage<Event>> later;
  private final long incarnation;
  private int dataPort;
  private boolean sampling;
  private long reportedNanos; // when the latest report was begun
  private long sequence;

  /**
   * @param later sends the event of the stage to the actor; the stage never fails
   */
  NodeReporter(
      FlowEnvironment env,
      Processors processors,
      PeerLinks peerLinks,
      Generators generators,
      FailedDesk failed,
      Consumer<CompletionStage<Event>> later) {
    this.env = env;
    this.processors = processors;
    this.peerLinks = peerLinks;
    this.generators = generators;
    this.failed = failed;
    this.later = later;
    this.incarnation = env.clock().millis();
    this.reportedNanos = env.nanos().getAsLong();
  }

  /** The data port is open. */
  void listens(int port) {
    dataPort = port;
  }

  /** How long to wait before a change is reported. */
  Duration soon() {
    var early = SOONEST.minusNanos(env.nanos().getAsLong() - reportedNanos);
    return early.compareTo(TOGETHER) > 0 ? early : TOGETHER;
  }

  /**
   * Begins a report. While one is under way there is no other: it will contain all changes until it
   * is sent. And a sampler that hangs, for example in reading a broken sensor, must hold only one
   * thread, not one more at each report.
   */
  void begin() {
    if (sampling) return;
    var sampled = CompletableFuture.supplyAsync(env.sampler(), env.blocking());
    sampling = true;
    reportedNanos = env.nanos().getAsLong();
    later.accept(
        sampled.handle(
            (resources, error) -> error == null ? new Sampled(resources) : new NotSampled(error)));
  }

  /**
   * Sends the report.
   *
   * @throws IllegalStateException if the sampler has failed
   */
  void on(Event event) {
    sampling = false;
    if (event instanceof NotSampled not)
      throw new IllegalStateException("resource sampler", not.cause());
    if (dataPort == 0) return;
    var report = report(((Sampled) event).resources());
    env.uplink().report(env.storage().run().problem().map(report::withProblem).orElse(report));
  }

  private NodeReport report(Resources resources) {
    var self = env.self();
    return new NodeReport(
            new NodeReport.Self(
                self.node(), self.role(), self.site(), self.host(), dataPort, self.readable()),
            new NodeReport.Edition(incarnation, ++sequence),
            resources,
            env.catalog().runnable(),
            processors.reports(),
            peerLinks.reports(),
            generators.reports())
        .withBudgets(budgets())
        .withServices(services())
        .withKeptFailed(failed.reports());
  }

  private List<NodeReport.Service> services() {
    return ServiceReports.fit(
        env.catalog().services().stream()
            .map(s -> new NodeReport.Service(s.descriptor(), s.transport(), s.from(), s.calls()))
            .toList());
  }

  private List<NodeReport.Budget> budgets() {
    var budgets = new ArrayList<NodeReport.Budget>();
    for (var part : env.settings().memory().all())
      budgets.add(new NodeReport.Budget(part.name(), part.used(), part.limit()));
    for (var part : env.catalog().memory())
      budgets.add(new NodeReport.Budget(part.part(), part.used(), part.limit()));
    var disk = env.storage().outbox();
    budgets.add(new NodeReport.Budget("outbox", disk.used(), disk.settings().quota()));
    var kept = env.storage().failed();
    budgets.add(new NodeReport.Budget("failed", kept.used(), kept.quota()));
    return budgets;
  }
}
