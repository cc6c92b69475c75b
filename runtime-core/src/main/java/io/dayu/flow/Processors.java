package io.dayu.flow;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.facts.Decision;
import io.dayu.facts.InstanceName;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.View;
import io.dayu.link.Inlet;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.process.Plan;
import io.dayu.process.Processor;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * The pipelines that a node knows, and the processors of the stages that it runs of them. Part of
 * the {@link Controller}, whose children the processors are, and on its thread.
 */
final class Processors {
  private final ActorContext<?> context;
  private final String node;
  private final Catalog catalog;
  private final Crashes crashes;
  private final Function<Processor.Identity, Behavior<Inlet.Command>> make;
  private final BiFunction<ActorRef<Inlet.Command>, Plan, Behavior<Inlet.Command>> enter;
  private final Map<String, Plan> plans = new HashMap<>(); // by key, current and retiring ones
  private final Map<String, Plan> current = new HashMap<>(); // by pipeline
  private final Map<InstanceName, ActorRef<Inlet.Command>> running = new HashMap<>(); // by instance
  // Processors by the names of those running that are entrances to them.
  private final Map<InstanceName, ActorRef<Inlet.Command>> entered = new HashMap<>();
  private final Map<InstanceName, StageReport> reports =
      new TreeMap<>(Comparator.comparing(InstanceName::toString));
  private long started;

  /**
   * @param make a processor
   * @param enter an entrance to a processor for elements of a later plan
   */
  Processors(
      ActorContext<?> context,
      String node,
      Catalog catalog,
      Crashes crashes,
      Function<Processor.Identity, Behavior<Inlet.Command>> make,
      BiFunction<ActorRef<Inlet.Command>, Plan, Behavior<Inlet.Command>> enter) {
    this.context = context;
    this.node = node;
    this.catalog = catalog;
    this.crashes = crashes;
    this.make = make;
    this.enter = enter;
  }

  /** Takes in which pipelines are to run and which are to stop. */
  void apply(View view) {
    for (var pipeline : view.pipelines().values()) {
      var name = pipeline.spec().name();
      var known = current.get(name);
      if (known != null && known.version() >= pipeline.version()) continue;
      var plan = new Plan(pipeline, catalog);
      current.put(name, plan);
      plans.put(plan.key(), plan);
      if (known != null && !known.key().equals(plan.key())) {
        goOn(known, plan);
        retire(known);
      }
      if (plan.isStopped()) tell(plan, Processor.Unload.INSTANCE);
      else if (known != null && known.isStopped()) tell(plan, Processor.Stay.INSTANCE);
      context
          .getLog()
          .info(
              "pipeline {} is to {}, version {}",
              name,
              plan.isStopped() ? "be unloaded" : "run",
              plan.version());
    }
    for (var plan : List.copyOf(current.values())) {
      var name = plan.spec().name();
      if (view.dropped().getOrDefault(name, 0L) >= plan.version()) {
        context.getLog().info("pipeline {} is to stop", name);
        current.remove(name);
        retire(plan);
      }
    }
  }

  /** The pipelines that are to run. */
  Collection<Plan> current() {
    return Collections.unmodifiableCollection(current.values());
  }

  /** The pipeline that a decision is about, if it is to run. */
  Optional<Plan> plan(Decision decision) {
    return Optional.ofNullable(current.get(decision.stream().pipeline()));
  }

  /** The processor of an instance, started if this node can run it and does not yet. */
  Optional<ActorRef<Inlet.Command>> find(InstanceName instance) {
    return plan(instance).flatMap(plan -> start(plan, instance.stage()));
  }

  @CanIgnoreReturnValue
  Optional<ActorRef<Inlet.Command>> start(Plan plan, String stage) {
    var spec = plan.spec().stage(stage);
    var provider = plan.provider(stage);
    if (spec.isEmpty() || provider.isEmpty()) return Optional.empty();
    var instance = plan.instance(stage);
    var processor = running.get(instance);
    if (processor != null) return Optional.of(processor);
    if (crashes.tooEarly(instance)) return Optional.empty();
    processor =
        context.spawn(
            make.apply(new Processor.Identity(node, plan, spec.get(), provider.get())),
            "processor-" + ++started,
            DispatcherSelector.defaultDispatcher());
    context.watch(processor);
    running.put(instance, processor);
    crashes.started(instance);
    // An element that was in flight: then it goes again.
    if (plan.isStopped()) processor.tell(Processor.Unload.INSTANCE);
    context.getLog().info("stage {} ({}) starts here", instance, spec.get().type());
    return Optional.of(processor);
  }

