package io.dayu.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.element.MediaType;
import io.dayu.pipeline.PipelineSpec.SideSpec;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.Behavior;
import org.junit.jupiter.api.Test;

/** What a pipeline says of side inputs. */
class SideInputsTest {
  private record Type(StageDescriptor descriptor) implements StageProvider {
    @Override
    public Behavior<StageCommand> create(StageContext context) {
      return Stages.sync(element -> Stages.output(element.getPayload()));
    }
  }

  private static final Catalog CATALOG =
      new Catalog(
          List.of(
              new Type(
                  new StageDescriptor(
                      "any",
                      "1",
                      "",
                      Set.of(MediaType.FRAMES),
                      Set.of(),
                      MediaType.BOXES,
                      List.of(),
                      1,
                      0))),
          List.of(),
          List.of("least-loaded"));

  private static Map<String, Object> document(Object sideInputs, Object side) {
    var stage = new LinkedHashMap<String, Object>(Map.of("id", "s", "type", "any"));
    if (side != null) stage.put("side", side);
    var spec =
        new LinkedHashMap<String, Object>(
            Map.of(
                "sources", List.of(Map.of("name", "in", "uri", "x:y")), "stages", List.of(stage)));
    if (sideInputs != null) spec.put("sideInputs", sideInputs);
    return Map.of(
        "apiVersion",
        "dayu.io/v1alpha1",
        "kind",
        "Pipeline",
        "metadata",
        Map.of("name", "p"),
        "spec",
        spec);
  }

  /** But that there is no such source. */
  private static List<String> problems(Object sideInputs, Object side) {
    var parsed = PipelineVerifier.check(document(sideInputs, side), CATALOG);
    var told = new ArrayList<String>();
    for (var problem : ((Parsed.Bad) parsed).problems())
      if (!problem.path().startsWith("spec.sources"))
        told.add(problem.path() + ": " + problem.message());
    return told;
  }

  private static final Map<String, Object> LIMITS =
      Map.of("name", "limits", "value", Map.of("most", 3));

  @Test
  void theyAreReadAndWritten() {
    var document =
        document(List.of(LIMITS, Map.of("name", "plates", "from", "registry")), List.of("limits"));
    var spec = ((Parsed.Ok) PipelineDocument.read(document)).spec();
    assertThat(spec.sideInputs())
        .containsExactly(
            new SideSpec("limits", Optional.of(Map.of("most", 3L)), Optional.empty()),
            new SideSpec("plates", Optional.empty(), Optional.of("registry")));
    assertThat(spec.stages().get(0).side()).containsExactly("limits");
    assertThat(spec.sideRead()).containsExactly("limits");
    assertThat(((Parsed.Ok) PipelineDocument.read(PipelineDocument.write(spec))).spec())
        .isEqualTo(spec);
    assertThat(((Parsed.Ok) PipelineDocument.fromStruct(PipelineDocument.toStruct(spec))).spec())
        .isEqualTo(spec);
    assertThat(problems(List.of(LIMITS), List.of("limits"))).isEmpty();
  }

  /** Earlier releases refuse a field that they do not know. */
  @Test
  void aPipelineWithoutThemHasNoWordOfThem() {
    var spec = ((Parsed.Ok) PipelineDocument.read(document(null, null))).spec();
    assertThat(PipelineDocument.write(spec).toString()).doesNotContain("side");
  }

  @Test
  void aStageThatReadsOthersIsAnotherStage() {
    var one = ((Parsed.Ok) PipelineDocument.read(document(List.of(LIMITS), List.of("limits"))));
    var other = ((Parsed.Ok) PipelineDocument.read(document(List.of(LIMITS), null)));
    assertThat(one.spec().stages()).isNotEqualTo(other.spec().stages());
  }

  @Test
  void anotherValueIsNoOtherStage() {
    var one = ((Parsed.Ok) PipelineDocument.read(document(List.of(LIMITS), List.of("limits"))));
    var other =
        ((Parsed.Ok)
            PipelineDocument.read(
                document(List.of(Map.of("name", "limits", "value", 4)), List.of("limits"))));
    assertThat(one.spec().stages()).isEqualTo(other.spec().stages());
  }

  @Test
  void whatAStageNamesMustBeThere() {
    assertThat(problems(List.of(LIMITS), List.of("limit")))
        .containsExactly("spec.stages[0].side[0]: the pipeline has no side input \"limit\"");
    assertThat(problems(null, List.of("limits")))
        .containsExactly("spec.stages[0].side[0]: the pipeline has no side input \"limits\"");
    assertThat(problems(List.of(LIMITS), List.of("limits", "limits")))
        .containsExactly("spec.stages[0].side[1]: names \"limits\" a second time");
    assertThat(problems(List.of(LIMITS), "limits"))
        .containsExactly("spec.stages[0].side: must be a list but is the string \"limits\"");
  }

  @Test
  void eachHasANameOfItsOwnAndOneOfBoth() {
    assertThat(problems(List.of(LIMITS, LIMITS), null))
        .containsExactly("spec.sideInputs[1].name: a second side input is called \"limits\"");
    assertThat(problems(List.of(Map.of("name", "a")), null))
        .containsExactly("spec.sideInputs[0]: has neither value nor from");
    assertThat(problems(List.of(Map.of("name", "a", "value", 1, "from", "b")), null))
        .containsExactly("spec.sideInputs[0]: has both value and from");
    assertThat(problems(List.of(Map.of("name", "A", "value", 1)), null))
        .containsExactly("spec.sideInputs[0].name: \"A\" is not a name");
    assertThat(problems(List.of(Map.of("name", "a", "file", "/etc/passwd")), null))
        .contains("spec.sideInputs[0].file: unknown field \"file\"");
    assertThat(
            problems(
                IntStream.range(0, 9).mapToObj(i -> Map.of("name", "n" + i, "value", i)).toList(),
                null))
        .containsExactly("spec.sideInputs: has 9 side inputs, at most 8 are possible");
  }
}
