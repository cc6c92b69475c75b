package io.dayu.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import com.google.protobuf.ByteString;
import io.dayu.element.Box;
import io.dayu.element.Boxes;
import io.dayu.element.Element;
import io.dayu.element.Frame;
import io.dayu.element.Frames;
import io.dayu.element.Keypoint;
import io.dayu.element.Keypoints;
import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Outputs;
import io.dayu.element.Pose;
import io.dayu.element.Text;
import io.dayu.link.FlowKit;
import io.dayu.pipeline.PerBox;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.stage.Outcome;
import io.dayu.stage.Params;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import javax.imageio.ImageIO;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PerBoxStageTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final ActorTestKit kit = FlowKit.start();
  private final AtomicLong now = new AtomicLong();
  private final List<Element> asked = new CopyOnWriteArrayList<>();
  private final TestProbe<Outcome> answers = kit.createTestProbe();

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  /** The colour in the middle of the first frame, as the likeliest of two labels. */
  private static Outcome colour(Element element) throws IOException {
    var frame = element.getPayload().getFrames().getFrame(0);
    var image = ImageIO.read(new ByteArrayInputStream(frame.getJpeg().toByteArray()));
    var colour = new Color(image.getRGB(image.getWidth() / 2, image.getHeight() / 2));
    var name = colour.getRed() > 128 ? "red" : colour.getBlue() > 128 ? "blue" : "grey";
    return Stages.output(
        Media.newBuilder()
            .setLabels(
                Labels.newBuilder()
                    .addLabel(Label.newBuilder().setName("green").setValue(0.25))
                    .addLabel(Label.newBuilder().setName(name).setValue(0.75)))
            .build());
  }

  private ActorRef<StageCommand> colours(PerBox perBox) {
    return stage(
        perBox,
        MediaType.LABELS,
        1,
        Stages.sync(
            element -> {
              asked.add(element);
              return colour(element);
            }));
  }

  private ActorRef<StageCommand> stage(
      PerBox perBox, MediaType output, int parallelism, Behavior<StageCommand> behavior) {
    var descriptor =
        new StageDescriptor(
            "looker",
            "1",
            "",
            Set.of(MediaType.FRAMES),
            Set.of(),
            output,
            List.of(),
            parallelism,
            0);
    var provider =
        new StageProvider() {
          @Override
          public StageDescriptor descriptor() {
            return descriptor;
          }

          @Override
          public Behavior<StageCommand> create(StageContext context) {
            return behavior;
          }
        };
    var spec =
        new StageSpec(
            "look", "looker", List.of("detect"), new TreeMap<>(), Map.of(), Optional.of(perBox));
    var around = PerBoxStage.around(provider, spec, SOON, now::get);
    var params = Params.of(around.descriptor(), Map.of());
    return kit.spawn(around.create(new StageContext("p", "look", "edge-1", params)));
  }

  private static PerBox perBox(Set<String> labels, Duration reuse, int atMost) {
    return new PerBox("detect", labels, reuse, atMost, 0);
  }

  private static final PerBox ALL = perBox(Set.of(), Duration.ZERO, 16);
  private static final PerBox TWO_SECONDS = perBox(Set.of(), Duration.ofSeconds(2), 16);

  /** A grey frame with a red and a blue half of its lower part. */
  private static byte[] frame() {
    var image = new BufferedImage(200, 100, BufferedImage.TYPE_INT_RGB);
    var g = image.createGraphics();
    g.setColor(Color.GRAY.darker());
    g.fillRect(0, 0, 200, 100);
    g.setColor(Color.RED);
    g.fillRect(0, 50, 100, 50);
    g.setColor(Color.BLUE);
    g.fillRect(100, 50, 100, 50);
    g.dispose();
    var bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "jpeg", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static Element element(long seq, byte[] jpeg, Box... boxes) {
    return Element.newBuilder()
        .setStream("p/cam")
        .setSeq(seq)
        .setAttempt(1)
        .setPayload(
            Media.newBuilder()
                .setFrames(
                    Frames.newBuilder()
                        .setFps(10)
                        .addFrame(
                            Frame.newBuilder()
                                .setJpeg(ByteString.copyFrom(jpeg))
                                .setWidth(200)
                                .setHeight(100)
                                .setOffsetMs(seq * 100))))
        .addOutputs(
            Outputs.of(
                "detect",
                Media.newBuilder().setBoxes(Boxes.newBuilder().addAllBox(List.of(boxes))).build()))
        .build();
  }

  private static Box box(String label, long track, double x, double y, double w, double h) {
    return Box.newBuilder()
        .setLabel(label)
        .setTrack(track)
        .setX((float) x)
        .setY((float) y)
        .setWidth((float) w)
        .setHeight((float) h)
        .build();
  }

  private static final Box RED = box("car", 7, 0.05, 0.6, 0.2, 0.3);
  private static final Box BLUE = box("bus", 8, 0.6, 0.6, 0.1, 0.3);

  private Media outcome(ActorRef<StageCommand> stage, Element element) {
    stage.tell(new StageCommand.Process(element, answers.getRef()));
    var outcome = answers.receiveMessage(SOON);
    assertThat(outcome).isInstanceOf(Outcome.Output.class);
    return ((Outcome.Output) outcome).media();
  }

  private static List<String> words(Media media) {
    assertThat(media.hasAttributes()).isTrue();
    return media.getAttributes().getAttributeList().stream()
        .map(
            a ->
                "%s %s %s %s[%s] #%s"
                    .formatted(
                        a.getName(),
                        a.getValue(),
                        a.getScore(),
                        a.getOf(),
                        a.getBox(),
                        a.getTrack()))
        .toList();
  }

  @Test
  void eachBoxIsAskedWithWhatIsInItAndTheAnswersBecomeAttributes() {
    var stage = colours(ALL);

    var media = outcome(stage, element(3, frame(), BLUE, RED));

    assertThat(words(media))
        .containsExactly("look blue 0.75 detect[0] #8", "look red 0.75 detect[1] #7");
    var question = asked.get(0); // the larger box first
    assertThat(question.getPart()).isEqualTo(2);
    assertThat(question.getSeq()).isEqualTo(3);
    var crop = question.getPayload().getFrames().getFrame(0);
    assertThat(crop.getWidth()).isBetween(40, 41);
    assertThat(crop.getHeight()).isBetween(30, 31);
    assertThat(crop.getOffsetMs()).isEqualTo(300);
    assertThat(Outputs.get(question, "detect").getBoxes().getBoxList()).containsExactly(RED);
  }

  @Test
  void withoutBoxesNothingIsAskedAndTheOutputIsEmpty() {
    assertThat(words(outcome(colours(ALL), element(0, frame())))).isEmpty();
    assertThat(asked).isEmpty();
  }

  @Test
  void onlyBoxesWithTheLabelsAreAskedAndTheLargestFirst() {
    var other = box("car", 9, 0.6, 0.6, 0.3, 0.3);
    var stage = colours(perBox(Set.of("car"), Duration.ZERO, 1));
    assertThat(words(outcome(stage, element(0, frame(), RED, BLUE, other))))
        .containsExactly("look blue 0.75 detect[2] #9");
  }

  @Test
  void aTrackThatWasAnsweredForIsAskedAgainOnlyWhenTheAnswerIsOld() {
    var stage = colours(TWO_SECONDS);
    outcome(stage, element(0, frame(), RED));
    now.set(Duration.ofMillis(1_999).toNanos());
    // The box has moved to the blue half, and the answer is the one of before.
    var moved = RED.toBuilder().setX(0.7f).build();
    assertThat(words(outcome(stage, element(1, frame(), moved, BLUE))))
        .containsExactly("look red 0.75 detect[0] #7", "look blue 0.75 detect[1] #8");
    assertThat(asked).hasSize(2);
    now.set(Duration.ofSeconds(2).toNanos());
    assertThat(words(outcome(stage, element(2, frame(), moved))))
        .containsExactly("look blue 0.75 detect[0] #7");
    assertThat(asked).hasSize(3);
  }

  @Test
  void boxesWithoutATrackAndThoseOfAnotherStreamAreAskedAnew() {
    var stage = colours(TWO_SECONDS);
    outcome(stage, element(0, frame(), RED, RED.toBuilder().clearTrack().build()));
    outcome(stage, element(1, frame(), RED, RED.toBuilder().clearTrack().build()));
    assertThat(asked).hasSize(3);
    outcome(stage, element(1, frame(), RED).toBuilder().setStream("p/other").build());
    assertThat(asked).hasSize(4);
  }

  @Test
  void aTrackIsAskedOnceInAClip() {
    var clip = element(0, frame(), RED, RED.toBuilder().setFrame(1).setWidth(0.25f).build());
    var frames = clip.getPayload().getFrames();
    clip =
        clip.toBuilder()
            .setPayload(
                Media.newBuilder().setFrames(frames.toBuilder().addFrame(frames.getFrame(0))))
            .build();
    assertThat(words(outcome(colours(TWO_SECONDS), clip)))
        .containsExactly("look red 0.75 detect[0] #7", "look red 0.75 detect[1] #7");
    assertThat(asked).hasSize(1);
  }

  @Test
  void whereTheStageHasNothingToSayThereIsNoAttributeAndItIsNotAskedAgain() {
    var stage =
        stage(
            TWO_SECONDS,
            MediaType.TEXT,
            1,
            Stages.sync(
                element -> {
                  asked.add(element);
                  return new Outcome.Skip("no text");
                }));
    assertThat(words(outcome(stage, element(0, frame(), RED)))).isEmpty();
    assertThat(words(outcome(stage, element(1, frame(), RED)))).isEmpty();
    assertThat(asked).hasSize(1);
  }

  @Test
  void linesOfTextAreOneAttribute() {
    var lines =
        Media.newBuilder().setText(Text.newBuilder().addLine("M AB").addLine("123")).build();
    var stage = stage(ALL, MediaType.TEXT, 1, Stages.sync(element -> Stages.output(lines)));
    assertThat(words(outcome(stage, element(0, frame(), RED))))
        .containsExactly("look M AB 123 0.0 detect[0] #7");
  }

  @Test
  void placesInABoxBecomePlacesInTheFrame() {
    var pose =
        Media.newBuilder()
            .setKeypoints(
                Keypoints.newBuilder()
                    .addPose(
                        Pose.newBuilder()
                            .addPoint(Keypoint.newBuilder().setName("nose").setX(0.5f).setY(1))))
            .build();
    var stage = stage(ALL, MediaType.KEYPOINTS, 1, Stages.sync(element -> Stages.output(pose)));
    var found = outcome(stage, element(0, frame(), RED)).getKeypoints().getPose(0);
    assertThat(found.getTrack()).isEqualTo(7);
    assertThat(found.getPoint(0).getX()).isCloseTo(0.15f, offset(0.001f));
    assertThat(found.getPoint(0).getY()).isCloseTo(0.9f, offset(0.001f));
  }

  @Test
  void aMarginIsGivenWithTheBoxAsFarAsTheFrameHasIt() {
    var nose =
        Media.newBuilder()
            .setKeypoints(
                Keypoints.newBuilder()
                    .addPose(
                        Pose.newBuilder().addPoint(Keypoint.newBuilder().setX(0.5f).setY(0.5f))))
            .build();
    var stage =
        stage(
            new PerBox("detect", Set.of(), Duration.ZERO, 16, 0.5),
            MediaType.KEYPOINTS,
            1,
            Stages.sync(
                element -> {
                  asked.add(element);
                  return Stages.output(nose);
                }));
    // 40 x 30 pixels at 10, 60 of 200 x 100; 20 more on each side end at the left and below.
    var found = outcome(stage, element(0, frame(), RED)).getKeypoints().getPose(0);
    var crop = asked.get(0).getPayload().getFrames().getFrame(0);
    assertThat(crop.getWidth()).isBetween(70, 71);
    assertThat(crop.getHeight()).isBetween(60, 61);
    assertThat(found.getPoint(0).getX()).isCloseTo(35f / 200, offset(0.001f));
    assertThat(found.getPoint(0).getY()).isCloseTo(0.7f, offset(0.001f));
  }

  @Test
  void aBoxOutsideOfTheFrameIsNotAsked() {
    var nan = RED.toBuilder().setX(Float.NaN).build();
    var outside = box("car", 1, 1.2, 0, 0.5, 0.5);
    var half = box("car", 2, -0.2, 0.6, 0.4, 0.8);
    assertThat(words(outcome(colours(ALL), element(0, frame(), nan, outside, half))))
        .containsExactly("look red 0.75 detect[2] #2");
  }

  @Test
  void aBoxThatFailsFailsTheElementAndTheNextTryAsksOnlyForIt() {
    var stage =
        stage(
            TWO_SECONDS,
            MediaType.LABELS,
            1,
            Stages.sync(
                element -> {
                  asked.add(element);
                  if (asked.size() == 2) return new Outcome.Failed("busy", true);
                  return colour(element);
                }));
    var element = element(0, frame(), RED, BLUE);
    stage.tell(new StageCommand.Process(element, answers.getRef()));
    assertThat(answers.receiveMessage(SOON)).isEqualTo(new Outcome.Failed("busy", true));
    assertThat(words(outcome(stage, element))).hasSize(2);
    assertThat(asked).hasSize(3);
  }

  @Test
  void aFrameThatIsNoneFailsForGood() {
    var stage = colours(ALL);
    for (var jpeg : List.of(new byte[] {1, 2, 3}, new byte[0], Arrays.copyOf(frame(), 100))) {
      stage.tell(new StageCommand.Process(element(0, jpeg, RED), answers.getRef()));
      var failed = (Outcome.Failed) answers.receiveMessage(SOON);
      assertThat(failed.reason()).contains("a frame cannot be read");
      assertThat(failed.retryable()).isFalse();
    }
    assertThat(words(outcome(stage, element(1, frame(), RED)))).hasSize(1);
  }

  @Test
  void anOutputOfAnotherTypeThanDescribedFailsForGood() {
    var stage = stage(ALL, MediaType.TEXT, 1, Stages.sync(PerBoxStageTest::colour));
    stage.tell(new StageCommand.Process(element(0, frame(), RED), answers.getRef()));
    assertThat(((Outcome.Failed) answers.receiveMessage(SOON)).reason()).contains("gave labels");
  }

  @Test
  void noMoreBoxesAreAskedAtOnceThanTheStageTakes() {
    var open = new CopyOnWriteArrayList<CompletableFuture<Outcome>>();
    var seen = kit.<Long>createTestProbe();
    var stage =
        stage(
            ALL,
            MediaType.LABELS,
            2,
            Stages.async(
                element -> {
                  var answer = new CompletableFuture<Outcome>();
                  open.add(answer);
                  seen.getRef().tell((long) element.getPart());
                  return answer;
                }));
    var element = element(0, frame(), RED, BLUE, box("van", 9, 0.8, 0.6, 0.05, 0.3));
    stage.tell(new StageCommand.Process(element, answers.getRef()));
    seen.receiveMessage(SOON);
    seen.receiveMessage(SOON);
    seen.expectNoMessage(Duration.ofMillis(100));
    open.get(0).complete(new Outcome.Skip(""));
    seen.receiveMessage(SOON);
    open.get(1).complete(new Outcome.Skip(""));
    open.get(2).complete(new Outcome.Skip(""));
    assertThat(answers.receiveMessage(SOON)).isInstanceOf(Outcome.Output.class);
  }

  @Test
  void itCrashesWithTheStage() {
    var stage =
        stage(
            ALL,
            MediaType.LABELS,
            1,
            Stages.sync(
                element -> {
                  throw new NoClassDefFoundError("of a library");
                }));
    var crashing =
        stage(
            ALL,
            MediaType.LABELS,
            1,
            Behaviors.receiveMessage(
                message -> {
                  throw new LinkageError("of a library");
                }));
    stage.tell(new StageCommand.Process(element(0, frame(), RED), answers.getRef()));
    assertThat(answers.receiveMessage(SOON)).isInstanceOf(Outcome.Failed.class);
    crashing.tell(new StageCommand.Process(element(0, frame(), RED), answers.getRef()));
    answers.expectTerminated(crashing, SOON);
    // The node goes on.
    assertThat(words(outcome(colours(ALL), element(0, frame(), RED)))).hasSize(1);
  }
}
