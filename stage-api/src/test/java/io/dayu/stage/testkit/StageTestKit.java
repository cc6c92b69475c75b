package io.dayu.stage.testkit;

import com.typesafe.config.ConfigFactory;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Output;
import io.dayu.element.Outputs;
import io.dayu.pipeline.PipelineProblem;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.PipelineVerifier;
import io.dayu.stage.Causes;
import io.dayu.stage.Inputs;
import io.dayu.stage.ModelFiles;
import io.dayu.stage.NamedInput;
import io.dayu.stage.Outcome;
import io.dayu.stage.Params;
import io.dayu.stage.SideInput;
import io.dayu.stage.SideInputs;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Runs one stage as a pipeline would, without a pipeline: no cluster, no network, no configuration.
 *
 * <pre>{@code
 * @Test
 * void countsPeople() {
 *   try (var kit = StageTestKit.start(new CountProvider(), Map.of("labels", List.of("person")))) {
 *     var boxes = Elements.boxes(Elements.box("person", 0.9, 0.1, 0.1, 0.2, 0.4));
 *     var labels = kit.output(Elements.of(boxes, "detect")).getLabels();
 *     assertEquals(1.0, labels.getLabel(0).getValue());
 *   }
 * }
 * }</pre>
 *
 * <p>What a pipeline refuses is an {@link AssertionError} here, and says what is wrong: parameters
 * that do not fit the descriptor, an element without what the stage reads, an output of another
 * type than declared, no answer in time, a crash. As in a pipeline the payload is taken away from
 * an element for a stage that does not declare to read it. A named input comes from a stage of the
 * same name: {@code Elements.of(boxes, "vehicles")} is the input {@code vehicles}. A stage that
 * crashed is not restarted.
 *
 * <p>Safe for any thread. To use it, add {@code io.dayu:stage-api} with classifier {@code testkit}
 * and scope {@code test}; any test framework will do.
 */
public final class StageTestKit implements AutoCloseable {
  /** How long {@link #process} waits: enough for a model to be loaded on a slow machine. */
  public static final Duration LIMIT = Duration.ofSeconds(30);

  private static final String CONFIG =
      """
      pekko.actor.provider = local
      pekko.loglevel = WARNING
      pekko.log-dead-letters = off
      pekko.jvm-shutdown-hooks = off
      pekko.coordinated-shutdown.run-by-jvm-shutdown-hook = off
      pekko.coordinated-shutdown.terminate-actor-system = off
      pekko.coordinated-shutdown.run-by-actor-system-terminate = off
      """;

  private final StageDescriptor descriptor;
  private final ActorSystem<StageCommand> system;
  private final CompletableFuture<Outcome> crash;
  private final AtomicReference<Params> params;

  private StageTestKit(
      StageDescriptor descriptor,
      ActorSystem<StageCommand> system,
      CompletableFuture<Outcome> crash,
      AtomicReference<Params> params) {
    this.descriptor = descriptor;
    this.params = params;
    this.system = system;
    this.crash = crash;
  }

  /** A stage with the descriptor's defaults. */
  public static StageTestKit start(StageProvider provider) {
    return start(provider, Map.of());
  }

  /**
   * A stage with {@code params}, as they may stand in a pipeline, and defaults for those left out.
   *
   * @throws AssertionError if a pipeline with these parameters would be refused
   */
  public static StageTestKit start(StageProvider provider, Map<String, ?> params) {
    return start(provider, params, ModelFiles.NONE);
  }

  /** The same with models that the stage may load. */
  public static StageTestKit start(
      StageProvider provider, Map<String, ?> params, ModelFiles models) {
    return start(provider, params, models, Map.of());
  }

