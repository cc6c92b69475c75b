package io.dayu.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.dayu.element.Element;
import io.dayu.element.MediaType;
import io.dayu.element.Outputs;
import io.dayu.stage.testkit.Elements;
import io.dayu.stage.testkit.StageTestKit;
import java.awt.image.BufferedImage;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.Test;

class StageTestKitTest {
  private static final Duration SHORT = Duration.ofMillis(100);
  private static final Element READINGS = Elements.readings("t", 1, 2);

  @Test
  void givesTheStagesAnswer() {
    try (var kit = StageTestKit.start(average(c -> Stages.sync(StageTestKitTest::skip)))) {
      assertThat(kit.process(READINGS)).isEqualTo(new Outcome.Skip("2 readings"));
    }
  }

  @Test
  void fillsInDefaultsAndTellsTheStageItsParameters() {
    var provider =
        average(
            c ->
                Stages.sync(
                    e -> new Outcome.Skip(c.params().integer("window") + c.params().string("u"))));
    try (var kit = StageTestKit.start(provider, Map.of("u", "°C"))) {
      assertThat(kit.process(READINGS)).isEqualTo(new Outcome.Skip("10°C"));
    }
  }

  @Test
  void givesTheStageItsSideInputs() {
    var provider =
        average(
            c -> Stages.sync(e -> new Outcome.Skip(c.side().get(e, "limits").value().toString())));
    var limits = new SideInput("", ByteString.EMPTY, Map.of("most", 3));
    try (var kit =
        StageTestKit.start(provider, Map.of(), ModelFiles.NONE, Map.of("limits", limits))) {
      assertThat(kit.process(READINGS)).isEqualTo(new Outcome.Skip("{most=3}"));
    }
  }

  @Test
  void changesParametersThatTheStageReadsForEachElementAndNoOthers() {
    var provider =
        average(
            c ->
                Stages.sync(
                    e ->
                        new Outcome.Skip(c.params(e).integer("window") + c.params(e).string("u"))));
    try (var kit = StageTestKit.start(provider, Map.of("u", "°C"))) {
      assertThat(kit.process(READINGS)).isEqualTo(new Outcome.Skip("10°C"));
      kit.change(Map.of("u", "K"));
      assertThat(kit.process(READINGS)).isEqualTo(new Outcome.Skip("10K"));
      assertThatThrownBy(() -> kit.change(Map.of("u", "K", "window", 11)))
          .isInstanceOf(AssertionError.class)
          .hasMessage("stage average reads its parameter window only when it starts");
      assertThatThrownBy(() -> kit.change(Map.of("u", 7)))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("params.u: must be a string but is 7");
      assertThat(kit.process(READINGS)).isEqualTo(new Outcome.Skip("10K"));
    }
  }

