package io.dayu.pipeline;

import static io.dayu.pipeline.Trees.camera;
import static io.dayu.pipeline.Trees.crossing;
import static io.dayu.pipeline.Trees.document;
import static io.dayu.pipeline.Trees.list;
import static io.dayu.pipeline.Trees.object;
import static io.dayu.pipeline.Trees.ok;
import static io.dayu.pipeline.Trees.problems;
import static io.dayu.pipeline.Trees.spec;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.KeepFailed;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.Retain;
import io.dayu.pipeline.PipelineSpec.Shed;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PipelineDocumentTest {
  @Test
  void readsTheExampleOfTheDocumentation() {
    var spec = ok(PipelineDocument.read(crossing()));

    assertThat(spec.name()).isEqualTo("crossing");
    assertThat(spec.sources())
        .containsExactly(
            new SourceSpec(
                "cam-0",
                URI.create("http://host/cam-0.mjpeg"),
                Optional.of("edge-1"),
                Optional.of(Shed.OLDEST),
                new TreeMap<>(Map.of("fps", List.of(5.0, 10.0, 15.0), "height", List.of(540.0)))));
    assertThat(spec.stages())
        .containsExactly(
            new StageSpec(
                "detect",
                "object-detection",
                List.of(),
                Map.of("labels", List.of("person", "car"), "threshold", 0.4)),
            new StageSpec("track", "box-tracker", List.of("detect"), Map.of()),
            new StageSpec("blur", "exposure", List.of("detect"), Map.of()),
            new StageSpec("count", "count-by-label", List.of("track", "blur"), Map.of()));
    assertThat(spec.policy()).isEqualTo(new PolicySpec("round-robin", Map.of()));
    assertThat(spec.objective()).isEqualTo(new Objective(Duration.ofMillis(300), 95));
    assertThat(spec.delivery()).isEqualTo(new Delivery(Offline.LOCAL, 1));
  }

  @Test
  void inputsAreWrittenWithTheStagesThatTheyImplyAndReadBack() {
    var inputs = object("tracks", "track", "exposure", "blur");
    var named = object("id", "count", "type", "count-by-label", "inputs", inputs);
    var spec = ok(PipelineDocument.read(document(spec(list(Trees.camera("cam-0")), list(named)))));
    var count = spec.stages().get(0);
    assertThat(count.after()).containsExactly("blur", "track");
    assertThat(count.inputs())
        .isEqualTo(new TreeMap<>(Map.of("tracks", "track", "exposure", "blur")));
    assertThat(ok(PipelineDocument.fromStruct(PipelineDocument.toStruct(spec)))).isEqualTo(spec);
  }

  @Test
  void workPerBoxNeedsOnlyToBeNamed() {
    var plate = object("id", "plate", "type", "any", "after", list("detect"), "per", "box");
    var spec = ok(PipelineDocument.read(document(spec(list(camera("a")), list(plate)))));
    assertThat(spec.stages().get(0).perBox())
        .contains(new PerBox("detect", Set.of(), Duration.ZERO, 16, 0));

    plate.putAll(
        object("of", "cars", "labels", list("car"), "reuse", "2s", "atMost", 4, "margin", 0.25));
    spec = ok(PipelineDocument.read(document(spec(list(camera("a")), list(plate)))));
    assertThat(spec.stages().get(0).perBox())
        .contains(new PerBox("cars", Set.of("car"), Duration.ofSeconds(2), 4, 0.25));
  }

  @Test
  void fillsInWhatMayBeLeftOut() {
    var spec =
        ok(
            PipelineDocument.read(
                document(
                    spec(
                        list(object("name", "a", "uri", "csv://x", "node", null)),
                        list(object("id", "s", "type", "any"))))));

    assertThat(spec.policy().name()).isEqualTo("least-loaded");
    assertThat(spec.objective()).isEqualTo(Objective.DEFAULT);
    assertThat(spec.delivery()).isEqualTo(Delivery.DEFAULT);
    assertThat(spec.sources().get(0).node()).isEmpty();
    assertThat(spec.stages().get(0).after()).isEmpty();
  }

  @Test
  void acceptsAResourceAsKubernetesReturnsIt() {
    var document = crossing();
    document.put("status", object("phase", "Running"));
    document.put(
        "metadata", object("name", "crossing", "namespace", "x", "uid", "1", "generation", 3));

    assertThat(problems(PipelineDocument.read(document))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          latency    | 300     | spec.objective.latency    | must be a string but is 300
          latency    | '300'   | spec.objective.latency    | is not a duration
          latency    | '0ms'   | spec.objective.latency    | is not a duration
          latency    | '61m'   | spec.objective.latency    | is not a duration
          latency    | '1.5s'  | spec.objective.latency    | is not a duration
          percentile | 0       | spec.objective.percentile | must be between 0 and 100
          percentile | 100     | spec.objective.percentile | must be between 0 and 100
          percentile | 'high'  | spec.objective.percentile | must be a number but is the string "high"
          percentil  | 95      | spec.objective.percentil  | unknown field "percentil"
          keepFrames | '1'     | spec.delivery.keepFrames  | is not a rate
          keepFrames | '-1/s'  | spec.delivery.keepFrames  | is not a rate
          keepFrames | '2e3/s' | spec.delivery.keepFrames  | is not a rate
          keepFrames | '1001/s'| spec.delivery.keepFrames  | is not a rate
          offline    | 'locla' | spec.delivery.offline    | is none of local, spool, shed
          offline    | true    | spec.delivery.offline    | must be a string but is true
          """)
  void namesAWrongSetting(String name, String value, String path, String message) {
    Object typed = value.equals("true") ? (Object) true : value;
    if (List.of("300", "0", "100", "95").contains(value) && !message.contains("duration"))
      typed = Integer.valueOf(value);
    var document = crossing();
    var part = path.split("\\.")[1];
    body(document).put(part, object(name, typed));

    assertThat(problems(PipelineDocument.read(document)))
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.path()).isEqualTo(path);
              assertThat(problem.message()).contains(message);
              assertThat(problem.remedy()).isNotBlank();
            });
  }

  @ParameterizedTest
  @CsvSource({
    "90s, 90",
    "1m, 60",
    "12h, 43200",
    "7d, 604800",
    "168h, 604800",
    "36500d, 3153600000"
  })
  void readsHowLongResultsAreKept(String written, long seconds) {
    var retain = object("for", written, "atMost", 1_000_000);

    assertThat(retain(retain))
        .isEqualTo(new Retain(Optional.of(Duration.ofSeconds(seconds)), Optional.of(1_000_000L)));
    assertThat(retain(object("for", written)).atMost()).isEmpty();
    assertThat(retain(object())).isEqualTo(Retain.AS_CONFIGURED);
  }

  private static Retain retain(Object written) {
    var document = crossing();
    body(document).put("delivery", object("retain", written));
    return ok(PipelineDocument.read(document)).delivery().retain();
  }

  @Test
  void readsHowMuchOfWhatFailedIsKept() {
    var hour = Optional.of(Duration.ofHours(1));
    assertThat(keepFailed(1000)).contains(new KeepFailed(Optional.of(1000L), Optional.empty()));
    assertThat(keepFailed("1h")).contains(new KeepFailed(Optional.empty(), hour));
    assertThat(keepFailed(object("atMost", 5, "for", "1h")))
        .contains(new KeepFailed(Optional.of(5L), hour));
    assertThat(ok(PipelineDocument.read(crossing())).delivery().keepFailed()).isEmpty();
  }

  private static Optional<KeepFailed> keepFailed(Object written) {
    var document = crossing();
    body(document).put("delivery", object("keepFailed", written));
    var spec = ok(PipelineDocument.read(document));
    assertThat(ok(PipelineDocument.read(PipelineDocument.write(spec)))).isEqualTo(spec);
    return spec.delivery().keepFailed();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0      | must be a whole number from 1 to 10000 but is 0
          10001  | must be a whole number from 1 to 10000 but is 10001
          1.5    | but is 1.5
          1000x  | "1000x" is not a time of at least 1s
          0h     | "0h" is not a time of at least 1s
          true   | must be a number but is true
          {}     | says neither how many nor how long
          """)
  void namesWhatIsWrongWithWhatIsKeptOfFailedElements(String value, String message) {
    Object typed =
        switch (value) {
          case "{}" -> object();
          case "true" -> true;
          default ->
              value.matches("[0-9]+")
                  ? (Object) Long.valueOf(value)
                  : value.matches("[0-9.]+") ? Double.valueOf(value) : value;
        };
    var document = crossing();
    body(document).put("delivery", object("keepFailed", typed));

    assertThat(problems(PipelineDocument.read(document)))
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.path()).isEqualTo("spec.delivery.keepFailed");
              assertThat(problem.message()).contains(message);
            });
  }

  /** Nodes of release 0.1 refuse what they do not know. */
  @Test
  void aPipelineThatSaysNothingOfItIsWrittenAsBefore() {
    var spec = ok(PipelineDocument.read(crossing()));

    assertThat(body(PipelineDocument.write(spec)).get("delivery"))
        .isEqualTo(Map.of("offline", "local", "keepFrames", "1/s"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          for    | '0d'          | is not a time of at least 1s | 7d, 12h, 30m or 90s
          for    | '-1d'         | is not a time of at least 1s | 7d, 12h, 30m or 90s
          for    | '36501d'      | at most 36500d               | dayu.store.retain.for
          for    | '9999999999d' | at most 36500d               | dayu.store.retain.for
          for    | '500ms'       | is not a time of at least 1s | 7d, 12h, 30m or 90s
          for    | '1w'          | is not a time of at least 1s | 7d, 12h, 30m or 90s
          for    | '1.5d'        | is not a time of at least 1s | 7d, 12h, 30m or 90s
          for    | 7             | must be a string but is 7    | 7d, 12h, 30m or 90s
          atMost | 0             | must be a whole number from 1 to 1000000000000 but is 0 | such as 1000000
          atMost | -1            | but is -1                    | such as 1000000
          atMost | 1.5           | but is 1.5                   | such as 1000000
          atMost | 1e13          | must be a whole number from 1 to 1000000000000 | dayu.store.retain.at-most
          atMost | '10k'         | must be a number but is the string "10k" | give a number
          atmost | 5             | unknown field "atmost"       | did you mean "atMost"?
          """)
  void namesWhatIsWrongWithWhatIsKept(String name, String value, String message, String remedy) {
    Object typed =
        value.matches("-?[0-9.]+(e[0-9]+)?")
            ? new Scalar(
                value.matches("-?[0-9]+") ? (Number) Long.valueOf(value) : Double.valueOf(value),
                value)
            : value;
    var document = crossing();
    body(document).put("delivery", object("retain", object(name, typed)));

    assertThat(problems(PipelineDocument.read(document)))
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.path()).isEqualTo("spec.delivery.retain." + name);
              assertThat(problem.message()).contains(message);
              assertThat(problem.remedy()).contains(remedy);
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Cam", "-a", "a-", "a_b", "a.b", "ä", "a b"})
  void refusesABadName(String name) {
    var document = crossing();
    document.put("metadata", object("name", name));

    assertThat(problems(PipelineDocument.read(document)))
        .extracting(PipelineProblem::path)
        .containsExactly("metadata.name");
  }

  @Test
  void takesNamesOfUpTo63Characters() {
    var document = crossing();
    document.put("metadata", object("name", "a".repeat(63)));
    assertThat(problems(PipelineDocument.read(document))).isEmpty();
    document.put("metadata", object("name", "a".repeat(64)));
    assertThat(problems(PipelineDocument.read(document))).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "video.mp4", "http://a b", "http://[", ":", "%"})
  void refusesABadUri(String uri) {
    var document = document(spec(list(object("name", "a", "uri", uri)), list(Trees.detect())));

    assertThat(problems(PipelineDocument.read(document)))
        .extracting(PipelineProblem::path)
        .containsExactly("spec.sources[0].uri");
  }

  @Test
  void givesAllProblemsOfShapeAtOnceEachInItsPlace() {
    var document =
        object(
            "apiVersion",
            "dayu.io/v2",
            "kind",
            5,
            "metadata",
            object("nmae", "x"),
            "spec",
            object(
                "sources",
                    list(
                        "cam",
                        null,
                        object("name", 1, "knobs", object("fps", "fast", "height", list())),
                        object("name", "b", "uri", "csv://x", "knobs", object("a b", Double.NaN))),
                "stages",
                    list(
                        object("id", "a", "after", "b"),
                        object("id", "b", "type", " ", "after", list(1, null, "a")),
                        object("id", "c", "type", "t", "params", object("x", list("y", null)))),
                "polciy", object("name", "fixed"),
                "policy", object("params", list())));

    assertThat(problems(PipelineDocument.read(document)))
        .extracting(PipelineProblem::path)
        .containsExactlyInAnyOrder(
            "apiVersion",
            "kind",
            "metadata.nmae",
            "metadata.name",
            "spec.polciy",
            "spec.sources[0]",
            "spec.sources[1]",
            "spec.sources[2].name",
            "spec.sources[2].uri",
            "spec.sources[2].knobs.fps",
            "spec.sources[2].knobs.height",
            "spec.sources[3].knobs[\"a b\"]",
            "spec.stages[0].type",
            "spec.stages[0].after",
            "spec.stages[1].type",
            "spec.stages[1].after[0]",
            "spec.stages[1].after[1]",
            "spec.stages[2].params.x[1]",
            "spec.policy.name",
            "spec.policy.params");
  }

  @Test
  void guessesWhatAnUnknownFieldWasMeantToBe() {
    var document = crossing();
    body(document).put("polciy", object());

    assertThat(problems(PipelineDocument.read(document)))
        .containsExactly(
            new PipelineProblem(
                "spec.polciy", "unknown field \"polciy\"", "did you mean \"policy\"?"));
  }

  @Test
  void anEmptyTreeLacksTheFourParts() {
    assertThat(problems(PipelineDocument.read(Map.of())))
        .extracting(PipelineProblem::path)
        .containsExactly("apiVersion", "kind", "metadata", "spec");
  }

  @Test
  void boundsTheAnswerToNonsense() {
    var document = crossing();
    for (int i = 0; i < 100_000; i++) document.put("x".repeat(100) + i, i);

    var problems = problems(PipelineDocument.read(document));

    assertThat(problems).hasSize(11);
    assertThat(problems).allSatisfy(p -> assertThat(p.toString().length()).isLessThan(400));
    assertThat(problems.get(10).message()).isEqualTo("has 99990 more unknown fields");
  }

  @Test
  void boundsTheNumberOfProblems() {
    var stages = Collections.<Object>nCopies(64, object());

    var problems = problems(PipelineDocument.read(document(spec(list(object()), stages))));

    assertThat(problems).hasSize(Problems.LIMIT + 1);
    assertThat(problems.get(Problems.LIMIT).message())
        .isEqualTo("there are more than 100 problems");
  }

  @Test
  void boundsTheNumbersOfSourcesAndStages() {
    var sources = Collections.<Object>nCopies(65, Trees.camera("a"));
    var stages = Collections.<Object>nCopies(65, Trees.detect());

    assertThat(problems(PipelineDocument.read(document(spec(sources, stages)))))
        .containsExactly(
            new PipelineProblem("spec.sources", "has 65 items", "give at most 64"),
            new PipelineProblem("spec.stages", "has 65 items", "give at most 64"));
  }

  @Test
  void boundsTheDepthOfParameters() {
    Object deep = 1;
    for (int i = 0; i < 1000; i++) deep = list(deep);
    var document =
        document(spec(list(Trees.camera("a")), list(Trees.detect("params", object("deep", deep)))));

    assertThat(problems(PipelineDocument.read(document)))
        .singleElement()
        .extracting(PipelineProblem::message)
        .isEqualTo("is nested too deeply");
  }

  @Test
  void equalNumbersAreEqualWhateverTheirType() {
    for (Number five : new Number[] {5, 5L, 5.0, 5f, BigInteger.valueOf(5)})
      assertThat(new PolicySpec("p", Map.of("n", five)).params()).isEqualTo(Map.of("n", 5L));
    assertThat(new PolicySpec("p", Map.of("n", 0.5)).params()).isEqualTo(Map.of("n", 0.5));
    assertThat(new PolicySpec("p", Map.of("n", Long.MAX_VALUE)).params())
        .isEqualTo(Map.of("n", (double) Long.MAX_VALUE));
  }

  @Test
  void whetherAPipelineIsReadMayBeSaidAndIsWrittenWhereItIsNot() {
    var document = crossing();
    var spec = ok(PipelineDocument.read(document));
    body(document).put("state", "running");
    assertThat(PipelineDocument.read(document))
        .isEqualTo(new Parsed.Ok(spec, Optional.of(RunState.RUNNING)));
    assertThat(PipelineDocument.write(spec, RunState.RUNNING))
        .as("as nodes of release 0.1 know it")
        .isEqualTo(PipelineDocument.write(spec));
    assertThat(PipelineDocument.read(PipelineDocument.write(spec, RunState.PAUSED)))
        .isEqualTo(new Parsed.Ok(spec, Optional.of(RunState.PAUSED)));
    body(document).put("state", "asleep");
    assertThat(problems(PipelineDocument.read(document)))
        .singleElement()
        .satisfies(problem -> assertThat(problem.path()).isEqualTo("spec.state"));
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void readingGivesBackWhatWasWritten(@ForAll("specs") PipelineSpec spec) {
    assertThat(PipelineDocument.read(PipelineDocument.write(spec)))
        .isEqualTo(new Parsed.Ok(spec, Optional.empty()));
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void protobufGivesBackWhatWasWritten(@ForAll("specs") PipelineSpec spec) throws Exception {
    var bytes = PipelineDocument.toStruct(spec).toByteArray();

    assertThat(PipelineDocument.fromStruct(Struct.parseFrom(bytes)))
        .isEqualTo(new Parsed.Ok(spec, Optional.empty()));
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void anyTreeIsReadWithoutAnException(@ForAll("trees") Object tree) {
    var document = crossing();
    body(document).put("stages", list(tree, Trees.detect("params", tree, "after", tree)));
    body(document).put("sources", tree);
    body(document).put("policy", tree);

    assertThat(problems(PipelineDocument.read(document)))
        .allSatisfy(p -> assertThat(p.remedy()).isNotBlank());
    assertThat(problems(PipelineDocument.read(object("spec", tree, "kind", tree)))).isNotEmpty();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> body(Map<String, Object> document) {
    return (Map<String, Object>) document.get("spec");
  }

  @Provide
  Arbitrary<Object> trees() {
    return trees(2);
  }

  private static Arbitrary<Object> trees(int depth) {
    if (depth == 0) return scalars();
    var inner = trees(depth - 1);
    var keys =
        Arbitraries.oneOf(
            Arbitraries.strings().ofMaxLength(5),
            Arbitraries.of("name", "id", "type", "after", "uri", "knobs", "params"));
    return Arbitraries.oneOf(
        scalars(),
        inner.list().ofMaxSize(4).map(list -> (Object) list),
        Arbitraries.maps(keys, inner).ofMaxSize(4).map(map -> (Object) map));
  }

  private static Arbitrary<Object> scalars() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(10).map(v -> (Object) v),
        Arbitraries.integers().map(v -> (Object) v),
        Arbitraries.longs().map(v -> (Object) v),
        Arbitraries.doubles().map(v -> (Object) v),
        Arbitraries.of(true, false).map(v -> (Object) v));
  }

  @Provide
  Arbitrary<PipelineSpec> specs() {
    var names =
        Arbitraries.strings()
            .withCharRange('a', 'z')
            .withCharRange('0', '9')
            .ofMinLength(1)
            .ofMaxLength(63);
    var params = Arbitraries.maps(Arbitraries.strings().ofMaxLength(20), trees()).ofMaxSize(4);
    var numbers = Arbitraries.doubles().list().ofMinSize(1).ofMaxSize(4);
    var sources =
        Combinators.combine(
                names,
                names.map(n -> URI.create("http://" + n + "/%20?q=1#f")),
                names.optional(),
                Arbitraries.of(Shed.class).optional(),
                Arbitraries.maps(Arbitraries.strings().ofMaxLength(10), numbers).ofMaxSize(3))
            .as((n, u, node, shed, k) -> new SourceSpec(n, u, node, shed, new TreeMap<>(k)));
    var perBox =
        Combinators.combine(
                names,
                Arbitraries.strings().ofMinLength(1).ofMaxLength(10).set().ofMaxSize(3),
                Arbitraries.integers().between(0, 3_600_000),
                Arbitraries.integers().between(1, PerBox.MOST),
                Arbitraries.doubles().between(0, 1))
            .as(
                (of, labels, ms, most, margin) ->
                    new PerBox(of, labels, Duration.ofMillis(ms), most, margin));
    var stages =
        Combinators.combine(
                names,
                names,
                names.list().ofMaxSize(4),
                Arbitraries.maps(names, names).ofMaxSize(3),
                params,
                perBox.optional())
            .as(
                (id, type, after, inputs, p, box) ->
                    new StageSpec(id, type, after, new TreeMap<>(inputs), p, box));
    return Combinators.combine(
            names,
            sources.list().ofMinSize(1).ofMaxSize(4),
            stages.list().ofMinSize(1).ofMaxSize(4),
            Combinators.combine(names, params).as(PolicySpec::new),
            Combinators.combine(
                    Arbitraries.integers().between(1, 3_600_000),
                    Arbitraries.doubles().between(0, false, 100, false))
                .as((ms, p) -> new Objective(Duration.ofMillis(ms), p)),
            Combinators.combine(
                    Arbitraries.of(Offline.class),
                    Arbitraries.doubles().between(0, 1000),
                    Combinators.combine(
                            Arbitraries.oneOf(
                                    Arbitraries.longs().between(1, 3_153_600_000L),
                                    Arbitraries.longs().between(1, 36_500).map(d -> d * 86_400))
                                .map(Duration::ofSeconds)
                                .optional(),
                            Arbitraries.longs().between(1, 1_000_000_000_000L).optional())
                        .as(Retain::new))
                .as((offline, rate, retain) -> new Delivery(offline, rate, retain)))
        .as(PipelineSpec::new);
  }
}
