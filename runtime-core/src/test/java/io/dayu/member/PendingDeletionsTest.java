package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.DroppedPipeline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything runs in the test's own thread. */
final class PendingDeletionsTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  /** What was asked of an entity, and its answer to come. */
  private record Asked(String pipeline, long upTo, CompletableFuture<String> answer) {}

  @TempDir private Path dataDir;
  private final Deque<Asked> asked = new ArrayDeque<>();
  private ActorTestKit kit;
  private ManualTime time;
  private TestProbe<Gossip.Command> gossip;
  private TestProbe<PendingDeletions.Answer> user;

  @BeforeEach
  void start() {
    kit = ActorTestKit.create(ManualTime.config());
    time = ManualTime.get(kit.system());
    gossip = kit.createTestProbe();
    user = kit.createTestProbe();
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private ActorRef<PendingDeletions.Command> node() {
    return kit.spawn(
        PendingDeletions.create(
            dataDir,
            gossip.getRef(),
            (pipeline, upTo) -> {
              var answer = new CompletableFuture<String>();
              asked.add(new Asked(pipeline, upTo, answer));
              return answer;
            }),
        DispatcherSelector.fromConfig("pekko.test.calling-thread-dispatcher"));
  }

  private PendingDeletions.Answer accept(
      ActorRef<PendingDeletions.Command> node, String name, long version) {
    node.tell(new PendingDeletions.Accept(name, version, user.getRef()));
    return user.receiveMessage(SOON);
  }

  private void assertTold(String name, long version) {
    assertThat(gossip.receiveMessage(SOON))
        .isEqualTo(new Gossip.PublishPipeline(new DroppedPipeline(name, version)));
  }

  private Asked nextAsked() {
    return asked.remove();
  }

  private void notAnswered(Asked question) {
    question.answer().completeExceptionally(new TimeoutException("the store is away"));
  }

  @Test
  void whatIsAcceptedStopsAtOnceAndItsEntityIsAskedUntilItAnswers() throws IOException {
    var node = node();
    assertThat(accept(node, "crossing", 4)).isEqualTo(PendingDeletions.Answer.ACCEPTED);
    assertTold("crossing", 5);
    assertThat(Files.readString(dataDir.resolve("deletions"))).isEqualTo("4 crossing\n");

    for (int i = 0; i < 3; i++) {
      notAnswered(nextAsked());
      assertTold("crossing", 5);
      assertThat(asked).isEmpty();
      time.timePasses(PendingDeletions.AGAIN_AFTER);
    }
    var last = nextAsked();
    assertThat(last.upTo()).isEqualTo(4);
    last.answer().complete("deleted");
    assertThat(dataDir.resolve("deletions")).isEmptyFile();
    time.timePasses(SOON);
    assertThat(asked).isEmpty();
  }

  @Test
  void whatIsAcceptedSurvivesTheEndOfTheNode() {
    var first = node();
    accept(first, "crossing", 4);
    accept(first, "park", 1);
    assertTold("crossing", 5);
    assertTold("park", 2);
    kit.stop(first);
    asked.clear();

    node();
    var crossing = nextAsked();
    var park = nextAsked();
    assertThat(crossing.pipeline() + crossing.upTo() + park.pipeline() + park.upTo())
        .isEqualTo("crossing4park1");
    gossip.expectNoMessage(Duration.ZERO);
    notAnswered(crossing);
    assertTold("crossing", 5);
    park.answer().complete("absent");
    assertThat(dataDir.resolve("deletions")).hasContent("4 crossing");
  }

  @Test
  void aDeletionThatTheDiskDoesNotTakeIsRefusedAndChangesNothing() throws IOException {
    var node = node();
    Files.createDirectory(dataDir.resolve("deletions.tmp"));
    assertThat(accept(node, "crossing", 4)).isEqualTo(PendingDeletions.Answer.REFUSED);
    gossip.expectNoMessage(Duration.ZERO);
    assertThat(asked).isEmpty();
  }

  @Test
  void aPipelineThatIsSubmittedAndDeletedAgainMeanwhileIsDeletedToo() {
    var node = node();
    accept(node, "crossing", 4);
    accept(node, "crossing", 6);
    assertTold("crossing", 5);
    assertTold("crossing", 7);
    nextAsked().answer().complete("absent, as there is a newer one");
    assertThat(nextAsked().upTo()).isEqualTo(6);
    assertThat(dataDir.resolve("deletions")).hasContent("6 crossing");
  }

  @Test
  void aLineThatIsNoDeletionIsLeftOut() throws IOException {
    Files.writeString(dataDir.resolve("deletions"), "4 crossing\nfive park\n");
    node();
    assertThat(nextAsked().pipeline()).isEqualTo("crossing");
    assertThat(asked).isEmpty();
  }
}
