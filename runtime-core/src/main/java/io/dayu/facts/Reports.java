package io.dayu.facts;

import io.dayu.facts.NodeReport.Budget;
import io.dayu.facts.NodeReport.Edition;
import io.dayu.facts.NodeReport.KeptFailed;
import io.dayu.facts.NodeReport.Latency;
import io.dayu.facts.NodeReport.LinkReport;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.Self;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.NodeReport.Traffic;
import io.dayu.facts.NodeReport.Work;
import io.dayu.facts.wire.BudgetFigures;
import io.dayu.facts.wire.KeptFigures;
import io.dayu.facts.wire.LinkFigures;
import io.dayu.facts.wire.Report;
import io.dayu.facts.wire.ResourceFigures;
import io.dayu.facts.wire.StageFigures;
import io.dayu.facts.wire.StreamFigures;
import io.dayu.pipeline.StreamName;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Stream;

/** Node reports to and from protobuf; also the form in which they are kept. */
public final class Reports {
  private Reports() {}

  public static Report write(NodeReport report) {
    var proto =
        Report.newBuilder()
            .setNode(report.node())
            .setCloud(report.role() == Role.CLOUD)
            .setSite(report.self().site())
            .setIncarnation(report.edition().incarnation())
            .setSequence(report.edition().sequence())
            .setHost(report.self().host())
            .setDataPort(report.self().dataPort())
            .setResources(write(report.resources()))
            .addAllStageTypes(report.stageTypes())
            .addAllReadFiles(report.self().readable().files())
            .addAllReadHosts(report.self().readable().hosts());
    report.stages().forEach(s -> proto.addStages(write(s)));
    report.links().forEach(l -> proto.addLinks(write(l)));
    report.streams().forEach(s -> proto.addStreams(write(s)));
    report.problem().ifPresent(proto::setProblem);
    report.budgets().forEach(b -> proto.addBudgets(write(b)));
    report.services().forEach(s -> proto.addServices(ServiceReports.write(s)));
    report.keptFailed().forEach(k -> proto.addKeptFailed(write(k)));
    return proto.build();
  }

  /** What is of no stream is left out: the rest of the report, and those of other nodes, count. */
  public static NodeReport read(Report proto) {
    return new NodeReport(
        new Self(
            proto.getNode(),
            proto.getCloud() ? Role.CLOUD : Role.EDGE,
            proto.getSite(),
            proto.getHost(),
            proto.getDataPort(),
            new Readable(proto.getReadFilesList(), proto.getReadHostsList())),
        new Edition(proto.getIncarnation(), proto.getSequence()),
        read(proto.getResources()),
        Set.copyOf(proto.getStageTypesList()),
        proto.getStagesList().stream().map(Reports::read).toList(),
        proto.getLinksList().stream().map(Reports::read).toList(),
        proto.getStreamsList().stream().flatMap(Reports::read).toList(),
        proto.hasProblem() ? Optional.of(proto.getProblem()) : Optional.empty(),
        proto.getBudgetsList().stream().map(Reports::read).toList(),
        proto.getServicesList().stream().flatMap(s -> ServiceReports.read(s).stream()).toList(),
        proto.getKeptFailedList().stream().flatMap(Reports::read).toList());
  }

  private static KeptFigures write(KeptFailed k) {
    var proto =
        KeptFigures.newBuilder()
            .setStream(k.stream().toString())
            .setKept(k.kept())
            .setBytes(k.bytes())
            .setNotKept(k.notKept())
            .setRetried(k.retried());
    k.problem().ifPresent(proto::setProblem);
    return proto.build();
  }

  private static Stream<KeptFailed> read(KeptFigures p) {
    if (!StreamName.isName(p.getStream())) return Stream.empty();
    return Stream.of(
        new KeptFailed(
            StreamName.parse(p.getStream()),
            p.getKept(),
            p.getBytes(),
            p.getNotKept(),
            p.getRetried(),
            p.hasProblem() ? Optional.of(p.getProblem()) : Optional.empty()));
  }

  private static BudgetFigures write(Budget b) {
    return BudgetFigures.newBuilder()
        .setPart(b.part())
        .setUsed(b.used())
        .setLimit(b.limit())
        .build();
  }

  private static Budget read(BudgetFigures p) {
    return new Budget(p.getPart(), p.getUsed(), p.getLimit());
  }

  private static ResourceFigures write(Resources r) {
    var proto =
        ResourceFigures.newBuilder()
            .setCores(r.cores())
            .setCpu(r.cpu())
            .setLoad(r.load())
            .setMemory(r.memory())
            .setMemoryBytes(r.memoryBytes())
            .setRssBytes(r.rssBytes())
            .setReceivedPerSecond(r.receivedPerSecond())
            .setSentPerSecond(r.sentPerSecond());
    r.celsius().ifPresent(proto::setCelsius);
    return proto.build();
  }

