package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.dayu.member.Seeds.Answer;
import io.dayu.node.StartException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Lives of a membership that the test ends. */
final class RejoinerTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  /** Whoever lets time pass does the work, so that it is done when time has passed. */
  private static final String AT_ONCE =
      "pekko.actor.default-dispatcher.type = org.apache.pekko.testkit.CallingThreadDispatcherConfigurator";

  private ActorTestKit kit;

  private final List<Life> lives = new CopyOnWriteArrayList<>();
  private final AtomicInteger rejoins = new AtomicInteger();
  private final AtomicInteger refusals = new AtomicInteger();
  private volatile Exception refusal = new StartException("the port is still taken", null);
  private volatile Answer answer = Answer.MEMBER;

  @BeforeEach
  void start() {
    kit = ActorTestKit.create();
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private ActorRef<Rejoiner.Command> keep() {
    var rejoiner =
        kit.spawn(
            Rejoiner.create(
                this::next,
                identity -> CompletableFuture.completedFuture(answer),
                rejoins::incrementAndGet,
                System::nanoTime));
    rejoiner.tell(new Rejoiner.Begin(next()));
    return rejoiner;
  }

  private MemberSystem next() {
    if (refusals.getAndUpdate(n -> Math.max(0, n - 1)) > 0)
      RejoinerTest.<RuntimeException>undeclared(refusal);
    var life = new Life();
    lives.add(life);
    return life;
  }

  /** Throws as Scala does. */
  @SuppressWarnings("unchecked")
  private static <E extends Exception> void undeclared(Exception e) throws E {
    throw (E) e;
  }

  @Test
  void aLifeThatEndsByItselfHasASuccessor() {
    keep();
    lives.get(0).ended.complete(null);
    await().atMost(SOON).until(() -> lives.size() == 2);
    lives.get(1).ended.complete(null);
    await().atMost(SOON).until(() -> lives.size() == 3);
    await().atMost(SOON).until(() -> rejoins.get() == 2);
  }

  @Test
  void aStartThatFailsIsTriedAgain() {
    keep();
    refusals.set(2);
    lives.get(0).ended.complete(null);
    await().atMost(SOON).until(() -> lives.size() == 2);
    assertThat(refusals).hasValue(0);
  }

  @Test
  void aStartThatTakesTooLongIsTriedAgain() {
    keep();
    refusal = new TimeoutException("the port is not open after 3 s");
    refusals.set(1);
    lives.get(0).ended.complete(null);
    await().atMost(SOON).until(() -> lives.size() == 2);
  }

  @Test
  void anOrphanIsAbandonedAndReplacedWhenItHasEnded() {
    answer = Answer.UNKNOWN;
    keep();
    await().atMost(SOON).until(() -> lives.get(0).abandoned);
    assertThat(lives).hasSize(1); // the port is not free yet
    answer = Answer.MEMBER;
    lives.get(0).ended.complete(null);
    await().atMost(SOON).until(() -> lives.size() == 2);
    assertThat(lives.get(1).abandoned).isFalse();
  }

  @Test
  void aLifeThatIsCutOffIsReplacedAndEveryNextOneIsLeftMoreTime() {
    kit.shutdownTestKit();
    kit =
        ActorTestKit.create(
            ManualTime.config()
                .withFallback(ConfigFactory.parseString(AT_ONCE))
                .withFallback(ConfigFactory.load()));
    var time = ManualTime.get(kit.system());
    answer = Answer.UNREACHABLE;
    keep();
    for (int life = 0; life < 3; life++) {
      int now = life;
      passUntil(time, () -> lives.get(now).abandoned);
      lives.get(now).ended.complete(null);
      passUntil(time, () -> lives.size() == now + 2);
    }
    // The first look after 10, 20 and 40 seconds.
    assertThat(lives.subList(0, 3)).extracting(life -> life.looks.get()).containsExactly(4, 7, 14);
  }

  private static void passUntil(ManualTime time, BooleanSupplier reached) {
    for (int step = 0; step < 100 && !reached.getAsBoolean(); step++)
      time.timePasses(MembershipWatch.EVERY);
    assertThat(reached.getAsBoolean()).isTrue();
  }

  @Test
  void onceStoppedNothingBeginsAnew() {
    var rejoiner = keep();
    TestProbe<Done> done = kit.createTestProbe();
    rejoiner.tell(new Rejoiner.Stop(done.ref()));
    done.expectMessage(Done.getInstance());
    assertThat(lives.get(0).stopped).isTrue();
    done.expectTerminated(rejoiner);
    assertThat(lives).hasSize(1);
  }

  @Test
  void aStopBetweenTwoLivesIsAnsweredToo() {
    var rejoiner = keep();
    refusals.set(1_000);
    lives.get(0).ended.complete(null);
    await().atMost(SOON).until(() -> refusals.get() < 1_000);
    TestProbe<Done> done = kit.createTestProbe();
    rejoiner.tell(new Rejoiner.Stop(done.ref()));
    done.expectMessage(Done.getInstance());
    assertThat(lives).hasSize(1);
  }

  private static final class Life implements MemberSystem {
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile boolean abandoned;
    private volatile boolean stopped;
    private final AtomicInteger looks = new AtomicInteger();

    @Override
    public Identity identity() {
      return new Identity("pekko://dayu@127.0.0.1:1", 1);
    }

    @Override
    public MembershipStatus status() {
      looks.incrementAndGet();
      return new MembershipStatus(true, false);
    }

    @Override
    public CompletionStage<Void> whenMember() {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> whenEnded() {
      return ended;
    }

    @Override
    public void abandon() {
      abandoned = true;
    }

    @Override
    public void stop() {
      stopped = true;
      ended.complete(null);
    }
  }
}
