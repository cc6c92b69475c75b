package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.InstanceName;
import io.dayu.link.Inlet;
import io.dayu.process.Router;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.Test;

final class PendingLookupsTest {
  private static final InstanceName STAGE = InstanceName.parse("crossing@1/detect");

  private final Map<PeerLinks.Key, ActorRef<Inlet.Command>> known = new HashMap<>();
  private final PendingLookups questions =
      new PendingLookups(key -> Optional.ofNullable(known.get(key)));
  private final TestInbox<Router.Located> asker = TestInbox.create();

  @Test
  void whatIsKnownIsAnsweredAtOnceAndOnce() {
    var located = know("edge-1", STAGE);
    ask("edge-1", STAGE, asker);
    assertThat(asker.getAllReceived()).containsExactly(located);
    questions.lookAgain();
    assertThat(asker.hasMessages()).isFalse();
  }

  @Test
  void whatIsNotKnownIsAnsweredOnceItIs() {
    ask("edge-1", STAGE, asker);
    ask("edge-2", STAGE, asker);
    questions.lookAgain();
    assertThat(asker.hasMessages()).isFalse();
    var located = know("edge-1", STAGE);
    questions.lookAgain();
    assertThat(asker.getAllReceived()).containsExactly(located);
    var other = know("edge-2", STAGE);
    questions.lookAgain();
    assertThat(asker.getAllReceived()).containsExactly(other);
  }

  @Test
  void everyAskerIsAnsweredHoweverOftenItAskedOnce() {
    var another = TestInbox.<Router.Located>create();
    ask("edge-1", STAGE, asker);
    ask("edge-1", STAGE, another);
    ask("edge-1", STAGE, asker);
    var located = know("edge-1", STAGE);
    questions.lookAgain();
    assertThat(asker.getAllReceived()).containsExactly(located);
    assertThat(another.getAllReceived()).containsExactly(located);
  }

  @Test
  void aSecondQuestionIsAnsweredAgain() {
    ask("edge-1", STAGE, asker);
    var located = know("edge-1", STAGE);
    questions.lookAgain();
    ask("edge-1", STAGE, asker);
    assertThat(asker.getAllReceived()).containsExactly(located, located);
  }

  private void ask(String node, InstanceName instance, TestInbox<Router.Located> from) {
    questions.ask(new Router.Locate(node, instance, from.getRef()));
  }

  private Router.Located know(String node, InstanceName instance) {
    var consumer = TestInbox.<Inlet.Command>create().getRef();
    known.put(new PeerLinks.Key(node, instance), consumer);
    return new Router.Located(node, instance, consumer);
  }
}