  private static Resources read(ResourceFigures p) {
    return new Resources(
        p.getCores(),
        p.getCpu(),
        p.getLoad(),
        p.getMemory(),
        p.getMemoryBytes(),
        p.getRssBytes(),
        p.getReceivedPerSecond(),
        p.getSentPerSecond(),
        p.hasCelsius() ? OptionalDouble.of(p.getCelsius()) : OptionalDouble.empty());
  }

  private static StageFigures write(StageReport s) {
    var work = s.work();
    var proto =
        StageFigures.newBuilder()
            .setPipeline(s.pipeline())
            .setStage(s.stage())
            .setType(s.type())
            .setState(code(s.state()))
            .setQueue(work.queue())
            .setQueueMs(work.queueMs())
            .setServiceMs(work.serviceMs())
            .setPerSecond(work.perSecond())
            .setErrorRate(work.errorRate())
            .setProcessed(work.processed())
            .setFailed(work.failed())
            .setRestarts(s.restarts());
    s.problem().ifPresent(proto::setProblem);
    return proto.build();
  }

  private static StageReport read(StageFigures p) {
    return new StageReport(
        p.getPipeline(),
        p.getStage(),
        p.getType(),
        stageState(p.getState()),
        new Work(
            p.getQueue(),
            p.getQueueMs(),
            p.getServiceMs(),
            p.getPerSecond(),
            p.getErrorRate(),
            p.getProcessed(),
            p.getFailed()),
        p.getRestarts(),
        p.hasProblem() ? Optional.of(p.getProblem()) : Optional.empty());
  }

  private static LinkFigures write(LinkReport l) {
    return LinkFigures.newBuilder()
        .setPeer(l.peer())
        .setInstance(l.instance().toString())
        .setSuspect(l.suspect())
        .setRttMs(l.rttMs())
        .setTransferMs(l.transferMs())
        .setBytesPerSecond(l.bytesPerSecond())
        .setWaiting(l.waiting())
        .build();
  }

  private static LinkReport read(LinkFigures p) {
    return new LinkReport(
        p.getPeer(),
        InstanceName.parse(p.getInstance()),
        p.getSuspect(),
        p.getRttMs(),
        p.getTransferMs(),
        p.getBytesPerSecond(),
        p.getWaiting());
  }

  private static StreamFigures write(StreamReport s) {
    var ledger = s.ledger();
    var traffic = s.traffic();
    var latency = s.latency();
    var proto =
        StreamFigures.newBuilder()
            .setStream(s.stream().toString())
            .setState(code(s.state()))
            .setGenerated(ledger.generated())
            .setDelivered(ledger.delivered())
            .setFailed(ledger.failed())
            .setShed(ledger.shed())
            .setInFlight(ledger.inFlight())
            .setDecision(s.decision())
            .setWindow(traffic.window())
            .setPerSecond(traffic.perSecond())
            .setP50Ms(latency.p50Ms())
            .setP95Ms(latency.p95Ms())
            .setP99Ms(latency.p99Ms())
            .setResent(traffic.resent())
            .setLongestGapMs(traffic.longestGapMs())
            .setReserved(s.reserved())
            .setVersion(s.version());
    s.problem().ifPresent(proto::setProblem);
    return proto.build();
  }

  private static Stream<StreamReport> read(StreamFigures p) {
    if (!StreamName.isName(p.getStream())) return Stream.empty();
    return Stream.of(
        new StreamReport(
            StreamName.parse(p.getStream()),
            streamState(p.getState()),
            p.getDecision(),
            new Ledger(
                p.getGenerated(), p.getDelivered(), p.getFailed(), p.getShed(), p.getInFlight()),
            new Traffic(p.getWindow(), p.getPerSecond(), p.getResent(), p.getLongestGapMs()),
            new Latency(p.getP50Ms(), p.getP95Ms(), p.getP99Ms()),
            p.hasProblem() ? Optional.of(p.getProblem()) : Optional.empty(),
            p.getReserved(),
            p.getVersion()));
  }

  /** A state that only newer releases know counts as the first one. */
  // Numbers in messages are frozen, whatever the order in which the source has the states.

  private static int code(StageState state) {
    return switch (state) {
      case STARTING -> 1;
      case RUNNING -> 2;
      case BACKING_OFF -> 3;
    };
  }

  private static int code(StreamState state) {
    return switch (state) {
      case STARTING -> 1;
      case RUNNING -> 2;
      case SOURCE_DOWN -> 3;
      case COMPLETED -> 4;
      case FAILED -> 5;
      case PAUSED -> 6;
    };
  }

  /** One that only newer releases know is taken as one that starts. */
  private static StageState stageState(int code) {
    for (var state : StageState.values()) if (code(state) == code) return state;
    return StageState.STARTING;
  }

  /** One that only newer releases know is taken as one that starts. */
  private static StreamState streamState(int code) {
    for (var state : StreamState.values()) if (code(state) == code) return state;
    return StreamState.STARTING;
  }
}
