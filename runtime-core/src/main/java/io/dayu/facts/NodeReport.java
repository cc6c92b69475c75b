package io.dayu.facts;

import io.dayu.pipeline.StreamName;
import io.dayu.stage.ServiceCalls;
import io.dayu.stage.StageDescriptor;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a node tells everyone about itself.
 *
 * @param stageTypes what it could run
 * @param stages what it runs
 * @param streams the streams whose generators it hosts
 * @param problem what is wrong with the node itself, if something is
 * @param budgets what its parts may take at most; none from earlier releases
 * @param services what it tells of the types among {@code stageTypes} that are services
 * @param keptFailed what it keeps of elements that failed
 */
public record NodeReport(
    Self self,
    Edition edition,
    Resources resources,
    Set<String> stageTypes,
    List<StageReport> stages,
    List<LinkReport> links,
    List<StreamReport> streams,
    Optional<String> problem,
    List<Budget> budgets,
    List<Service> services,
    List<KeptFailed> keptFailed)
    implements Wire {
  public enum Role {
    CLOUD,
    EDGE
  }

  public NodeReport {
    Objects.requireNonNull(self, "self");
    Objects.requireNonNull(edition, "edition");
    Objects.requireNonNull(resources, "resources");
    stageTypes = java.util.Collections.unmodifiableSet(new TreeSet<>(stageTypes));
    stages = List.copyOf(stages);
    links = List.copyOf(links);
    streams = List.copyOf(streams);
    Objects.requireNonNull(problem, "problem");
    budgets = List.copyOf(budgets);
    services = List.copyOf(services);
    keptFailed = List.copyOf(keptFailed);
  }

  /** One that keeps nothing of what failed. */
  public NodeReport(
      Self self,
      Edition edition,
      Resources resources,
      Set<String> stageTypes,
      List<StageReport> stages,
      List<LinkReport> links,
      List<StreamReport> streams,
      Optional<String> problem,
      List<Budget> budgets,
      List<Service> services) {
    this(
        self,
        edition,
        resources,
        stageTypes,
        stages,
        links,
        streams,
        problem,
        budgets,
        services,
        List.of());
  }

  /** One without services. */
  public NodeReport(
      Self self,
      Edition edition,
      Resources resources,
      Set<String> stageTypes,
      List<StageReport> stages,
      List<LinkReport> links,
      List<StreamReport> streams,
      Optional<String> problem,
      List<Budget> budgets) {
    this(self, edition, resources, stageTypes, stages, links, streams, problem, budgets, List.of());
  }

  /** One without a problem, budgets and services. */
  public NodeReport(
      Self self,
      Edition edition,
      Resources resources,
      Set<String> stageTypes,
      List<StageReport> stages,
      List<LinkReport> links,
      List<StreamReport> streams) {
    this(self, edition, resources, stageTypes, stages, links, streams, Optional.empty(), List.of());
  }

  /** With one more problem. */
  public NodeReport withProblem(String what) {
    return new NodeReport(
        self,
        edition,
        resources,
        stageTypes,
        stages,
        links,
        streams,
        Optional.of(problem.map(p -> p + "; " + what).orElse(what)),
        budgets,
        services,
        keptFailed);
  }

  public NodeReport withBudgets(List<Budget> budgets) {
    return new NodeReport(
        self,
        edition,
        resources,
        stageTypes,
        stages,
        links,
        streams,
        problem,
        budgets,
        services,
        keptFailed);
  }

  public NodeReport withServices(List<Service> services) {
    return new NodeReport(
        self,
        edition,
        resources,
        stageTypes,
        stages,
        links,
        streams,
        problem,
        budgets,
        services,
        keptFailed);
  }

  public NodeReport withKeptFailed(List<KeptFailed> keptFailed) {
    return new NodeReport(
        self,
        edition,
        resources,
        stageTypes,
        stages,
        links,
        streams,
        problem,
        budgets,
        services,
        keptFailed);
  }

  /** The report of a node that can run nothing, and runs nothing. */
  public static NodeReport idle(Self self, Edition edition, Resources resources) {
    return new NodeReport(self, edition, resources, Set.of(), List.of(), List.of(), List.of());
  }

  public String node() {
    return self.node;
  }

  public Role role() {
    return self.role;
  }

  /**
   * Who a node is, the same in all of its reports.
   *
   * @param host where its data port is reached
   * @param readable to pipelines that are {@link DesiredPipeline#declaredOnly}
   */
  public record Self(
      String node, Role role, String site, String host, int dataPort, Readable readable) {
    /** One that declares nothing. */
    public Self(String node, Role role, String site, String host, int dataPort) {
      this(node, role, site, host, dataPort, Readable.NOTHING);
    }

    public Self {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(role, "role");
      Objects.requireNonNull(site, "site");
      Objects.requireNonNull(host, "host");
      Objects.requireNonNull(readable, "readable");
    }
  }

  /**
   * Which of a node's reports it is.
   *
   * @param incarnation differs between two starts of the node's process
   * @param sequence grows with every report of one incarnation
   */
  public record Edition(long incarnation, long sequence) {
    /** The edition before the first report of a process. */
    public static final Edition NONE = new Edition(0, 0);
  }

  /**
   * @param cpu share of all cores that is busy, 0 to 1, whoever uses it
   * @param load runnable threads over one minute, per core
   * @param memory share of the machine's memory in use, 0 to 1
   * @param rssBytes resident memory of the node's process
   * @param receivedPerSecond bytes on all interfaces but loopback
   * @param sentPerSecond bytes on all interfaces but loopback
   * @param celsius temperature of the CPU where a sensor exists
   */
  public record Resources(
      int cores,
      double cpu,
      double load,
      double memory,
      long memoryBytes,
      long rssBytes,
      double receivedPerSecond,
      double sentPerSecond,
      OptionalDouble celsius) {}

  /**
   * What a part of a node has taken of what it may; bytes.
   *
   * @param part such as {@code sources}; the key of {@code dayu.memory}, of a {@link
   *     io.dayu.stage.NativeMemory}, or {@code outbox}
   * @param used may exceed the limit for a moment
   */
  public record Budget(String part, long used, long limit) {
    public Budget {
      Objects.requireNonNull(part, "part");
    }
  }

  /**
   * A stage type whose work a service of the node does.
   *
   * @param transport how the node calls it, such as {@code http}
   * @param from where it is, for people
   * @param calls what has become of them by address, that of {@code from} first and then the last
   *     few of before; empty from earlier releases
   */
  public record Service(
      StageDescriptor descriptor, String transport, String from, List<ServiceCalls> calls) {
    /** One that tells nothing of its calls. */
    public Service(StageDescriptor descriptor, String transport, String from) {
      this(descriptor, transport, from, List.of());
    }

    public Service {
      calls = List.copyOf(calls);
      Objects.requireNonNull(descriptor, "descriptor");
      Objects.requireNonNull(transport, "transport");
      Objects.requireNonNull(from, "from");
    }
  }

  /**
   * What the node keeps of a stream's failed elements.
   *
   * @param bytes of their payloads
   * @param notKept that should have been kept, since the stream is read here
   * @param retried elements that were sent again, since the stream is read here
   * @param problem why the latest one was not kept, if one was not
   */
  public record KeptFailed(
      StreamName stream,
      long kept,
      long bytes,
      long notKept,
      long retried,
      Optional<String> problem) {
    public KeptFailed {
      Objects.requireNonNull(stream, "stream");
      Objects.requireNonNull(problem, "problem");
    }
  }

  public enum StageState {
    STARTING,
    RUNNING,
    /** Crashed; it is started again after a back-off. */
    BACKING_OFF
  }

  /**
   * What a stage does.
   *
   * @param queue elements that wait
   * @param queueMs smoothed waiting time
   * @param serviceMs smoothed time of the stage's work, 0 before the first element
   * @param perSecond elements worked on
   * @param errorRate share of the recent elements that failed, 0 to 1
   */
  public record Work(
      int queue,
      double queueMs,
      double serviceMs,
      double perSecond,
      double errorRate,
      long processed,
      long failed) {
    public static final Work NONE = new Work(0, 0, 0, 0, 0, 0, 0);
  }

  /**
   * @param restarts crashes so far
   * @param problem why it is not running, or the latest failure
   */
  public record StageReport(
      String pipeline,
      String stage,
      String type,
      StageState state,
      Work work,
      long restarts,
      Optional<String> problem) {}

  /**
   * A link from this node.
   *
   * @param instance what is addressed at the peer
   * @param suspect whether the peer gives no sign of life
   * @param rttMs smoothed round trip of pings
   * @param transferMs smoothed time of one element on the way
   */
  public record LinkReport(
      String peer,
      InstanceName instance,
      boolean suspect,
      double rttMs,
      double transferMs,
      double bytesPerSecond,
      int waiting) {}

  public enum StreamState {
    STARTING,
    RUNNING,
    /** The source cannot be read now; it is tried again. */
    SOURCE_DOWN,
    /** The source has ended and every element is accounted for. */
    COMPLETED,
    /** The source cannot be read at all. */
    FAILED,
    /** The source is not read because the pipeline is paused. */
    PAUSED
  }

  /**
   * @param decision version of the one that its elements follow; 0 before the first
   * @param problem what is wrong, if something is
   * @param reserved no element has this number or a higher one yet; 0 while that is not known
   * @param version of the pipeline that the stream follows; 0 while that is not known
   */
  public record StreamReport(
      StreamName stream,
      StreamState state,
      long decision,
      Ledger ledger,
      Traffic traffic,
      Latency latency,
      Optional<String> problem,
      long reserved,
      long version) {
    /** One that does not tell of its numbers and its pipeline's version. */
    public StreamReport(
        StreamName stream,
        StreamState state,
        long decision,
        Ledger ledger,
        Traffic traffic,
        Latency latency,
        Optional<String> problem) {
      this(stream, state, decision, ledger, traffic, latency, problem, 0, 0);
    }

    public StreamReport {
      Objects.requireNonNull(stream, "stream");
      Objects.requireNonNull(state, "state");
      Objects.requireNonNull(ledger, "ledger");
      Objects.requireNonNull(traffic, "traffic");
      Objects.requireNonNull(latency, "latency");
      Objects.requireNonNull(problem, "problem");
    }

    public StreamReport withProblem(String what) {
      return new StreamReport(
          stream, state, decision, ledger, traffic, latency, Optional.of(what), reserved, version);
    }

    /**
     * @param reserved see there
     * @param version see there
     */
    public StreamReport with(long reserved, long version) {
      return new StreamReport(
          stream, state, decision, ledger, traffic, latency, problem, reserved, version);
    }
  }

  /**
   * How the elements of a stream are sent and acknowledged.
   *
   * @param window elements that may be in flight
   * @param perSecond elements acknowledged
   * @param resent elements sent more than once
   * @param longestGapMs longest time between two acknowledgements while elements were in flight
   */
  public record Traffic(int window, double perSecond, long resent, double longestGapMs) {
    public static final Traffic NONE = new Traffic(0, 0, 0, 0);

    /** Of a stream that is not read now: what counts from its beginning stays. */
    public Traffic stopped() {
      return new Traffic(0, 0, resent, longestGapMs);
    }
  }

  /** Percentiles of the latest elements' end-to-end latency, by the generator's clock. */
  public record Latency(double p50Ms, double p95Ms, double p99Ms) {
    public static final Latency NONE = new Latency(0, 0, 0);
  }
}
