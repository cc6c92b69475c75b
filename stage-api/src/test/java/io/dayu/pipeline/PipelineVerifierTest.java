package io.dayu.pipeline;

import static io.dayu.pipeline.SampleCatalog.CATALOG;
import static io.dayu.pipeline.Trees.camera;
import static io.dayu.pipeline.Trees.crossing;
import static io.dayu.pipeline.Trees.detect;
import static io.dayu.pipeline.Trees.document;
import static io.dayu.pipeline.Trees.list;
import static io.dayu.pipeline.Trees.object;
import static io.dayu.pipeline.Trees.ok;
import static io.dayu.pipeline.Trees.problems;
import static io.dayu.pipeline.Trees.spec;
import static io.dayu.pipeline.Trees.stage;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PipelineVerifierTest {
  @Test
  void acceptsTheExampleOfTheDocumentation() {
    var spec = ok(PipelineVerifier.check(crossing(), CATALOG));

    assertThat(spec).isEqualTo(ok(PipelineDocument.read(crossing())));
    assertThat(PipelineVerifier.verify(spec, CATALOG)).isEmpty();
  }

  @Test
  void aValueThatWasMeantAsAStringIsAdvisedAsItWasWritten() {
    var off = new Scalar(false, "off");
    var seven = new Scalar(7, "007");
    var document =
        document(
            spec(
                list(object("name", seven, "uri", "http://host/cam.mjpeg", "node", 2024)),
                list(
                    detect("params", object("labels", list(off, "car", 5))),
                    object(
                        "id",
                        "more",
                        "type",
                        "object-detection",
                        "params",
                        object("labels", off)))));
    document.put("metadata", object("name", off));

    assertThat(problems(PipelineVerifier.check(document, CATALOG)))
        .extracting(PipelineProblem::path, PipelineProblem::message, PipelineProblem::remedy)
        .containsExactlyInAnyOrder(
            tuple(
                "metadata.name",
                "must be a string but is off (read as false)",
                "put it in quotes: \"off\""),
            tuple(
                "spec.sources[0].name",
                "must be a string but is 007 (read as 7)",
                "put it in quotes: \"007\""),
            tuple(
                "spec.sources[0].node",
                "must be a string but is 2024",
                "put it in quotes: \"2024\""),
            tuple(
                "spec.stages[0].params.labels",
                "must be a list of strings but is a list",
                "put it in quotes: [\"off\", \"car\", \"5\"]"),
            tuple(
                "spec.stages[1].params.labels",
                "must be a list of strings but is off (read as false)",
                "put it in quotes: \"off\""));
  }

  @Test
  void givesFiveDifferentMistakesAtOnce() {
    var spec =
        spec(
            list(object("name", "Cam 0", "uri", "http://host/cam")),
            list(
                object("id", "detect", "type", "object-detektion"),
                stage("track", "box-tracker", "detcet"),
                stage("count", "count-by-label", "count")));
    spec.put("policy", object("name", "fixd"));

    assertThat(problems(PipelineVerifier.check(document(spec), CATALOG)))
        .containsExactlyInAnyOrder(
            new PipelineProblem(
                "spec.sources[0].name",
                "\"Cam 0\" is not a name",
                "use 1 to 63 lower-case letters, digits and '-', with a letter or digit at both"
                    + " ends"),
            new PipelineProblem(
                "spec.stages[0].type",
                "unknown stage type \"object-detektion\"",
                "did you mean \"object-detection\"?"),
            new PipelineProblem(
                "spec.stages[1].after[0]",
                "there is no stage \"detcet\"",
                "did you mean \"detect\"?"),
            new PipelineProblem(
                "spec.stages[2].after[0]", "stage \"count\" comes after itself", "remove it"),
            new PipelineProblem(
                "spec.policy.name", "unknown policy \"fixd\"", "did you mean \"fixed\"?"));
  }

  @Test
  void verifiesWhatProblemsOfShapeLeaveOver() {
    var document =
        document(
            spec(
                list("no source", camera("a")),
                list(
                    object("id", "x"),
                    detect("after", "x"),
                    stage("count", "count-by-label", "nothing"))));
    document.remove("kind");

    assertThat(problems(PipelineVerifier.check(document, CATALOG)))
        .extracting(PipelineProblem::path)
        .containsExactlyInAnyOrder(
            "kind",
            "spec.sources[0]",
            "spec.stages[0].type",
            "spec.stages[1].after",
            "spec.stages[2].after[0]");
  }

  @Test
  void aStageThatReadsFramesMayBeAskedPerBox() {
    var exposure = stage("exposure", "exposure", "track");
    exposure.putAll(object("per", "box", "of", "detect", "labels", list("car"), "reuse", "2s"));
    var document =
        document(
            spec(
                list(camera("a")),
                list(detect(), stage("track", "box-tracker", "detect"), exposure)));
    assertThat(problems(PipelineVerifier.check(document, CATALOG))).isEmpty();
  }

  @Test
  void whatCannotWorkPerBoxIsToldWithItsPlace() {
    var count = stage("count", "count-by-label", "detect");
    count.put("per", "box"); // reads no frames
    var any = stage("any", "any", "detect");
    any.put("per", "box"); // gives opaque
    var blur = stage("blur", "exposure", "detect");
    blur.putAll(object("per", "box", "of", "blur2")); // does not come before
    var blur2 = stage("blur2", "exposure");
    blur2.put("per", "box"); // of which?
    var blur3 = stage("blur3", "exposure", "blur2");
    blur3.putAll(object("per", "box")); // gives labels
    var blur4 = stage("blur4", "exposure", "detect");
    blur4.putAll(object("per", "frame", "atMost", 65));
    var blur5 = stage("blur5", "exposure", "detect");
    blur5.putAll(object("reuse", "2s"));
    var blur6 = stage("blur6", "exposure", "detect");
    blur6.putAll(object("per", "box", "of", "nothing", "atMost", 65, "reuse", "2 s", "margin", 2));
    // Its input is what the answers per box become together.
    var after = stage("after", "count-by-label", "blur7");
    var blur7 = stage("blur7", "exposure", "detect");
    blur7.put("per", "box");
    var document =
        document(
            spec(
                list(camera("a")),
                list(detect(), count, any, blur, blur2, blur3, blur4, blur5, blur6, after, blur7)));

    assertThat(problems(PipelineVerifier.check(document, CATALOG)))
        .extracting(p -> p.path() + ": " + p.message())
        .containsExactlyInAnyOrder(
            "spec.stages[1].per: count-by-label reads no frames, and what is in a box is a frame",
            "spec.stages[2].per: any gives opaque, which cannot be put together of several boxes",
            "spec.stages[3].of: stage \"blur2\" does not come before this one",
            "spec.stages[4].of: is missing, and the stage does not come after one stage alone",
            "spec.stages[5].of: exposure gives labels, and per: box needs boxes",
            "spec.stages[6].per: \"frame\" is nothing that a stage can be asked per",
            "spec.stages[7].reuse: means nothing without per",
            "spec.stages[8].of: there is no stage \"nothing\"",
            "spec.stages[8].atMost: must be a whole number from 1 to 64 but is 65",
            "spec.stages[8].margin: must be from 0 to 1 but is 2",
            "spec.stages[8].reuse: \"2 s\" is not a duration of more than 0 and at most 60m",
            "spec.stages[9].after[0]: count-by-label reads boxes or labels but exposure gives attributes");
  }

  @Test
  void namesACycleInTheDirectionOfFlow() {
    assertThat(
            stages(
                stage("d", "any", "a"),
                stage("a", "any", "c"),
                stage("b", "any", "a"),
                stage("c", "any", "b")))
        .containsExactly(
            new PipelineProblem(
                "spec.stages[1].after[0]",
                "these stages wait for each other: a → b → c → a",
                "break the cycle, for example by removing \"c\" from what \"a\" comes after"));
  }

  @Test
  void namesEachOfTwoCycles() {
    assertThat(
            stages(
                stage("a", "any", "b"),
                stage("b", "any", "a"),
                stage("c", "any", "d"),
                stage("d", "any", "c", "a")))
        .extracting(PipelineProblem::path)
        .containsExactly("spec.stages[0].after[0]", "spec.stages[2].after[0]");
  }

  @Test
  void refusesADuplicateIdAndAReferenceMadeTwice() {
    assertThat(stages(stage("a", "any"), stage("b", "any", "a", "a"), stage("a", "any")))
        .extracting(PipelineProblem::path)
        .containsExactly("spec.stages[2].id", "spec.stages[1].after[1]");
  }

  @Test
  void refusesAStageWhoseInputsAreNotGiven() {
    assertThat(
            stages(
                detect(),
                stage("blur", "exposure"),
                stage("track", "box-tracker", "blur", "detect"),
                stage("count", "count-by-label")))
        .extracting(PipelineProblem::path, PipelineProblem::message)
        .containsExactly(
            tuple("spec.stages[2].after[0]", "box-tracker reads boxes but exposure gives labels"),
            tuple(
                "spec.stages[3].after",
                "count-by-label reads only the outputs of other stages but comes after none"));
  }

  @Test
  void aStageThatReadsThePayloadMayStandFirstThoughItReadsInputsToo() {
    assertThat(stages(stage("track", "box-tracker"))).isEmpty();
  }

  @Test
  void everySourceMustGiveWhatAStageReads() {
    var document =
        document(
            spec(
                list(
                    camera("cam"),
                    object("name", "s1", "uri", "csv://a"),
                    object("name", "s2", "uri", "csv://b")),
                list(stage("blur", "exposure"), stage("all", "any"))));

    assertThat(problems(PipelineVerifier.check(document, CATALOG)))
        .containsExactly(
            new PipelineProblem(
                "spec.stages[0].type",
                "exposure reads frames but readings come from sources s1, s2",
                "use a stage type that reads readings, or put these sources into a pipeline of"
                    + " their own"));
  }

  @Test
  void whatAStageReadsOfThePayloadMayComeFromAnEarlierStage() {
    var wrong = "unusual reads readings but frames come from source cam";
    var fed = list(stage("light", "brightness"), stage("odd", "unusual", "light"));
    ok(PipelineVerifier.check(document(spec(list(camera("cam")), fed)), CATALOG));
    assertThat(stages(stage("odd", "unusual")))
        .extracting(PipelineProblem::message)
        .containsExactly(wrong);
    assertThat(stages(stage("light", "brightness"), stage("odd", "unusual")))
        .extracting(PipelineProblem::message)
        .containsExactly(wrong);
  }

  @Test
  void checksParametersAgainstTheDescriptor() {
    assertThat(
            stages(
                detect("params", object("lables", list("person"), "threshold", "0.4")),
                detect("id", "two", "params", object("labels", list("person", 1)))))
        .extracting(PipelineProblem::path, PipelineProblem::remedy)
        .containsExactly(
            tuple("spec.stages[0].params.lables", "did you mean \"labels\"?"),
            tuple("spec.stages[0].params.threshold", "give a number"),
            tuple("spec.stages[0].params.labels", "give a list of strings: what to find"),
            tuple("spec.stages[1].params.labels", "put it in quotes: [\"person\", \"1\"]"));
  }

  @Test
  void checksSourcesAgainstTheirProviders() {
    var document =
        document(
            spec(
                list(
                    object(
                        "name", "a", "uri", "http://h/c", "knobs", object("fsp", 5, "height", 1)),
                    object("name", "a", "uri", "rtsp://host/cam"),
                    object("name", "b", "uri", "CSV://host/cam")),
                list(detect())));

    assertThat(problems(PipelineVerifier.check(document, CATALOG)))
        .containsExactly(
            new PipelineProblem(
                "spec.sources[0].knobs.fsp",
                "camera sources have no knob \"fsp\"",
                "did you mean \"fps\"?"),
            new PipelineProblem(
                "spec.sources[1].name",
                "a second source is called \"a\"",
                "give each source its own name"),
            new PipelineProblem(
                "spec.sources[1].uri",
                "nothing here reads \"rtsp://host/cam\"",
                "use a URI such as http://host/data, csv://host/data"),
            // Where the scheme is right, those of the others would only hide what is missing.
            new PipelineProblem(
                "spec.sources[2].uri",
                "nothing here reads \"CSV://host/cam\"",
                "use a URI such as csv://host/data"));
  }

  @Test
  void aPipelineNeedsSourcesAndStages() {
    assertThat(problems(PipelineVerifier.check(document(spec(list(), list())), CATALOG)))
        .extracting(PipelineProblem::path, PipelineProblem::message)
        .containsExactly(tuple("spec.sources", "is empty"), tuple("spec.stages", "is empty"));
    assertThat(problems(PipelineVerifier.check(document(object()), CATALOG)))
        .extracting(PipelineProblem::path)
        .containsExactly("spec.sources", "spec.stages");
  }

  @Test
  void refusesAPipelineThatIsTooLargeToBeSentToTheNodes() {
    assertThat(PipelineVerifier.verify(withParams(30_000), CATALOG)).isEmpty();
    assertThat(PipelineVerifier.verify(withParams(650_000), CATALOG))
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.path()).isEqualTo("spec");
              assertThat(problem.message())
                  .matches("has 6\\d{5} bytes, at most 65536 are possible");
              assertThat(problem.remedy()).contains("shorten");
            });
    assertThat(PipelineDocument.fromStruct(PipelineDocument.toStruct(withParams(650_000))))
        .as("one that an earlier release took")
        .isInstanceOf(Parsed.Ok.class);
  }

  /** A right pipeline with so many bytes of parameters for its policy. */
  private static PipelineSpec withParams(int bytes) {
    var spec = ok(PipelineDocument.read(crossing()));
    var params = Collections.nCopies(bytes / 4_000, "x".repeat(3_996));
    return new PipelineSpec(
        spec.name(),
        spec.sources(),
        spec.stages(),
        new PolicySpec(spec.policy().name(), Map.of("a", params)),
        spec.objective(),
        spec.delivery());
  }

  @Test
  void verifiesASpecificationThatNeverWasADocument() {
    var spec =
        new PipelineSpec(
            "Bad Name",
            List.of(
                new SourceSpec(
                    "a",
                    URI.create("relative"),
                    Optional.empty(),
                    Optional.empty(),
                    new TreeMap<>())),
            List.of(new StageSpec("s", "any", List.of("t"), Map.of())),
            new PolicySpec("fixed", Map.of()),
            new Objective(Duration.ZERO, 100),
            Delivery.DEFAULT);

    assertThat(PipelineVerifier.verify(spec, CATALOG))
        .extracting(PipelineProblem::path)
        .containsExactlyInAnyOrder(
            "metadata.name",
            "spec.sources[0].uri",
            "spec.stages[0].after[0]",
            "spec.objective.latency",
            "spec.objective.percentile");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rtsp://admin:hunter2@cam/stream",
        "http://admin:hunter 2@cam/stream",
        "rtsp://cam/stream?password=hunter2",
        "//admin:hunter2@cam/stream"
      })
  void aUriIsRefusedWithoutItsPassword(String uri) {
    var spec = spec(list(object("name", "a", "uri", uri)), list(detect()));
    assertThat(problems(PipelineVerifier.check(document(spec), CATALOG)))
        .extracting(PipelineProblem::path)
        .contains("spec.sources[0].uri");
    assertThat(problems(PipelineVerifier.check(document(spec), CATALOG)).toString())
        .contains("cam/stream")
        .doesNotContain("hunter");
  }

  @Property(tries = 200)
  void anyDagIsAcceptedInAnyOrder(@ForAll("dags") List<StageSpec> dag, @ForAll long seed) {
    var shuffled = new ArrayList<>(dag);
    Collections.shuffle(shuffled, new Random(seed));

    assertThat(PipelineVerifier.verify(pipeline(shuffled), CATALOG)).isEmpty();
  }

  @Property(tries = 200)
  void anyCycleIsFoundAndIsOne(@ForAll("graphs") List<StageSpec> graph) {
    var problems = PipelineVerifier.verify(pipeline(graph), CATALOG);

    assertThat(problems.isEmpty()).isEqualTo(canBeOrdered(graph));
    for (var problem : problems) {
      var ids = problem.message().replaceAll(".*: ", "").split(" → ");
      assertThat(ids[0]).isEqualTo(ids[ids.length - 1]);
      for (int i = 1; i < ids.length; i++)
        assertThat(pipeline(graph).stage(ids[i]).orElseThrow().after()).contains(ids[i - 1]);
    }
  }

  /** Kahn's rule: another way to see that there is no cycle. */
  private static boolean canBeOrdered(List<StageSpec> graph) {
    var rest = new ArrayList<>(graph);
    var done = new HashSet<String>();
    while (rest.removeIf(stage -> done.containsAll(stage.after()) && done.add(stage.id()))) {}
    return rest.isEmpty();
  }

  @Provide
  Arbitrary<List<StageSpec>> dags() {
    return graphs(false);
  }

  @Provide
  Arbitrary<List<StageSpec>> graphs() {
    return graphs(true);
  }

  private static Arbitrary<List<StageSpec>> graphs(boolean backwards) {
    return Combinators.combine(
            Arbitraries.integers().between(1, 20),
            Arbitraries.longs(),
            Arbitraries.doubles().between(0, 0.3))
        .as(
            (size, seed, density) -> {
              var random = new Random(seed);
              var stages = new ArrayList<StageSpec>();
              for (int i = 0; i < size; i++) {
                var after = new ArrayList<String>();
                for (int j = 0; j < (backwards ? size : i); j++)
                  if (j != i && random.nextDouble() < density) after.add("s" + j);
                stages.add(new StageSpec("s" + i, "any", after, Map.of()));
              }
              return List.copyOf(stages);
            });
  }

  private static PipelineSpec pipeline(List<StageSpec> stages) {
    return new PipelineSpec(
        "p",
        List.of(
            new SourceSpec(
                "a", URI.create("csv://x"), Optional.empty(), Optional.empty(), new TreeMap<>())),
        stages,
        new PolicySpec("fixed", Map.of()),
        Objective.DEFAULT,
        Delivery.DEFAULT);
  }

  private static List<PipelineProblem> stages(Object... stages) {
    return problems(
        PipelineVerifier.check(document(spec(list(camera("cam")), list(stages))), CATALOG));
  }
}
