package io.dayu.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.element.MediaType;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.stage.Parameter;
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
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.pekko.actor.typed.Behavior;
import org.junit.jupiter.api.Test;

/** What a pipeline says of parameters that change while a stage goes on. */
class DynamicParametersTest {
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
                      "count",
                      "1",
                      "",
                      Set.of(MediaType.FRAMES),
                      Set.of(),
                      MediaType.BOXES,
                      List.of(
                          Parameter.optional("limit", Parameter.Type.NUMBER, 30, "").perElement(),
                          Parameter.optional("model", Parameter.Type.STRING, "small", "")),
                      1,
                      0))),
          List.of(),
          List.of("least-loaded"));

  private static Map<String, Object> document(Map<String, Object> more) {
    var stage = new LinkedHashMap<String, Object>(Map.of("id", "s", "type", "count"));
    stage.putAll(more);
    return Map.of(
        "apiVersion",
        "dayu.io/v1alpha1",
        "kind",
        "Pipeline",
        "metadata",
        Map.of("name", "p"),
        "spec",
        Map.of("sources", List.of(Map.of("name", "in", "uri", "x:y")), "stages", List.of(stage)));
  }

  private static Map<String, Object> document(Object params, Object dynamic) {
    return document(Map.of("params", params, "dynamic", dynamic));
  }

  private static PipelineSpec spec(Object params, Object dynamic) {
    return ((Parsed.Ok) PipelineDocument.read(document(params, dynamic))).spec();
  }

  /** But that there is no such source. */
  private static List<String> problems(Map<String, Object> document) {
    var told = new ArrayList<String>();
    for (var problem : ((Parsed.Bad) PipelineVerifier.check(document, CATALOG)).problems())
      if (!problem.path().startsWith("spec.sources"))
        told.add(problem.path() + ": " + problem.message());
    return told;
  }

  @Test
  void theyAreReadAndWritten() {
    var spec = spec(Map.of("limit", 3, "model", "large"), List.of("limit"));
    assertThat(spec.stages().get(0).dynamic()).containsExactly("limit");
    assertThat(((Parsed.Ok) PipelineDocument.read(PipelineDocument.write(spec))).spec())
        .isEqualTo(spec);
    assertThat(((Parsed.Ok) PipelineDocument.fromStruct(PipelineDocument.toStruct(spec))).spec())
        .isEqualTo(spec);
    assertThat(problems(document(Map.of("limit", 3), List.of("limit")))).isEmpty();
    assertThat(problems(document(Map.of(), List.of("limit")))).as("its default holds").isEmpty();
  }

  /** Earlier releases refuse a field that they do not know. */
  @Test
  void aPipelineWithoutThemHasNoWordOfThem() {
    var spec = ((Parsed.Ok) PipelineDocument.read(document(Map.of()))).spec();
    assertThat(PipelineDocument.write(spec).toString()).doesNotContain("dynamic");
    assertThat(spec.sideRead()).isEmpty();
  }

  @Test
  void anotherValueIsNoOtherStageAndIsVersionedUnderTheSameName() {
    var one = spec(Map.of("limit", 3, "model", "large"), List.of("limit"));
    var other = spec(Map.of("limit", 4, "model", "large"), List.of("limit"));
    assertThat(other.goesOnWithStagesOf(one)).isTrue();
    assertThat(other.sideRead()).isEqualTo(one.sideRead()).hasSize(1);
    assertThat(other.stages().get(0).dynamicParams()).isEqualTo(Map.of("limit", 4L));
  }

  /** What was meant for the stage before it, with another model, must not reach it. */
  @Test
  void anotherFixedValueOrAnotherListIsAnotherStageWithAnotherName() {
    var one = spec(Map.of("limit", 3, "model", "large"), List.of("limit"));
    for (var other :
        List.of(
            spec(Map.of("limit", 3, "model", "small"), List.of("limit")),
            spec(Map.of("limit", 3, "model", "large"), List.of("limit", "model")))) {
      assertThat(other.goesOnWithStagesOf(one)).isFalse();
      assertThat(other.sideRead()).doesNotContainAnyElementsOf(one.sideRead());
    }
    var without = document(Map.of("params", Map.of("limit", 3, "model", "large")));
    assertThat(((Parsed.Ok) PipelineDocument.read(without)).spec().goesOnWithStagesOf(one))
        .isFalse();
  }

  /** All nodes of a cluster make the name for themselves, whatever their Java. */
  @Test
  void theNameIsTheSameEverywhere() {
    var stage =
        new StageSpec(
            "s",
            "count",
            List.of(),
            new TreeMap<>(),
            Map.of("limit", 3, "model", "large", "more", List.of("a", Map.of("b", 0.5, "c", true))),
            Optional.empty(),
            List.of(),
            new TreeSet<>(Set.of("limit")));
    assertThat(stage.dynamicName()).isEqualTo("parameters of s/375d5940");
  }

  @Test
  void onlyParametersThatTheStageReadsForEachElementCanBeDynamic() {
    assertThat(problems(document(Map.of(), List.of("model"))))
        .containsExactly(
            "spec.stages[0].dynamic[0]: count reads its parameter model only when it starts");
    assertThat(problems(document(Map.of(), List.of("limits"))))
        .containsExactly("spec.stages[0].dynamic[0]: count has no parameter \"limits\"");
    assertThat(problems(document(Map.of(), List.of("limit", "limit"))))
        .containsExactly("spec.stages[0].dynamic[1]: names \"limit\" a second time");
    assertThat(problems(document(Map.of(), "limit")))
        .containsExactly("spec.stages[0].dynamic: must be a list but is the string \"limit\"");
    assertThat(problems(document(Map.of("limit", "three"), List.of("limit"))))
        .as("checked as ever")
        .hasSize(1)
        .first()
        .asString()
        .startsWith("spec.stages[0].params.limit: must be a number");
  }

  @Test
  void anAnswerThatIsUsedAgainWouldBeOneByEarlierParameters() {
    assertThat(
            problems(
                document(
                    Map.of("dynamic", List.of("limit"), "per", "box", "of", "s", "reuse", "2s"))))
        .contains(
            "spec.stages[0].reuse: an answer that is used again may be one by earlier parameters");
  }
}
