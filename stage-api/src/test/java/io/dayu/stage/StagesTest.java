package io.dayu.stage;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.Text;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class StagesTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final Element ELEMENT =
      Element.newBuilder()
          .setSeq(7)
          .setPayload(Media.newBuilder().setText(Text.newBuilder().addLine("a")))
          .build();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void syncAnswersWithWhatTheFunctionGives() {
    assertThat(answer(Stages.sync(e -> Stages.output(e.getPayload()))))
        .isEqualTo(new Outcome.Output(ELEMENT.getPayload()));
  }

  @Test
  void anExceptionFailsTheElementAndTheNextOneIsWorkedOn() {
    var calls = new AtomicInteger();
    var stage =
        KIT.spawn(
            Stages.sync(
                e -> {
                  if (calls.incrementAndGet() == 1) throw new IOException("disk");
                  return new Outcome.Skip("second");
                }));
    var probe = KIT.createTestProbe(Outcome.class);

    stage.tell(new StageCommand.Process(ELEMENT, probe.ref()));
    stage.tell(new StageCommand.Process(ELEMENT, probe.ref()));

    probe.expectMessage(new Outcome.Failed("disk", true));
    probe.expectMessage(new Outcome.Skip("second"));
  }

  @Test
  void anAnswerOfNullFailsTheElement() {
    assertThat(answer(Stages.sync(e -> null))).isInstanceOf(Outcome.Failed.class);
    assertThat(answer(Stages.async(e -> CompletableFuture.completedFuture(null))))
        .isInstanceOf(Outcome.Failed.class);
    assertThat(answer(Stages.async(e -> null))).isInstanceOf(Outcome.Failed.class);
  }

  @Test
  void aLibraryThatDoesNotLoadFailsElementsAndSparesTheNode() {
    var outcome =
        answer(
            Stages.sync(
                e -> {
                  throw new UnsatisfiedLinkError("no tensorflow in path");
                }));
    assertThat(outcome)
        .isEqualTo(new Outcome.Failed("UnsatisfiedLinkError: no tensorflow in path", true));

    var stage =
        KIT.spawn(
            Stages.using(
                () -> {
                  throw new NoClassDefFoundError("native");
                }));
    KIT.<Outcome>createTestProbe().expectTerminated(stage);
    assertThat(KIT.system().whenTerminated().isCompleted()).isFalse();
  }

  @Test
  void memoryThatNativesAreRefusedAndTooDeepAStackFailElementsAndSpareTheNode() {
    var refused = "Physical memory usage is too high: physicalBytes (2G) > maxPhysicalBytes (1G)";
    for (var error : List.of(new OutOfMemoryError(refused), new StackOverflowError(refused))) {
      assertThat(
              answer(
                  Stages.sync(
                      e -> {
                        throw error;
                      })))
          .isEqualTo(new Outcome.Failed(error.getClass().getSimpleName() + ": " + refused, true));
      assertThat(
              answer(
                  Stages.async(
                      e -> {
                        throw error;
                      })))
          .isEqualTo(new Outcome.Failed(error.getClass().getSimpleName() + ": " + refused, true));
      var stage =
          KIT.spawn(
              Stages.using(
                  () -> {
                    throw error;
                  }));
      KIT.<Outcome>createTestProbe().expectTerminated(stage);
    }
    assertThat(KIT.system().whenTerminated().isCompleted()).isFalse();
  }

  @Test
  void asyncAnswersWhenTheFutureCompletes() {
    var future = new CompletableFuture<Outcome>();
    var stage = KIT.spawn(Stages.async(e -> future));
    var probe = KIT.createTestProbe(Outcome.class);

    stage.tell(new StageCommand.Process(ELEMENT, probe.ref()));
    future.complete(new Outcome.Skip("late"));

    probe.expectMessage(new Outcome.Skip("late"));
  }

  @Test
  void aFailedFutureFailsTheElementWithItsCause() {
    var boom = new IllegalStateException("boom");
    var failed = new Outcome.Failed("boom", true);

    assertThat(answer(Stages.async(e -> CompletableFuture.failedFuture(boom)))).isEqualTo(failed);
    assertThat(
            answer(
                Stages.async(e -> CompletableFuture.failedFuture(new CompletionException(boom)))))
        .isEqualTo(failed);
    assertThat(
            answer(
                Stages.async(
                    e -> {
                      throw boom;
                    })))
        .isEqualTo(failed);
  }

  @Test
  void usingOpensOnceAndClosesWhenTheStageStops() throws Exception {
    var resource = new CountingResource();
    var stage = KIT.spawn(Stages.using(resource::open));
    var probe = KIT.createTestProbe(Outcome.class);

    stage.tell(new StageCommand.Process(ELEMENT, probe.ref()));
    stage.tell(new StageCommand.Process(ELEMENT, probe.ref()));
    probe.expectMessage(new Outcome.Skip("opened 1"));
    probe.expectMessage(new Outcome.Skip("opened 1"));
    assertThat(resource.closed.getCount()).isEqualTo(1);

    KIT.stop(stage);
    assertThat(resource.closed.await(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void usingClosesBeforeARestartAndOpensAgain() throws Exception {
    var resource = new CountingResource();
    var stage =
        KIT.spawn(
            Behaviors.supervise(Stages.using(resource::open))
                .onFailure(
                    Throwable.class,
                    SupervisorStrategy.restartWithBackoff(
                        Duration.ofMillis(1), Duration.ofMillis(1), 0)));
    var probe = KIT.createTestProbe(Outcome.class);

    stage.tell(new StageCommand.Process(ELEMENT.toBuilder().setSeq(-1).build(), probe.ref()));
    assertThat(resource.closed.await(60, TimeUnit.SECONDS)).isTrue();

    probe.awaitAssert(
        () -> {
          stage.tell(new StageCommand.Process(ELEMENT, probe.ref()));
          return probe.expectMessage(Duration.ofMillis(200), new Outcome.Skip("opened 2"));
        });
  }

  private static Outcome answer(Behavior<StageCommand> behavior) {
    var stage = KIT.spawn(behavior);
    var probe = KIT.createTestProbe(Outcome.class);
    stage.tell(new StageCommand.Process(ELEMENT, probe.ref()));
    return probe.receiveMessage();
  }

  private static final class CountingResource {
    final AtomicInteger opened = new AtomicInteger();
    final CountDownLatch closed = new CountDownLatch(1);

    Stages.Resource open() {
      int number = opened.incrementAndGet();
      return new Stages.Resource() {
        @Override
        public Outcome apply(Element element) {
          if (element.getSeq() < 0) throw new AssertionError("broken for good");
          return new Outcome.Skip("opened " + number);
        }

        @Override
        public void close() {
          closed.countDown();
        }
      };
    }
  }
}
