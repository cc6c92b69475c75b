package io.dayu.flow;

import io.dayu.element.Element;
import io.dayu.element.Output;
import io.dayu.facts.Decision;
import io.dayu.facts.InstanceName;
import io.dayu.facts.NodeName;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.View;
import io.dayu.link.Gate;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plan;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which elements this node takes from others, by what gossip has told it:
 *
 * <ul>
 *   <li>The pipeline is to run, or was until a moment ago, and has the source.
 *   <li>The element's origin is the node that reads the source, or did before, as far as this node
 *       was there to see it.
 *   <li>Who sends it is that node, or one that a decision of the stream has named lately. To an
 *       outbox the cloud may send results back.
 *   <li>Its number is not far above those that its origin has told to have reserved.
 *   <li>At a stage it has no outputs but those of the pipeline's stages, has a way to all of them,
 *       and has not ended. At the end it has an output or an ending, and only its origin may bring
 *       outputs of stages that the pipeline no longer has: they may have waited on its disk.
 * </ul>
 *
 * <p>The controller tells it what is known; {@link Gate gates} ask on the threads of links.
 */
final class Admission {
  /** How long results of a pipeline are taken after it was deleted: longer than streams drain. */
  static final Duration AFTER_DELETION = Duration.ofMinutes(1);

  /** How long a node or stage counts that a newer decision or version no longer names. */
  static final Duration AFTER_CHANGE = Duration.ofMinutes(10);

  /** How long a node counts that read the source before: its results may wait on its disk. */
  static final Duration AFTER_MOVE = Duration.ofDays(30);

  /**
   * How far a number may be above the last announcement: more than is reserved at once and than a
   * generator without a record leaves out.
   */
  static final long AHEAD = 100_000;

  /** Elements of one stream in a second, more than any source gives. */
  static final long PER_SECOND = 50_000;

  /** No stream comes to this number in a thousand years. */
  private static final long MAX_NUMBER = 1L << 50;

  /** The most stages that an element at its end may name. */
  private static final int MAX_STAGES = 1_024;

  private static final long FOREVER = Long.MAX_VALUE;

  /**
   * Names that hold, and those that did until lately.
   *
   * @param until when a name ends to count; {@link #FOREVER} for one that holds
   */
  private record Lately(Map<String, Long> until) {
    static final Lately NOTHING = new Lately(Map.of());

    Lately now(Set<String> names, Duration after, long now) {
      var next = new HashMap<String, Long>();
      until.forEach(
          (name, end) -> {
            if (end == FOREVER) next.put(name, now + after.toNanos());
            else if (end - now > 0) next.put(name, end);
          });
      for (var name : names) next.put(name, FOREVER);
      return new Lately(Map.copyOf(next));
    }

    boolean has(String name, long now) {
      var end = until.get(name);
      return end != null && (end == FOREVER || end - now > 0);
    }

    boolean holds(String name) {
      return until.getOrDefault(name, 0L) == FOREVER;
    }
  }

  /**
   * @param version of the pipeline
   * @param decision its version; 0 while there is none
   * @param until when its elements are no longer taken; {@link #FOREVER} while it is to run
   */
  private record Known(
      long version, long decision, Lately origins, Lately nodes, Lately stages, long until) {
    static final Known NOTHING =
        new Known(0, 0, Lately.NOTHING, Lately.NOTHING, Lately.NOTHING, FOREVER);

    Known endsAt(long nanos) {
      return new Known(version, decision, origins, nodes, stages, nanos);
    }
  }

  /**
   * The stages of a pipeline as it runs.
   *
   * @param streams what the names of its streams begin with
   */
  private record Stages(String streams, Set<String> ids) {
    static Stages of(Plan plan) {
      return new Stages(plan.spec().name() + "/", stagesOf(plan));
    }
  }

  private record Announced(long reserved, long atNanos) {}

