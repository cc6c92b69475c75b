package io.dayu.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Outputs;
import io.dayu.element.Text;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.stage.Inputs;
import io.dayu.stage.NamedInput;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.pekko.actor.typed.Behavior;
import org.junit.jupiter.api.Test;

/** Stages that read earlier outputs by names of their own. */
class NamedInputsTest {
  private static final Catalog CATALOG =
      new Catalog(
          List.of(
              type("detection", Set.of(MediaType.FRAMES), List.of(), MediaType.BOXES),
              type("weather", Set.of(MediaType.FRAMES), List.of(), MediaType.LABELS),
              type(
                  "risk",
                  Set.of(),
                  List.of(
                      NamedInput.required("vehicles", MediaType.BOXES),
                      NamedInput.required("lights", MediaType.BOXES, MediaType.LABELS),
                      NamedInput.optional("weather", MediaType.LABELS)),
                  MediaType.LABELS),
              type(
                  "notes",
                  Set.of(),
                  List.of(NamedInput.optional("about", MediaType.LABELS)),
                  MediaType.TEXT)),
          List.of(),
          List.of("least-loaded"));

  private record Type(StageDescriptor descriptor) implements StageProvider {
    @Override
    public Behavior<StageCommand> create(StageContext context) {
      return Stages.sync(element -> Stages.output(element.getPayload()));
    }
  }

  private static StageProvider type(
      String name, Set<MediaType> payload, List<NamedInput> inputs, MediaType output) {
    return new Type(
        new StageDescriptor(name, "1", "", payload, Set.of(), inputs, output, List.of(), 1, 0));
  }

  private static Map<String, Object> stage(
      String id, String type, List<String> after, Map<String, ?> inputs) {
    var stage = new LinkedHashMap<String, Object>(Map.of("id", id, "type", type, "after", after));
    if (!inputs.isEmpty()) stage.put("inputs", inputs);
    return stage;
  }

  /** Problems of the stages only: there is no source. */
  @SafeVarargs
  private static List<String> problems(Map<String, Object>... last) {
    var stages = new ArrayList<Map<String, Object>>();
    stages.add(stage("cars", "detection", List.of(), Map.of()));
    stages.add(stage("signals", "detection", List.of(), Map.of()));
    stages.add(stage("sky", "weather", List.of(), Map.of()));
    for (var stage : last) stages.add(stage);
    var document =
        Map.of(
            "apiVersion",
            "dayu.io/v1alpha1",
            "kind",
            "Pipeline",
            "metadata",
            Map.of("name", "crossing"),
            "spec",
            Map.of("stages", stages));
    return ((Parsed.Bad) PipelineVerifier.check(document, CATALOG))
        .problems().stream()
            .filter(p -> p.path().startsWith("spec.stages[3]"))
            .map(p -> p.path().substring("spec.stages[3]".length()) + ": " + p.message())
            .toList();
  }

  private static List<String> risk(Map<String, ?> inputs, String... after) {
    return problems(stage("risk", "risk", List.of(after), inputs));
  }

  @Test
  void inputsOfTheRightTypesAreTaken() {
    assertThat(risk(Map.of("vehicles", "cars", "lights", "sky"))).isEmpty();
    assertThat(risk(Map.of("vehicles", "cars", "lights", "signals", "weather", "sky"), "cars"))
        .isEmpty();
    assertThat(risk(Map.of("vehicles", "cars", "lights", "cars")))
        .as("one stage may give two inputs")
        .isEmpty();
    assertThat(risk(Map.of("vehicles", "cars", "lights", "cars"), "sky"))
        .as("it may come after a stage that it does not read")
        .isEmpty();
  }

