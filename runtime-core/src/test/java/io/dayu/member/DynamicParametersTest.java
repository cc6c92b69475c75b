package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.SideVersions;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.process.Plans;
import io.dayu.side.SideValues;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Documents of a pipeline with dynamic parameters follow each other. */
final class DynamicParametersTest {
  private static PipelineSpec spec(List<StageSpec> stages) {
    var plain = Plans.plan(1, List.of(), "s:count").spec();
    return new PipelineSpec(
        "p", plain.sources(), stages, plain.policy(), plain.objective(), plain.delivery());
  }

  private static StageSpec stage(String id, int fixed, int limit) {
    var params = new HashMap<String, Object>(Map.of("fixed", fixed));
    if (limit > 0) params.put("limit", limit); // else its default holds
    return new StageSpec(
        id,
        "count",
        List.of(),
        new TreeMap<>(),
        params,
        Optional.empty(),
        List.of(),
        new TreeSet<>(List.of("limit")));
  }

  /**
   * Whatever is submitted after whatever: the present number has what the document says, each
   * earlier one what a document said, of a stage that lasts as long as its name, and instances are
   * new if and only if a stage is another one.
   */
  @Property(tries = 300)
  void aNumberHasWhatTheDocumentSaid(@ForAll("documents") List<List<StageSpec>> documents) {
    var side = SideState.NONE;
    Optional<DesiredPipeline> pipeline = Optional.empty();
    var said = new TreeMap<Long, Map<String, ByteString>>(); // by number
    var lasting = new HashMap<String, StageSpec>(); // by name
    for (var stages : documents) {
      var spec = spec(stages);
      var before = pipeline;
      var next =
          before.map(p -> p.changed(spec, false)).orElseGet(() -> new DesiredPipeline(1, spec));
      var told = side.changed(before.map(DesiredPipeline::spec), spec);
      if (told.isPresent()) side = side.then(told.get());
      pipeline = Optional.of(next.with(side.versions()));

      if (before.isPresent())
        assertThat(next.stagesVersion() == before.get().stagesVersion())
            .isEqualTo(lasting(stages).equals(lasting(before.get().spec().stages())));
      var now = new HashMap<String, ByteString>();
      for (var stage : stages) {
        now.put(stage.dynamicName(), SideValues.write(stage.dynamicParams()));
        assertThat(lasting.computeIfAbsent(stage.dynamicName(), name -> stage.lasting()))
            .isEqualTo(stage.lasting());
      }
      if (side.number() > 0) said.put(side.number(), now);
      assertThat(spec.sideRead()).isEqualTo(now.keySet());
      assertThat(values(side, side.number(), now)).isEqualTo(now);
      for (var number : said.keySet())
        assertThat(said.get(number))
            .as("at %s of %s", number, side.number())
            .containsAllEntriesOf(values(side, number, said.get(number)));
    }
  }

  private static List<StageSpec> lasting(List<StageSpec> stages) {
    return stages.stream().map(StageSpec::lasting).toList();
  }

  /** As far as they can be resolved. */
  private static Map<String, ByteString> values(
      SideState side, long number, Map<String, ByteString> names) {
    var values = new HashMap<String, ByteString>();
    for (var name : names.keySet())
      side.versions()
          .at(name, number)
          .ifPresent(change -> values.put(name, side.values().get(change.digest())));
    return values;
  }

  @Provide
  Arbitrary<List<List<StageSpec>>> documents() {
    var stage =
        Combinators.combine(
                Arbitraries.of("s", "t"),
                Arbitraries.integers().between(1, 2),
                Arbitraries.integers().between(0, 3))
            .as(DynamicParametersTest::stage);
    return stage.list().ofMaxSize(2).uniqueElements(StageSpec::id).list().ofMaxSize(20);
  }

  @Test
  void valuesOfTheDocumentCannotBeGivenAsASideInputAndAreKeptForEightVersions() {
    var side = SideState.NONE;
    var before = Optional.<PipelineSpec>empty();
    var names = new ArrayList<String>();
    for (int limit = 1; limit <= 20; limit++) {
      var spec = spec(List.of(stage("s", 1, limit)));
      names.addAll(spec.sideRead());
      side = side.then(side.changed(before, spec).orElseThrow());
      before = Optional.of(spec);
      assertThat(spec.sideInputs()).isEmpty();
    }
    assertThat(names).containsOnly(names.get(0));
    assertThat(side.number()).isEqualTo(20);
    assertThat(side.values()).hasSize(SideVersions.KEPT);
    assertThat(side.changed(before, before.orElseThrow())).as("the same again").isEmpty();
  }
}