  /** The same with side inputs, by their names; every element sees these. */
  public static StageTestKit start(
      StageProvider provider,
      Map<String, ?> params,
      ModelFiles models,
      Map<String, SideInput> side) {
    var descriptor = provider.descriptor();
    var present = new AtomicReference<>(verified(descriptor, params));
    var context =
        new StageContext(
            "test",
            "stage",
            "test-node",
            present.get(),
            Inputs.of(
                descriptor.namedInputs().stream()
                    .collect(Collectors.toMap(NamedInput::name, NamedInput::name))),
            models,
            new Sides(new TreeMap<>(side)),
            element -> present.get());
    var crash = new CompletableFuture<Outcome>();
    var system =
        ActorSystem.create(
            guardian(provider, context, crash),
            "stage-test",
            ConfigFactory.parseString(CONFIG).withFallback(ConfigFactory.load()));
    return new StageTestKit(descriptor, system, crash, present);
  }

  private static Params verified(StageDescriptor descriptor, Map<String, ?> params) {
    var problems = PipelineVerifier.verifyParams(descriptor, params);
    if (!problems.isEmpty())
      throw new AssertionError(
          problems.stream()
              .map(StageTestKit::line)
              .collect(
                  Collectors.joining(
                      "\n",
                      "a pipeline would refuse these parameters of " + name(descriptor) + ":\n",
                      "")));
    var spec = new StageSpec("stage", descriptor.type(), List.of(), Map.copyOf(params));
    return Params.of(descriptor, spec.params());
  }

  /**
   * Elements have these parameters from now on, as if a pipeline had changed dynamic ones; defaults
   * for those left out. For elements that are not at the stage yet.
   *
   * @throws AssertionError if a pipeline with these parameters would be refused, or if others
   *     change than those that the descriptor says are read for each element
   */
  public void change(Map<String, ?> params) {
    var next = verified(descriptor, params);
    for (var parameter : descriptor.parameters())
      if (!parameter.dynamic()
          && !next.find(parameter.name()).equals(this.params.get().find(parameter.name())))
        throw new AssertionError(
            "%s reads its parameter %s only when it starts"
                .formatted(name(descriptor), parameter.name()));
    this.params.set(next);
  }

  private record Sides(SortedMap<String, SideInput> byName) implements SideInputs {
    @Override
    public List<String> names() {
      return List.copyOf(byName.keySet());
    }

    @Override
    public SideInput get(Element element, String name) {
      var input = byName.get(name);
      if (input != null) return input;
      throw new NoSuchElementException("the test names no side input " + name);
    }
  }

  /** The stage's answer to one element, within {@link #LIMIT}. */
  public Outcome process(Element element) {
    return process(element, LIMIT);
  }

  /**
   * The stage's answer to one element.
   *
   * @throws AssertionError if the element is not one that a pipeline would give to the stage, if
   *     there is no answer within {@code limit}, if the stage crashed, or if its output is not of
   *     the declared type
   */
  public Outcome process(Element element, Duration limit) {
    try {
      return begin(element, limit).toCompletableFuture().join();
    } catch (CompletionException e) {
      if (Causes.of(e) instanceof AssertionError error) throw error;
      throw e;
    }
  }

  /** The output for one element; anything but an output is an {@link AssertionError}. */
  public Media output(Element element) {
    var outcome = process(element);
    if (outcome instanceof Outcome.Output output) return output.media();
    throw new AssertionError(name(descriptor) + " should have given an output but gave " + outcome);
  }

  /**
   * Like {@link #process(Element, Duration)} without waiting, for elements that are worked on at
   * once. The answer fails with the {@link AssertionError}.
   */
  public CompletionStage<Outcome> begin(Element element, Duration limit) {
    var given = asInPipeline(element);
    var answer =
        AskPattern.<StageCommand, Outcome>ask(
                system,
                replyTo -> new StageCommand.Process(given, replyTo),
                limit,
                system.scheduler())
            .toCompletableFuture();
    return CompletableFuture.anyOf(answer, crash)
        .handle(
            (outcome, error) -> {
              if (error == null) return checked((Outcome) outcome);
              if (Causes.of(error) instanceof AssertionError crashed) throw crashed;
              throw Causes.of(error) instanceof TimeoutException
                  ? new AssertionError(
                      "no answer within %s; %s owes exactly one Outcome to every element"
                          .formatted(limit, name(descriptor)))
                  : new AssertionError(name(descriptor) + " could not be asked", error);
            });
  }