  @Test
  void refusesParametersThatAPipelineWouldRefuse() {
    assertThatThrownBy(
            () -> StageTestKit.start(average(c -> Behaviors.empty()), Map.of("windw", 1, "u", 2)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("params.windw: average has no parameter \"windw\"")
        .hasMessageContaining("did you mean \"window\"?")
        .hasMessageContaining("params.u: must be a string but is 2");
  }

  @Test
  void refusesAnElementThatAPipelineWouldNotGive() {
    try (var kit = StageTestKit.start(average(c -> Stages.sync(StageTestKitTest::skip)))) {
      assertThatThrownBy(() -> kit.process(Elements.text("a")))
          .isInstanceOf(AssertionError.class)
          .hasMessage("stage average reads a payload of type readings but the element has text");
    }
    try (var kit = StageTestKit.start(count(c -> Behaviors.empty()))) {
      assertThatThrownBy(() -> kit.process(Elements.of(Elements.labels(Map.of("a", 1.0)), "s")))
          .isInstanceOf(AssertionError.class)
          .hasMessage("stage count reads outputs of type boxes but the element has only labels");
    }
  }

  @Test
  void takesThePayloadAwayFromAStageThatDoesNotReadIt() {
    var seen = new CompletableFuture<Element>();
    var provider =
        count(
            c ->
                Stages.sync(
                    e -> {
                      seen.complete(e);
                      return Stages.output(Elements.labels(Map.of("person", 1.0)));
                    }));
    try (var kit = StageTestKit.start(provider)) {
      var boxes = Elements.boxes(Elements.box("person", 0.9, 0, 0, 0.5, 0.5));

      assertThat(kit.output(Elements.with(READINGS, "detect", boxes)).getLabels().getLabel(0))
          .satisfies(label -> assertThat(label.getName()).isEqualTo("person"));
      assertThat(seen.join().hasPayload()).isFalse();
      assertThat(Outputs.get(seen.join(), "detect")).isEqualTo(boxes);
    }
  }

  @Test
  void tellsThatAnOutputIsNotOfTheDeclaredType() {
    try (var kit =
        StageTestKit.start(average(c -> Stages.sync(e -> Stages.output(e.getPayload()))))) {
      assertThatThrownBy(() -> kit.process(READINGS))
          .isInstanceOf(AssertionError.class)
          .hasMessage("stage average declares an output of type labels but gave readings");
    }
  }

  @Test
  void tellsWhatCameInsteadOfAnOutput() {
    try (var kit = StageTestKit.start(average(c -> Stages.sync(StageTestKitTest::skip)))) {
      assertThatThrownBy(() -> kit.output(READINGS))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("Skip[reason=2 readings]");
    }
  }

  @Test
  void tellsThatNoAnswerCameInTime() {
    try (var kit = StageTestKit.start(average(c -> Stages.async(e -> new CompletableFuture<>())))) {
      assertThatThrownBy(() -> kit.process(READINGS, SHORT))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("no answer within PT0.1S");
    }
  }

  @Test
  void tellsTheCauseOfACrashAtOnce() {
    var failing =
        average(
            c ->
                Behaviors.receiveMessage(
                    m -> {
                      throw new IllegalStateException("model is broken");
                    }));
    try (var kit = StageTestKit.start(failing)) {
      assertThatThrownBy(() -> kit.process(READINGS))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("model is broken")
          .hasCauseInstanceOf(IllegalStateException.class);
    }
    var unstartable =
        average(
            c -> {
              throw new IllegalStateException("no model");
            });
    try (var kit = StageTestKit.start(unstartable)) {
      assertThatThrownBy(() -> kit.process(READINGS))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("no model");
    }
    try (var kit = StageTestKit.start(average(c -> Behaviors.stopped()))) {
      assertThatThrownBy(() -> kit.process(READINGS))
          .isInstanceOf(AssertionError.class)
          .hasMessage("stage average stopped itself");
    }
  }

  @Test
  void answersSeveralElementsInAnyOrder() {
    var first = new CompletableFuture<Outcome>();
    var provider =
        average(
            c ->
                Stages.async(
                    e ->
                        e.getSeq() == 0
                            ? first
                            : CompletableFuture.completedFuture(new Outcome.Skip("second"))));
    try (var kit = StageTestKit.start(provider)) {
      var slow = kit.begin(READINGS, StageTestKit.LIMIT).toCompletableFuture();

      assertThat(kit.process(READINGS.toBuilder().setSeq(1).build()))
          .isEqualTo(new Outcome.Skip("second"));
      assertThat(slow).isNotDone();
      first.complete(new Outcome.Skip("first"));
      assertThat(slow.join()).isEqualTo(new Outcome.Skip("first"));
    }
  }

  @Test
  void encodesPicturesAsFrames() {
    var picture = new BufferedImage(32, 16, BufferedImage.TYPE_INT_RGB);

    var frames = Elements.frames(picture, picture).getPayload().getFrames();

    assertThat(frames.getFrameCount()).isEqualTo(2);
    assertThat(frames.getFrame(1).getWidth()).isEqualTo(32);
    assertThat(frames.getFrame(1).getHeight()).isEqualTo(16);
    assertThat(frames.getFrame(1).getOffsetMs()).isEqualTo(100);
    assertThat(Elements.jpegs(frames.getFrame(0).getJpeg().toByteArray()).getPayload().getFrames())
        .satisfies(again -> assertThat(again.getFrame(0)).isEqualTo(frames.getFrame(0)));
  }

  @Test
  void aNamedInputComesFromAStageOfItsName() {
    var risk =
        new Provider(
            new StageDescriptor(
                "risk",
                "1",
                "",
                Set.of(),
                Set.of(),
                List.of(
                    NamedInput.required("vehicles", MediaType.BOXES),
                    NamedInput.optional("weather", MediaType.LABELS)),
                MediaType.LABELS,
                List.of(),
                1,
                0),
            context ->
                Stages.sync(
                    element -> {
                      var boxes = context.inputs().get(element, "vehicles").getBoxes();
                      return Stages.output(
                          context
                              .inputs()
                              .find(element, "weather")
                              .orElse(Elements.labels(Map.of("n", (double) boxes.getBoxCount()))));
                    }));
    var boxes = Elements.boxes(Elements.box("car", 0.9, 0.1, 0.1, 0.2, 0.4));
    var rain = Elements.labels(Map.of("rain", 1.0));
    try (var kit = StageTestKit.start(risk)) {
      var element = Elements.of(boxes, "vehicles");
      assertThat(kit.output(element)).isEqualTo(Elements.labels(Map.of("n", 1.0)));
      assertThat(kit.output(Elements.with(element, "weather", rain))).isEqualTo(rain);
      assertThatThrownBy(() -> kit.output(Elements.of(boxes, "detect")))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("reads boxes as vehicles but the element has none");
      assertThatThrownBy(() -> kit.output(Elements.of(rain, "vehicles")))
          .hasMessageContaining("reads boxes as vehicles but the element has labels");
    }
  }

  private static Outcome skip(Element element) {
    return new Outcome.Skip(element.getPayload().getReadings().getReadingCount() + " readings");
  }

  private static StageProvider average(Function<StageContext, Behavior<StageCommand>> create) {
    return new Provider(
        new StageDescriptor(
            "average",
            "1",
            "",
            Set.of(MediaType.READINGS),
            Set.of(),
            MediaType.LABELS,
            List.of(
                Parameter.optional("window", Parameter.Type.NUMBER, 10, "readings"),
                Parameter.optional("u", Parameter.Type.STRING, "unit").perElement()),
            4,
            0),
        create);
  }

  private static StageProvider count(Function<StageContext, Behavior<StageCommand>> create) {
    return new Provider(
        new StageDescriptor(
            "count", "1", "", Set.of(), Set.of(MediaType.BOXES), MediaType.LABELS, List.of(), 1, 0),
        create);
  }

  private record Provider(
      StageDescriptor descriptor, Function<StageContext, Behavior<StageCommand>> factory)
      implements StageProvider {
    @Override
    public Behavior<StageCommand> create(StageContext context) {
      return factory.apply(context);
    }
  }
}