  @Test
  void everythingThatIsWrongWithThemIsToldAtOnce() {
    assertThat(risk(Map.of("lights", "signal", "weather", "cars", "cars", "cars", "risk", "risk")))
        .containsExactlyInAnyOrder(
            ".inputs.lights: there is no stage \"signal\"",
            ".inputs.risk: stage \"risk\" comes after itself",
            ".inputs.cars: risk has no input \"cars\"",
            ".inputs.risk: risk has no input \"risk\"",
            ".inputs.vehicles: is missing; risk cannot do without it",
            ".inputs.weather: risk reads labels here but detection gives boxes");
    assertThat(risk(Map.of(), "cars", "signals"))
        .containsExactly(
            ".inputs.vehicles: is missing; risk cannot do without it",
            ".inputs.lights: is missing; risk cannot do without it");
    assertThat(problems(stage("notes", "notes", List.of("sky"), Map.of())))
        .containsExactly(".inputs: notes reads only the outputs of other stages but is given none");
    assertThat(problems(stage("sky2", "weather", List.of(), Map.of("a", "sky"))))
        .containsExactly(".inputs: weather has no inputs with names");
  }

  @Test
  void whatIsNoMappingIsTold() {
    var list = new LinkedHashMap<>(stage("risk", "risk", List.of(), Map.of()));
    list.put("inputs", List.of("cars", "signals"));
    assertThat(problems(list)).containsExactly(".inputs: must be an object but is a list");
    assertThat(risk(Map.of("vehicles", 3, "lights", "sky")))
        .containsExactly(".inputs.vehicles: must be a string but is 3");
  }

  @Test
  void theyCountInCycles() {
    assertThat(
            problems(
                stage("risk", "risk", List.of(), Map.of("vehicles", "cars", "lights", "again")),
                stage("again", "risk", List.of(), Map.of("vehicles", "cars", "lights", "risk"))))
        .containsExactly(".inputs.lights: these stages wait for each other: risk → again → risk");
  }

  @Test
  void aStageComesAfterThoseThatGiveItsInputs() {
    var stage =
        new StageSpec(
            "risk",
            "risk",
            List.of("sky"),
            new TreeMap<>(Map.of("vehicles", "cars", "lights", "sky")),
            Map.of(),
            Optional.empty());
    assertThat(stage.after()).containsExactly("sky", "cars");
    assertThat(stage)
        .isNotEqualTo(
            new StageSpec(
                "risk",
                "risk",
                stage.after(),
                new TreeMap<>(Map.of("vehicles", "sky", "lights", "cars")),
                Map.of(),
                Optional.empty()));
  }

  @Test
  void aStageReadsThemByItsOwnNames() {
    var inputs = Inputs.of(Map.of("vehicles", "cars", "again", "cars"));
    var element =
        Element.newBuilder()
            .setSeq(7)
            .addOutputs(Outputs.of("vehicles", text("of a stage of that name")))
            .addOutputs(Outputs.of("cars", text("two")))
            .build();
    assertThat(inputs.get(element, "vehicles")).isEqualTo(text("two"));
    assertThat(inputs.find(element, "weather")).isEmpty();
    assertThat(inputs.isGiven("weather")).isFalse();
    assertThatThrownBy(() -> inputs.get(element, "weather"))
        .isInstanceOf(NoSuchElementException.class)
        .hasMessageContaining("no stage for the input weather");
    assertThat(inputs.named(element))
        .isEqualTo(
            Element.newBuilder()
                .setSeq(7)
                .addOutputs(Outputs.of("again", text("two")))
                .addOutputs(Outputs.of("vehicles", text("two")))
                .build());
  }

  @Test
  void aTypeWithTwoInputsOfOneNameIsNone() {
    assertThatThrownBy(
            () ->
                type(
                    "twice",
                    Set.of(),
                    List.of(
                        NamedInput.required("a", MediaType.TEXT),
                        NamedInput.optional("a", MediaType.TEXT)),
                    MediaType.TEXT))
        .hasMessage("twice has two inputs named a");
    assertThatThrownBy(() -> NamedInput.required("a b", MediaType.TEXT))
        .hasMessageContaining("no name of an input");
  }

  private static Media text(String line) {
    return Media.newBuilder().setText(Text.newBuilder().addLine(line)).build();
  }
}