  /** Stops the stage and waits until it has stopped, so that what it holds is closed. */
  @Override
  public void close() {
    system.terminate();
    system
        .getWhenTerminated()
        .toCompletableFuture()
        .orTimeout(LIMIT.toMillis(), TimeUnit.MILLISECONDS)
        .join();
  }

  /** Hands commands on to the stage; asked in its stead, because it outlives a crash. */
  private static Behavior<StageCommand> guardian(
      StageProvider provider, StageContext context, CompletableFuture<Outcome> crash) {
    return Behaviors.setup(
        actor -> {
          var name = name(provider.descriptor());
          var stage =
              actor.spawn(Behaviors.<StageCommand>setup(c -> provider.create(context)), "stage");
          actor.watch(stage);
          return Behaviors.receive(StageCommand.class)
              .onMessage(
                  StageCommand.class,
                  command -> {
                    stage.tell(command);
                    return Behaviors.same();
                  })
              .onSignal(
                  ChildFailed.class,
                  failed -> {
                    crash.completeExceptionally(
                        new AssertionError(
                            name + " crashed: " + Causes.of(failed.getCause()), failed.getCause()));
                    return Behaviors.same();
                  })
              .onSignal(
                  Terminated.class,
                  stopped -> {
                    crash.completeExceptionally(new AssertionError(name + " stopped itself"));
                    return Behaviors.same();
                  })
              .build();
        });
  }

  private Element asInPipeline(Element element) {
    for (var input : descriptor.namedInputs()) named(element, input);
    if (!descriptor.readsPayload()) {
      var read = descriptor.inputs();
      if (element.getOutputsList().stream()
          .map(Output::getMedia)
          .map(MediaType::of)
          .noneMatch(read::contains))
        throw new AssertionError(
            "%s reads outputs of type %s but the element has only %s"
                .formatted(name(descriptor), words(read), outputs(element)));
      return element.toBuilder().clearPayload().build();
    }
    var type = MediaType.of(element.getPayload());
    if (!element.hasPayload() || !descriptor.payload().contains(type))
      throw new AssertionError(
          "%s reads a payload of type %s but the element has %s"
              .formatted(
                  name(descriptor),
                  words(descriptor.payload()),
                  element.hasPayload() ? type.word() : "none"));
    return element;
  }

  private void named(Element element, NamedInput input) {
    var type = Outputs.find(element, input.name()).map(MediaType::of);
    if (type.isEmpty() ? input.required() : !input.types().contains(type.get()))
      throw new AssertionError(
          "%s reads %s as %s but the element has %s; give it as an output of stage %s"
              .formatted(
                  name(descriptor),
                  words(input.types()),
                  input.name(),
                  type.map(MediaType::word).orElse("none"),
                  input.name()));
  }

  private Outcome checked(Outcome outcome) {
    if (outcome instanceof Outcome.Output output) {
      var type = MediaType.of(output.media());
      if (type != descriptor.output())
        throw new AssertionError(
            "%s declares an output of type %s but gave %s"
                .formatted(name(descriptor), descriptor.output().word(), type.word()));
    }
    return outcome;
  }

  private static String name(StageDescriptor descriptor) {
    return "stage " + descriptor.type();
  }

  private static String line(PipelineProblem problem) {
    return "  %s: %s; %s".formatted(problem.path(), problem.message(), problem.remedy());
  }

  private static String words(Set<MediaType> types) {
    return types.stream().sorted().map(MediaType::word).collect(Collectors.joining(" or "));
  }

  private static String outputs(Element element) {
    return words(
            element.getOutputsList().stream()
                .map(Output::getMedia)
                .map(MediaType::of)
                .collect(Collectors.toSet()))
        .replace(" or ", ", ");
  }
}