  /** Returns whether it says something that others wait for. */
  boolean heard(Processor.Status status) {
    if (!running.containsKey(status.instance())) return false; // it has ended since
    var report = crashes.withCrashes(status.instance(), status.report());
    var before = reports.put(status.instance(), report);
    return before == null || before.state() != report.state();
  }

  /**
   * A child has ended. Returns the instance that it was, if it was a processor or an entrance; of a
   * processor that had entrances, the one that is to run.
   */
  Optional<InstanceName> ended(ActorRef<?> gone) {
    var instance =
        running.entrySet().stream()
            .filter(entry -> entry.getValue().equals(gone))
            .map(Map.Entry::getKey)
            .findFirst();
    instance.ifPresent(running::remove);
    if (instance.isEmpty() || entered.remove(instance.get()) != null) return instance;
    var names =
        entered.entrySet().stream()
            .filter(entry -> entry.getValue().equals(gone))
            .map(Map.Entry::getKey)
            .toList();
    for (var name : names) {
      running.remove(name);
      entered.remove(name);
    }
    return names.stream()
        .filter(name -> plan(name).filter(current::containsValue).isPresent())
        .findFirst()
        .or(() -> instance);
  }

  /** It is started again when it is asked for, once its back-off is over. */
  void crashed(InstanceName instance) {
    var plan = plan(instance);
    var spec = plan.flatMap(p -> p.spec().stage(instance.stage()));
    if (spec.isPresent()) reports.put(instance, crashes.down(plan.get(), spec.get()));
  }

  /** Forgets the plans and reports that nothing runs of any more. */
  void forgetEnded() {
    plans
        .values()
        .removeIf(
            plan ->
                current.get(plan.spec().name()) != plan
                    && plan.order().stream()
                        .noneMatch(s -> running.containsKey(plan.instance(s.id()))));
    reports
        .keySet()
        .removeIf(i -> !running.containsKey(i) && !(crashes.isDown(i) && plan(i).isPresent()));
  }

  /** Of stages that run here, or will again. */
  List<StageReport> reports() {
    return List.copyOf(reports.values());
  }

  /** Stages that are the same in the next plan go on, by another name. */
  private void goOn(Plan plan, Plan next) {
    for (var stage : plan.order()) {
      var name = plan.instance(stage.id());
      var inlet = running.get(name);
      if (inlet == null || !goesOnIn(next, stage)) continue;
      var processor = entered.getOrDefault(name, inlet);
      var entrance = context.spawn(enter.apply(processor, next), "entrance-" + ++started);
      context.watch(entrance);
      running.put(next.instance(stage.id()), entrance);
      entered.put(next.instance(stage.id()), processor);
      context.getLog().info("stage {} goes on as {}", name, next.instance(stage.id()));
    }
  }

  /** Whether an instance of the stage is one of the next plan as well. */
  private static boolean goesOnIn(Plan next, StageSpec stage) {
    return next.spec()
        .stage(stage.id())
        .filter(s -> s.lasting().equals(stage.lasting()))
        .isPresent();
  }

  /** The processors that run, by whatever names. */
  private void tell(Plan plan, Inlet.Command command) {
    for (var stage : plan.order()) {
      var name = plan.instance(stage.id());
      var inlet = running.get(name);
      if (inlet != null) entered.getOrDefault(name, inlet).tell(command);
    }
  }

  private void retire(Plan plan) {
    var now = Optional.ofNullable(current.get(plan.spec().name()));
    for (var stage : plan.order()) {
      var name = plan.instance(stage.id());
      var inlet = running.get(name);
      if (inlet == null) continue;
      var processor = entered.getOrDefault(name, inlet);
      boolean goesOn =
          now.filter(next -> goesOnIn(next, stage))
              .map(next -> processor.equals(entered.get(next.instance(stage.id()))))
              .orElse(false);
      if (!goesOn) processor.tell(Processor.Retire.INSTANCE);
      else if (!inlet.equals(processor)) inlet.tell(Processor.Retire.INSTANCE);
    }
    forgetEnded();
  }

  /** The pipeline that an instance belongs to, as it runs or as it retires. */
  Optional<Plan> plan(InstanceName instance) {
    return Optional.ofNullable(plans.get(instance.plan()));
  }
}
