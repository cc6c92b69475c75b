package io.dayu.catalog;

import com.google.protobuf.ByteString;
import io.dayu.element.Element;
import io.dayu.element.Frame;
import io.dayu.element.Frames;
import io.dayu.element.Media;
import io.dayu.stage.Outcome;
import io.dayu.stage.Params;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;

/** One stage instance on an actor of its own, asked one element after the other. */
public final class StageRun implements AutoCloseable {
  private final ActorTestKit kit = ActorTestKit.create();
  private final TestProbe<Outcome> answers = kit.createTestProbe(Outcome.class);
  private final ActorRef<StageCommand> stage;

  public StageRun(StageProvider provider, Map<String, Object> params) {
    stage =
        kit.spawn(
            provider.create(
                new StageContext(
                    "pipeline", "stage", "node", Params.of(provider.descriptor(), params))));
  }

  public Outcome ask(Element element) {
    stage.tell(new StageCommand.Process(element, answers.getRef()));
    return answers.receiveMessage(Duration.ofSeconds(60));
  }

  /** The output for an element; anything else fails the test. */
  public Media output(Element element) {
    var outcome = ask(element);
    if (outcome instanceof Outcome.Output output) return output.media();
    throw new AssertionError("no output but " + outcome);
  }

  /** Returns when the instance has released what it held. */
  @Override
  public void close() {
    answers.expectTerminated(stop(), Duration.ofSeconds(10));
    kit.shutdownTestKit();
  }

  private ActorRef<StageCommand> stop() {
    kit.stop(stage);
    return stage;
  }

  public static Element element(long seq, Media payload) {
    return Element.newBuilder()
        .setStream("pipeline/source")
        .setSeq(seq)
        .setAttempt(1)
        .setPayload(payload)
        .build();
  }

  public static Element after(long seq, String stage, Media output) {
    return Element.newBuilder()
        .setStream("pipeline/source")
        .setSeq(seq)
        .setAttempt(1)
        .putOutputs(stage, output)
        .build();
  }

  public static Media frames(ByteString... jpegs) {
    return Media.newBuilder()
        .setFrames(
            Frames.newBuilder()
                .addAllFrame(
                    Stream.of(jpegs).map(j -> Frame.newBuilder().setJpeg(j).build()).toList()))
        .build();
  }

  /** A file that the build fetched, see models/README.md. */
  public static Path media(String name) {
    return Path.of("target", "test-media", name);
  }

  public static ByteString jpeg(String name) throws IOException {
    return ByteString.copyFrom(Files.readAllBytes(media(name)));
  }
}