  private final LongSupplier nanos;
  private final Map<String, Known> streams = new ConcurrentHashMap<>(); // by stream
  private final Map<String, Announced> numbers = new ConcurrentHashMap<>(); // by stream
  private final Map<String, NodeReport.Edition> editions = new HashMap<>(); // by node
  private volatile Set<String> clouds = Set.of();
  private volatile Set<String> dropped = Set.of();

  /**
   * @param nanos a clock as {@link System#nanoTime}
   */
  Admission(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /**
   * Takes in what is known now.
   *
   * @param plans that are to run
   */
  void learn(View view, Collection<Plan> plans) {
    long now = nanos.getAsLong();
    clouds =
        view.nodes().values().stream()
            .map(View.Seen::report)
            .filter(report -> report.role() == Role.CLOUD)
            .map(NodeReport::node)
            .collect(Collectors.toUnmodifiableSet());
    dropped = Set.copyOf(view.dropped().keySet());
    var wanted = new HashSet<String>();
    for (var plan : plans)
      for (var source : plan.spec().sources()) {
        var name = plan.spec().stream(source);
        wanted.add(name.toString());
        var decision = Optional.ofNullable(view.decisions().get(name));
        streams.compute(
            name.toString(), (key, known) -> known(known, plan, source.node(), decision, now));
      }
    streams.replaceAll(
        (stream, known) ->
            wanted.contains(stream) || known.until() != FOREVER
                ? known
                : known.endsAt(now + AFTER_DELETION.toNanos()));
    streams.values().removeIf(known -> known.until() != FOREVER && known.until() - now <= 0);
    numbers.keySet().retainAll(streams.keySet());
    editions.keySet().retainAll(view.nodes().keySet());
    view.nodes().values().forEach(seen -> announced(seen.report(), now));
  }

  private static Known known(
      @Nullable Known known,
      Plan plan,
      Optional<String> origin,
      Optional<Decision> decision,
      long now) {
    var before = known == null ? Known.NOTHING : known;
    long decided = decision.map(Decision::version).orElse(before.decision());
    if (known != null
        && known.version() == plan.version()
        && known.decision() == decided
        && known.until() == FOREVER) return known;
    var nodes = new HashSet<String>();
    decision.ifPresent(
        d -> {
          d.route().values().forEach(shares -> shares.forEach(share -> nodes.add(share.node())));
          d.warm().values().forEach(nodes::addAll);
        });
    return new Known(
        plan.version(),
        decided,
        before.origins().now(origin.map(Set::of).orElse(Set.of()), AFTER_MOVE, now),
        decision.isPresent() ? before.nodes().now(nodes, AFTER_CHANGE, now) : before.nodes(),
        before.stages().now(stagesOf(plan), AFTER_CHANGE, now),
        FOREVER);
  }

  /**
   * Takes in what the reader of a stream says of its numbers. The first report that comes of a node
   * may be one that gossip has kept for days, so only what follows it counts.
   */
  private void announced(NodeReport report, long now) {
    if (report.edition().equals(NodeReport.Edition.NONE)) return; // kept by this node itself
    var before = editions.put(report.node(), report.edition());
    if (before == null || before.equals(report.edition())) return;
    for (var stream : report.streams()) {
      var name = stream.stream().toString();
      var known = streams.get(name);
      if (stream.reserved() > 0 && known != null && known.origins().holds(report.node()))
        numbers.put(name, new Announced(stream.reserved(), now));
    }
  }

  /**
   * What a node may bring to an instance here.
   *
   * @param sender its name
   * @param plan of the instance, if it is a stage's
   */
  Gate gate(String sender, InstanceName instance, Optional<Plan> plan) {
    var stages = plan.map(Stages::of);
    return element -> judge(sender, instance, stages, element);
  }

  private Gate.Verdict judge(
      String sender, InstanceName instance, Optional<Stages> plan, Element element) {
    long now = nanos.getAsLong();
    var stream = element.getStream();
    var known = streams.get(stream);
    if (known == null)
      return dropped.contains(pipeline(stream))
          ? new Gate.Refused("the pipeline was deleted")
          : new Gate.NotYet("this node knows no such stream");
    if (known.until() != FOREVER && known.until() - now <= 0)
      return new Gate.Refused("the pipeline was deleted, or no longer has the source");
    var origin = element.getOrigin();
    if (!known.origins().has(origin, now))
      return new Gate.NotYet(
          "it claims to come from %s, which does not read the source".formatted(node(origin)));
    boolean own = sender.equals(origin);
    boolean back = instance.equals(InstanceName.OUTBOX) && clouds.contains(sender);
    if (!own && !back && !known.nodes().has(sender, now))
      return new Gate.NotYet(
          "%s neither reads the source nor does a decision give it a stage".formatted(sender));
    var number = number(stream, element.getSeq(), now);
    if (number.isPresent()) return number.get();
    return plan.isPresent() ? atStage(plan.get(), element) : atEnd(known, own, element, now);
  }

  private Optional<Gate.Verdict> number(String stream, long seq, long now) {
    if (seq < 0 || seq >= MAX_NUMBER)
      return Optional.of(new Gate.Refused("no element has such a number"));
    var announced = numbers.get(stream);
    if (announced == null) return Optional.empty();
    long seconds = (now - announced.atNanos()) / 1_000_000_000 + 1;
    return seq < announced.reserved() + AHEAD + PER_SECOND * seconds
        ? Optional.empty()
        : Optional.of(
            new Gate.NotYet(
                "its origin has reserved numbers up to %s only".formatted(announced.reserved())));
  }

  private static Gate.Verdict atStage(Stages plan, Element element) {
    if (!element.getStream().startsWith(plan.streams()))
      return new Gate.Refused("the stage is one of another pipeline");
    if (element.hasEnding()) return new Gate.Refused("it has ended, and goes to no stage");
    var ids = plan.ids();
    boolean throughAll = element.getPathCount() == ids.size();
    for (var stage : ids) throughAll &= leadsTo(element, stage);
    if (!throughAll)
      return new Gate.Refused("its path is not one through the stages of the pipeline");
    if (!areOf(ids, element.getOutputsList()) || element.getTraceCount() > ids.size())
      return new Gate.Refused("it has passed through stages that the pipeline does not have");
    return Gate.Taken.INSTANCE;
  }

  /** Whether each is of a stage of its own among {@code ids}. */
  private static boolean areOf(Set<String> ids, List<Output> outputs) {
    for (int i = 0; i < outputs.size(); i++) {
      var stage = outputs.get(i).getStage();
      if (!ids.contains(stage)) return false;
      for (int j = 0; j < i; j++) if (outputs.get(j).getStage().equals(stage)) return false;
    }
    return true;
  }

  private static boolean leadsTo(Element element, String stage) {
    for (var step : element.getPathList()) if (step.getStage().equals(stage)) return true;
    return false;
  }

  private static Gate.Verdict atEnd(Known known, boolean own, Element element, long now) {
    if (!element.hasEnding() && element.getOutputsCount() == 0)
      return new Gate.Refused("it has neither an output nor an ending");
    if (Math.max(
            element.getOutputsCount(), Math.max(element.getPathCount(), element.getTraceCount()))
        > MAX_STAGES) return new Gate.Refused("it names more than %s stages".formatted(MAX_STAGES));
    if (own) return Gate.Taken.INSTANCE;
    boolean named =
        element.getOutputsList().stream()
                .map(Output::getStage)
                .allMatch(s -> known.stages().has(s, now))
            && element.getTraceList().stream()
                .allMatch(hop -> known.stages().has(hop.getStage(), now))
            && (!element.hasEnding() || known.stages().has(element.getEnding().getStage(), now));
    return named
        ? Gate.Taken.INSTANCE
        : new Gate.NotYet("it has passed through stages that the pipeline does not have");
  }

  private static Set<String> stagesOf(Plan plan) {
    return plan.order().stream().map(StageSpec::id).collect(Collectors.toUnmodifiableSet());
  }

  private static String pipeline(String stream) {
    return StreamName.parse(stream).pipeline();
  }

  private static String node(String name) {
    return NodeName.isName(name) ? name : "no node";
  }
}
