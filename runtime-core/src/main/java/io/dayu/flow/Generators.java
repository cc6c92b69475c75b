package io.dayu.flow;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.generate.Generator;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plan;
import io.dayu.source.ShownUri;
import io.dayu.source.SourceProvider;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * The generators of a node, one for every source that it is to read, and what they report. Part of
 * the {@link Controller}, whose children they are, and on its thread.
 */
final class Generators {
  /** Makes the generator of a source. */
  interface Maker {
    Behavior<Generator.Command> make(Plan plan, SourceSpec source, SourceProvider provider);
  }

  /** A generator, and the source and the version of the pipeline that it was made for. */
  private record Running(ActorRef<Generator.Command> generator, SourceSpec source, long version) {}

  private final ActorContext<?> context;
  private final String node;
  private final Catalog catalog;
  private final Consumer<StreamName> forget;
  private final Crashes crashes;
  private final Maker maker;
  private final Map<StreamName, Running> generators = new HashMap<>(); // by stream
  private final Map<StreamName, StreamReport> reports = new TreeMap<>();
  private Generator.Suspects suspects = new Generator.Suspects(Set.of(), false);
  private long made;

  /**
   * @param forget what is kept of a stream
   */
  Generators(
      ActorContext<?> context,
      String node,
      Catalog catalog,
      Consumer<StreamName> forget,
      Crashes crashes,
      Maker maker) {
    this.context = context;
    this.node = node;
    this.catalog = catalog;
    this.forget = forget;
    this.crashes = crashes;
    this.maker = maker;
  }

  /**
   * Reads what the plans want to be read here, and nothing else.
   *
   * @param failed is told of a stream whose source cannot even be begun, and why
   */
  void apply(Collection<Plan> plans, BiConsumer<StreamName, Throwable> failed) {
    for (var plan : plans)
      for (var source : plan.spec().sources()) if (isHere(source)) tryToRead(plan, source, failed);
    for (var entry : generators.entrySet())
      if (!isWanted(plans, entry.getKey()))
        entry.getValue().generator().tell(Generator.Drain.INSTANCE);
    for (var stream : List.copyOf(reports.keySet()))
      if (!generators.containsKey(stream) && !isWanted(plans, stream)) {
        // Its generator has crashed and does not run, so it cannot report the end of the stream.
        crashes.forget(stream);
        reports.remove(stream);
        forget.accept(stream);
      }
  }

  boolean reads(StreamName stream) {
    return generators.containsKey(stream);
  }

  boolean isEmpty() {
    return generators.isEmpty();
  }

  /** Returns whether the stream is read here. */
  @CanIgnoreReturnValue
  boolean tell(StreamName stream, Generator.Command command) {
    var running = generators.get(stream);
    if (running == null) return false;
    running.generator().tell(command);
    return true;
  }

  void tellAll(Generator.Command command) {
    generators.values().forEach(running -> running.generator().tell(command));
  }

  /** Tells all generators which nodes do not answer; generators that begin later are told too. */
  void suspect(Generator.Suspects now) {
    suspects = now;
    tellAll(now);
  }

  /** Returns whether the report has a change that others wait for. */
  boolean heard(Generator.Status status) {
    var report = status.report();
    if (!generators.containsKey(report.stream())) return false; // it has ended since
    var told = crashes.withCrashes(report);
    var before = reports.put(told.stream(), told);
    return status.awaited()
        || before == null
        || before.state() != told.state()
        || before.decision() != told.decision()
        || before.version() != told.version();
  }

  /** A child has ended. Returns the stream that it read, which is over unless it crashed. */
  Optional<StreamName> ended(ActorRef<?> gone, boolean crashed) {
    var stream =
        generators.entrySet().stream()
            .filter(entry -> entry.getValue().generator().equals(gone))
            .map(Map.Entry::getKey)
            .findFirst();
    stream.ifPresent(generators::remove);
    if (!crashed) stream.ifPresent(reports::remove);
    return stream;
  }

  /**
   * Notes the crash. The next generator of the stream continues from the progress that was kept.
   */
  void crashed(StreamName stream) {
    var last = Optional.ofNullable(reports.get(stream));
    reports.put(stream, crashes.down(stream, last));
  }

  /** Reports of streams that are read here, or will be read again after a crash. */
  List<StreamReport> reports() {
    return List.copyOf(reports.values());
  }

  /** A provider may be foreign code: if it throws, the other sources must still be read. */
  private void tryToRead(Plan plan, SourceSpec source, BiConsumer<StreamName, Throwable> failed) {
    var stream = plan.spec().stream(source);
    if (crashes.tooEarly(stream)) return;
    try {
      read(plan, source, stream);
    } catch (RuntimeException | LinkageError e) {
      failed.accept(stream, e);
    }
  }

  private void read(Plan plan, SourceSpec source, StreamName stream) {
    var running = generators.get(stream);
    if (running != null) {
      change(running, plan, source, stream);
      return;
    }
    var provider = catalog.source(source.uri());
    if (provider.isEmpty()) {
      context.getLog().warn("{}: no kind of source reads {}", stream, ShownUri.of(source.uri()));
      return;
    }
    var generator = context.spawn(maker.make(plan, source, provider.get()), "generator-" + ++made);
    context.watch(generator);
    generators.put(stream, new Running(generator, source, plan.version()));
    crashes.started(stream);
    generator.tell(suspects);
  }

  /**
   * A generator changes to the new plan between two elements. If the source itself is another one,
   * or the stream has failed and the new version is to repair it, the generator drains, and a later
   * view starts the next generator. One that is paused repairs nothing.
   */
  private void change(Running running, Plan plan, SourceSpec source, StreamName stream) {
    var report = reports.get(stream);
    boolean failed = report != null && report.state() == StreamState.FAILED;
    boolean repairs = failed && !plan.isPaused() && plan.version() > running.version();
    if (!isSame(source, running.source()) || repairs) {
      running.generator().tell(Generator.Drain.INSTANCE);
      return;
    }
    running.generator().tell(new Generator.Change(plan));
    generators.put(stream, new Running(running.generator(), source, plan.version()));
  }

  /** What knobs there are is for the scheduler, whose decisions tell their values. */
  private static boolean isSame(SourceSpec a, SourceSpec b) {
    return a.uri().equals(b.uri()) && a.shed().equals(b.shed());
  }

  private boolean isWanted(Collection<Plan> plans, StreamName stream) {
    return plans.stream()
        .anyMatch(
            plan ->
                plan.spec().sources().stream()
                    .anyMatch(s -> isHere(s) && plan.spec().stream(s).equals(stream)));
  }

  private boolean isHere(SourceSpec source) {
    return source.node().equals(Optional.of(node));
  }
}
