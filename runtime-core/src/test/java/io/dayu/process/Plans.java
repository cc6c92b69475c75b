package io.dayu.process;

import io.dayu.element.MediaType;
import io.dayu.facts.DesiredPipeline;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.Shed;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.RunState;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.pekko.actor.typed.Behavior;

/** Small pipelines named {@code crossing} with a source {@code cam-0} on {@code edge-1}. */
public final class Plans {
  /** A stage type that answers with the payload it was given. */
  public static final StageProvider READER =
      stage("reader", true, 1, c -> Stages.sync(e -> Stages.output(e.getPayload())));

  /** A stage type that does not read the payload. */
  public static final StageProvider COUNTER =
      stage("counter", false, 1, c -> Stages.sync(e -> Stages.output(e.getPayload())));

  private Plans() {}

  public static StageProvider stage(
      String type,
      boolean readsPayload,
      int parallelism,
      Function<StageContext, Behavior<StageCommand>> create) {
    var descriptor =
        new StageDescriptor(
            type,
            "1",
            "for tests",
            readsPayload ? Set.of(MediaType.OPAQUE) : Set.of(),
            readsPayload ? Set.of() : Set.of(MediaType.OPAQUE),
            MediaType.OPAQUE,
            List.of(),
            parallelism,
            1);
    return new StageProvider() {
      @Override
      public StageDescriptor descriptor() {
        return descriptor;
      }

      @Override
      public Behavior<StageCommand> create(StageContext context) {
        return create.apply(context);
      }
    };
  }

  /** {@code id:type<after,after} for every stage. */
  public static Plan plan(long version, List<StageProvider> providers, String... stages) {
    return plan(version, Optional.empty(), providers, stages);
  }

  public static Plan plan(
      long version, Optional<Shed> shed, List<StageProvider> providers, String... stages) {
    var source =
        new SourceSpec(
            "cam-0", URI.create("fake:cam"), Optional.of("edge-1"), shed, new TreeMap<>());
    var spec =
        new PipelineSpec(
            "crossing",
            List.of(source),
            Arrays.stream(stages).map(Plans::spec).toList(),
            new PolicySpec("fixed", Map.of()),
            Objective.DEFAULT,
            Delivery.DEFAULT);
    return new Plan(
        new DesiredPipeline(version, spec), new Catalog(providers, List.of(), List.of()));
  }

  /** The same pipeline in another state, as its next version. */
  public static Plan turned(Plan plan, RunState state, List<StageProvider> providers) {
    return new Plan(
        new DesiredPipeline(plan.version() + 1, 1, plan.spec(), false, state),
        new Catalog(providers, List.of(), List.of()));
  }

  private static StageSpec spec(String text) {
    var parts = text.split("[:<]");
    List<String> after = parts.length > 2 ? List.of(parts[2].split(",")) : List.of();
    return new StageSpec(parts[0], parts[1], after, Map.of());
  }
}
