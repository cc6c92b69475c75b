package io.dayu.pipeline;

import io.dayu.source.ShownUri;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A pipeline as its user wrote it: sources, a DAG of stages, a policy and an objective. A value of
 * this type has the right shape; whether it makes sense is checked by {@link PipelineVerifier}.
 */
public record PipelineSpec(
    String name,
    List<SourceSpec> sources,
    List<StageSpec> stages,
    PolicySpec policy,
    Objective objective,
    Delivery delivery,
    List<SideSpec> sideInputs) {
  public PipelineSpec {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(policy, "policy");
    Objects.requireNonNull(objective, "objective");
    Objects.requireNonNull(delivery, "delivery");
    sources = List.copyOf(sources);
    stages = List.copyOf(stages);
    sideInputs = List.copyOf(sideInputs);
  }

  /** One without side inputs. */
  public PipelineSpec(
      String name,
      List<SourceSpec> sources,
      List<StageSpec> stages,
      PolicySpec policy,
      Objective objective,
      Delivery delivery) {
    this(name, sources, stages, policy, objective, delivery, List.of());
  }

  /** The same with these sources. */
  public PipelineSpec with(List<SourceSpec> others) {
    return new PipelineSpec(name, others, stages, policy, objective, delivery, sideInputs);
  }

  /** What any of its stages reads in the version of the element, see {@link StageSpec#read}. */
  public SortedSet<String> sideRead() {
    var read = new TreeSet<String>();
    for (var stage : stages) read.addAll(stage.read());
    return read;
  }

  /** Whether its stages are those of {@code before}, which may have had other dynamic values. */
  public boolean goesOnWithStagesOf(PipelineSpec before) {
    return stages.stream()
        .map(StageSpec::lasting)
        .toList()
        .equals(before.stages().stream().map(StageSpec::lasting).toList());
  }

  /** The stream of one source. */
  public StreamName stream(SourceSpec source) {
    return new StreamName(name, source.name());
  }

  public Optional<StageSpec> stage(String id) {
    return stages.stream().filter(s -> s.id().equals(id)).findFirst();
  }

  /** The stages that have {@code id} in their {@code after}, in the order of the specification. */
  public List<StageSpec> successors(String id) {
    return stages.stream().filter(s -> s.after().contains(id)).toList();
  }

  /** The stages with nothing before them. */
  public List<StageSpec> roots() {
    return stages.stream().filter(s -> s.after().isEmpty()).toList();
  }

  /** The stages with nothing behind them, whose outputs complete the result. */
  public List<StageSpec> leaves() {
    return stages.stream().filter(s -> successors(s.id()).isEmpty()).toList();
  }

  /**
   * @param node where the source is read; empty if any edge node will do
   * @param shed what happens when the window is full
   * @param knobs values the scheduler may choose from, by knob
   */
  public record SourceSpec(
      String name,
      URI uri,
      Optional<String> node,
      Optional<Shed> shed,
      SortedMap<String, List<Double>> knobs) {
    public SourceSpec {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(uri, "uri");
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(shed, "shed");
      var copy = new TreeMap<String, List<Double>>();
      knobs.forEach((k, v) -> copy.put(k, List.copyOf(v)));
      knobs = Collections.unmodifiableSortedMap(copy);
    }

    /** Without secrets, because it may end in a log. */
    @Override
    public String toString() {
      return "SourceSpec[%s, %s]".formatted(name, ShownUri.of(uri));
    }
  }

  /** Which element is given up when a stream's window is full. */
  public enum Shed {
    /** Nothing: the source waits. The default of sources that can wait. */
    NONE,
    /** The newest element is given up. */
    NEWEST,
    /** The oldest waiting element is given up. The default of live sources. */
    OLDEST
  }

  /**
   * @param id unique within the pipeline
   * @param type the stage type it refers to
   * @param after ids of the stages whose outputs it needs; empty for a first stage. Those of its
   *     inputs are among them, whether they are given here or not
   * @param inputs for a type with named inputs the stage that gives each, by the input's name
   * @param params strings, booleans, numbers, lists and objects; whole numbers are kept as {@link
   *     Long}, others as {@link Double}
   * @param perBox if it is asked for each box of an earlier stage instead of once for an element
   * @param side names of the pipeline's side inputs that it reads
   * @param dynamic names of the parameters whose values may change while the stage goes on
   */
  public record StageSpec(
      String id,
      String type,
      List<String> after,
      SortedMap<String, String> inputs,
      Map<String, Object> params,
      Optional<PerBox> perBox,
      List<String> side,
      SortedSet<String> dynamic) {
    public StageSpec {
      Objects.requireNonNull(id, "id");
      Objects.requireNonNull(type, "type");
      Objects.requireNonNull(perBox, "perBox");
      inputs = Collections.unmodifiableSortedMap(new TreeMap<>(inputs));
      after = together(after, inputs);
      params = Values.object(params);
      side = List.copyOf(side);
      dynamic = Collections.unmodifiableSortedSet(new TreeSet<>(dynamic));
    }

    /** Of a stage that is started anew with each change of a parameter. */
    public StageSpec(
        String id,
        String type,
        List<String> after,
        SortedMap<String, String> inputs,
        Map<String, Object> params,
        Optional<PerBox> perBox,
        List<String> side) {
      this(id, type, after, inputs, params, perBox, side, new TreeSet<>());
    }

    /** Of a stage that reads no side inputs. */
    public StageSpec(
        String id,
        String type,
        List<String> after,
        SortedMap<String, String> inputs,
        Map<String, Object> params,
        Optional<PerBox> perBox) {
      this(id, type, after, inputs, params, perBox, List.of());
    }

    /** Of a type without named inputs, asked once for an element. */
    public StageSpec(String id, String type, List<String> after, Map<String, Object> params) {
      this(id, type, after, new TreeMap<>(), params, Optional.empty());
    }

    /**
     * What an instance of the stage is: all but the values of dynamic parameters. While it is
     * equal, the instance goes on.
     */
    public StageSpec lasting() {
      if (dynamic.isEmpty()) return this;
      return new StageSpec(id, type, after, inputs, fixedParams(), perBox, side, dynamic);
    }

    /** The values of dynamic parameters that the pipeline gives. */
    public SortedMap<String, Object> dynamicParams() {
      var values = new TreeMap<>(params);
      values.keySet().retainAll(dynamic);
      return values;
    }

    private Map<String, Object> fixedParams() {
      var values = new TreeMap<>(params);
      values.keySet().removeAll(dynamic);
      return values;
    }

    /**
     * The name under which the values of its dynamic parameters are versioned, beside side inputs,
     * none of which can be called so. A stage of another type, or with other fixed parameters, has
     * another one: it never sees values that were meant for what was there before it. The same on
     * all nodes.
     */
    public String dynamicName() {
      // The hash codes of lists, sets, maps, strings, numbers and booleans are specified by Java.
      int hash = List.of(type, dynamic, fixedParams()).hashCode();
      return "parameters of " + id + "/" + Integer.toHexString(hash);
    }

    /** What it reads in the version of the element: side inputs, and its dynamic parameters. */
    public List<String> read() {
      if (dynamic.isEmpty()) return side;
      var names = new ArrayList<>(side);
      names.add(dynamicName());
      return List.copyOf(names);
    }

    private static List<String> together(List<String> after, SortedMap<String, String> inputs) {
      if (inputs.isEmpty()) return List.copyOf(after);
      var all = new LinkedHashSet<>(after);
      all.addAll(inputs.values());
      return List.copyOf(all);
    }
  }

  /**
   * Something that stages read besides the element and that changes now and then, as limits or a
   * list. One of {@code value} and {@code from} is given.
   *
   * @param value what it is until another one is given by the API
   * @param from what cloud nodes declare under this name and read every so often
   */
  public record SideSpec(String name, Optional<Object> value, Optional<String> from) {
    /** So many of a pipeline at most. */
    public static final int MOST = 8;

    public SideSpec {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(from, "from");
      value = value.map(Values::normal);
    }
  }

  /** The policy by name, with its own parameters (strings, booleans, numbers, lists, objects). */
  public record PolicySpec(String name, Map<String, Object> params) {
    /** The policy of a pipeline that names none. */
    public static final String DEFAULT_NAME = "least-loaded";

    public PolicySpec {
      Objects.requireNonNull(name, "name");
      params = Values.object(params);
    }
  }

  /** A latency to be met at a percentile (0 to 100, exclusive). */
  public record Objective(Duration latency, double percentile) {
    public static final Objective DEFAULT = new Objective(Duration.ofSeconds(1), 95);

    public Objective {
      Objects.requireNonNull(latency, "latency");
    }
  }

  /**
   * @param offline what an edge does while it is cut off
   * @param keepFramesPerSecond how many payloads per second and stream are kept with their results
   * @param retain how many of its results are kept, and how long
   * @param keepFailed whether elements that failed are kept at their origin, to be sent again
   */
  public record Delivery(
      Offline offline, double keepFramesPerSecond, Retain retain, Optional<KeepFailed> keepFailed) {
    public static final Delivery DEFAULT = new Delivery(Offline.LOCAL, 0);

    public Delivery {
      Objects.requireNonNull(offline, "offline");
      Objects.requireNonNull(retain, "retain");
      Objects.requireNonNull(keepFailed, "keepFailed");
    }

    /** One that keeps nothing of what failed. */
    public Delivery(Offline offline, double keepFramesPerSecond, Retain retain) {
      this(offline, keepFramesPerSecond, retain, Optional.empty());
    }

    /** With results kept as the cloud is configured, and nothing of what failed. */
    public Delivery(Offline offline, double keepFramesPerSecond) {
      this(offline, keepFramesPerSecond, Retain.AS_CONFIGURED);
    }
  }

  /**
   * Which results of a pipeline are kept; the others are pruned, the oldest first, with their
   * frames. What is empty is as the cloud is configured.
   *
   * @param age since they were stored, so that what has waited on an edge is kept as long as others
   * @param atMost how many of the pipeline
   */
  public record Retain(Optional<Duration> age, Optional<Long> atMost) {
    public static final Retain AS_CONFIGURED = new Retain(Optional.empty(), Optional.empty());

    public Retain {
      Objects.requireNonNull(age, "age");
      Objects.requireNonNull(atMost, "atMost");
    }
  }

  /**
   * How much of what failed is kept; the others are removed, the oldest first.
   *
   * @param atMost elements of each source; {@link #MOST} if empty
   * @param age since they failed; however long if empty
   */
  public record KeepFailed(Optional<Long> atMost, Optional<Duration> age) {
    /** So many of a source at most, since their numbers are held in memory. */
    public static final long MOST = 10_000;

    public KeepFailed {
      Objects.requireNonNull(atMost, "atMost");
      Objects.requireNonNull(age, "age");
    }
  }

  /** What an edge does with new elements while the cloud is out of reach. */
  public enum Offline {
    /** All stages run on the node; results wait in the outbox. */
    LOCAL,
    /** Elements wait on disk. */
    SPOOL,
    /** Elements are given up, counted. */
    SHED
  }
}
