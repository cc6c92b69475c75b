package io.dayu.process;

import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.InstanceName;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A pipeline in the form that the runtime uses: which stages follow which, and which ones need the
 * payload. Immutable, but for services that a node comes to know.
 */
public final class Plan {
  private final DesiredPipeline pipeline;
  private final List<StageSpec> order;
  private final Map<String, List<String>> successors = new HashMap<>();
  private final Catalog catalog;
  private final Set<String> payloadNeeded = new HashSet<>();
  private final Map<String, InstanceName> instances = new HashMap<>();
  private final List<String> roots;
  private final List<String> leaves;
  private final String key;

  /** Stage types that {@code catalog} does not know are run elsewhere; their payload is kept. */
  public Plan(DesiredPipeline pipeline, Catalog catalog) {
    this.pipeline = pipeline;
    this.catalog = catalog;
    var spec = pipeline.spec();
    this.order = topological(spec);
    this.key = key(spec.name(), pipeline.stagesVersion());
    this.roots = spec.roots().stream().map(StageSpec::id).toList();
    this.leaves = spec.leaves().stream().map(StageSpec::id).toList();
    for (int i = order.size() - 1; i >= 0; i--) {
      var stage = order.get(i);
      instances.put(stage.id(), new InstanceName(key, stage.id()));
      var next = spec.successors(stage.id()).stream().map(StageSpec::id).toList();
      successors.put(stage.id(), next);
      boolean reads =
          catalog.descriptor(stage.type()).map(StageDescriptor::readsPayload).orElse(true);
      if (reads || next.stream().anyMatch(payloadNeeded::contains)) payloadNeeded.add(stage.id());
    }
  }

  public PipelineSpec spec() {
    return pipeline.spec();
  }

  public long version() {
    return pipeline.version();
  }

  /** Whether its sources are not to be read. */
  public boolean isPaused() {
    return pipeline.isPaused();
  }

  /** Whether its stages are to be unloaded, too. */
  public boolean isStopped() {
    return pipeline.isStopped();
  }

  /** See {@link DesiredPipeline#declaredOnly}. */
  public boolean readsDeclaredOnly() {
    return pipeline.declaredOnly();
  }

  /** {@code <pipeline>@<version of its stages>}: elements never meet stages of another version. */
  public String key() {
    return key;
  }

  public static String key(String pipeline, long stagesVersion) {
    return pipeline + "@" + stagesVersion;
  }

  /** How a stage of this pipeline is addressed on any node. */
  public InstanceName instance(String stage) {
    var instance = instances.get(stage);
    if (instance == null) throw new IllegalArgumentException(key + " has no stage " + stage);
    return instance;
  }

  /** Stages, each after all those it follows. */
  public List<StageSpec> order() {
    return order;
  }

  public List<String> successors(String stage) {
    var following = successors.get(stage);
    if (following == null) throw new IllegalArgumentException(key + " has no stage " + stage);
    return following;
  }

  /** The stages that elements come to first. */
  public List<String> roots() {
    return roots;
  }

  /** The stages whose outputs make up a result. */
  public List<String> leaves() {
    return leaves;
  }

  /** The provider of a stage; empty while this node does not have its type. */
  public Optional<StageProvider> provider(String stage) {
    return spec().stage(stage).flatMap(s -> catalog.stage(s.type()));
  }

  /** Whether the payload has to reach {@code stage}, for itself or for one behind it. */
  public boolean needsPayload(String stage) {
    return payloadNeeded.contains(stage);
  }

  private static List<StageSpec> topological(PipelineSpec spec) {
    var order = new ArrayList<StageSpec>();
    var done = new HashSet<String>();
    while (order.size() < spec.stages().size()) {
      int before = order.size();
      for (var stage : spec.stages())
        if (!done.contains(stage.id()) && done.containsAll(stage.after())) {
          order.add(stage);
          done.add(stage.id());
        }
      if (order.size() == before)
        throw new IllegalArgumentException("pipeline " + spec.name() + " was not verified: cycle");
    }
    return List.copyOf(order);
  }
}
