package io.dayu.pipeline;

import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.Shed;
import io.dayu.pipeline.PipelineSpec.SideSpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import java.net.URI;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What could be read of a document that may have problems of shape. A part is empty where it could
 * not be read; everything else can still be verified.
 */
record Draft(
    Optional<String> name,
    List<Source> sources,
    List<Stage> stages,
    Optional<PolicySpec> policy,
    Objective objective,
    Delivery delivery,
    List<Side> sideInputs,
    Optional<RunState> state) {

  record Source(
      String path,
      Optional<String> name,
      Optional<URI> uri,
      Optional<String> node,
      Optional<Shed> shed,
      Map<String, List<Double>> knobs) {

    private SourceSpec spec() {
      return new SourceSpec(
          name.orElseThrow(), uri.orElseThrow(), node, shed, new TreeMap<>(knobs));
    }
  }

  /**
   * @param after by their place in the document; empty as a whole if it is no list
   * @param inputs the stage of each, by the input's name; empty as a whole if it is no object
   */
  record Stage(
      String path,
      Optional<String> id,
      Optional<String> type,
      Optional<List<Optional<String>>> after,
      Optional<SortedMap<String, Optional<String>>> inputs,
      Optional<Params> params,
      Optional<PerBox> perBox,
      List<Optional<String>> side,
      List<Optional<String>> dynamic) {

    private StageSpec spec() {
      return new StageSpec(
          id.orElseThrow(),
          type.orElseThrow(),
          after.orElseThrow().stream().map(Optional::orElseThrow).toList(),
          givenInputs(),
          params.orElseThrow().values(),
          perBox,
          side.stream().map(Optional::orElseThrow).toList(),
          new TreeSet<>(dynamic.stream().map(Optional::orElseThrow).toList()));
    }

    private SortedMap<String, String> givenInputs() {
      var given = new TreeMap<String, String>();
      inputs.orElseThrow().forEach((name, stage) -> given.put(name, stage.orElseThrow()));
      return given;
    }

    /** The stages before it, by whatever it names them, as far as they could be read. */
    Set<String> before() {
      var ids = new LinkedHashSet<String>();
      after.orElse(List.of()).forEach(id -> id.ifPresent(ids::add));
      inputs.ifPresent(given -> given.values().forEach(id -> id.ifPresent(ids::add)));
      return ids;
    }
  }

  /**
   * @param values in their normal form
   * @param nodes where they stand, for problems
   */
  record Params(Map<String, Object> values, Map<String, DocumentNode> nodes) {
    static final Params NONE = new Params(Map.of(), Map.of());
  }

  record Side(String path, Optional<String> name, Optional<Object> value, Optional<String> from) {
    private SideSpec spec() {
      return new SideSpec(name.orElseThrow(), value, from);
    }
  }

  /** The specification; only of a draft without problems. */
  PipelineSpec spec() {
    return new PipelineSpec(
        name.orElseThrow(),
        sources.stream().map(Source::spec).toList(),
        stages.stream().map(Stage::spec).toList(),
        policy.orElseThrow(),
        objective,
        delivery,
        sideInputs.stream().map(Side::spec).toList());
  }
}
