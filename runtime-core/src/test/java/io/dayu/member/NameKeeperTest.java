package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import com.typesafe.config.ConfigFactory;
import io.dayu.link.Logs;
import io.dayu.member.NameKeeper.Life;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class NameKeeperTest {
  private static final Life OLD = new Life("edge-1", "pekko://dayu@10.0.0.1:1", 1);
  private static final Life NEW = new Life("edge-1", "pekko://dayu@10.0.0.2:1", 2);
  private static final Life OTHER = new Life("edge-2", "pekko://dayu@10.0.0.3:1", 3);

  private final List<Life> members = new CopyOnWriteArrayList<>();
  private final Map<Life, CompletableFuture<Boolean>> asked = new HashMap<>();
  private final List<Life> removed = new ArrayList<>();

  private ActorTestKit kit;
  private ManualTime time;

  @BeforeEach
  void start() {
    kit = ActorTestKit.create(ManualTime.config().withFallback(ConfigFactory.load()));
    time = ManualTime.get(kit.system());
    // Whoever lets time pass does the work, so that it is done when time has passed.
    kit.spawn(
        NameKeeper.of(
            new NameKeeper.Lives() {
              @Override
              public List<Life> all() {
                return List.copyOf(members);
              }

              @Override
              public CompletionStage<Boolean> answers(Life life) {
                assertThat(asked).as("asked once at a time").doesNotContainKey(life);
                var answer = new CompletableFuture<Boolean>();
                asked.put(life, answer);
                return answer;
              }

              @Override
              public void remove(Life life) {
                removed.add(life);
                members.remove(life);
              }
            }),
        DispatcherSelector.fromConfig("pekko.test.calling-thread-dispatcher"));
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private void look() {
    time.timePasses(NameKeeper.EVERY);
  }

  @Test
  void aMemberAloneWithItsNameIsNotAsked() {
    members.addAll(List.of(OLD, OTHER));
    look();
    look();
    assertThat(asked).isEmpty();
    assertThat(removed).isEmpty();
  }

  @Test
  void aNodeThatCameBackElsewhereReplacesItsFormerMember() {
    members.addAll(List.of(OLD, OTHER));
    look();
    members.add(0, NEW); // whatever the order in the cluster's list is
    look();
    look();
    assertThat(asked).containsOnlyKeys(OLD);
    assertThat(removed).as("not before it had time to answer").isEmpty();
    asked.remove(OLD).complete(false);
    assertThat(removed).containsExactly(OLD);
    look();
    assertThat(asked).isEmpty();
    assertThat(members).containsExactly(NEW, OTHER);
  }

  @Test
  void aSecondNodeOfANameIsRefusedAndSaidSo() {
    members.add(OLD);
    look();
    members.add(NEW);
    look();
    try (var logs = Logs.of(NameKeeper.class)) {
      asked.remove(OLD).complete(true);
      assertThat(logs.has(Level.WARN, "edge-1", "10.0.0.1:1 answers", "10.0.0.2:1 is refused"))
          .isTrue();
    }
    assertThat(removed).containsExactly(NEW);
  }

  @Test
  void aKeeperThatFindsTwoTakesTheFirstInTheListForTheEarlierOne() {
    members.addAll(List.of(NEW, OLD));
    look();
    asked.remove(NEW).complete(true);
    assertThat(removed).containsExactly(OLD);
  }

  @Test
  void anAnswerThatComesWhenItIsDecidedAlreadyChangesNothing() {
    members.add(OLD);
    look();
    members.add(NEW);
    look();
    members.remove(OLD);
    asked.remove(OLD).complete(false);
    assertThat(removed).isEmpty();
    assertThat(members).containsExactly(NEW);
  }

  @Test
  void aQuestionThatFailsCountsAsNoAnswer() {
    members.add(OLD);
    look();
    members.add(NEW);
    look();
    asked.remove(OLD).completeExceptionally(new IllegalStateException("broken"));
    assertThat(removed).containsExactly(OLD);
  }
}
