package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.View;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class SilentEdgeRemoverTest {
  private static final Duration FORGET_AFTER = Duration.ofMinutes(5);

  private final AtomicLong nanos = new AtomicLong(1);
  private final AtomicLong looks = new AtomicLong();
  private final Set<String> members =
      new ConcurrentSkipListSet<>(Set.of("cloud-1", "edge-1", "edge-2"));
  private final Map<String, View.Seen> reports = new TreeMap<>();

  private ActorTestKit kit;
  private ManualTime time;
  private TestProbe<Gossip.Command> gossip;
  private ActorRef<View> views;

  @BeforeEach
  void start() {
    kit = ActorTestKit.create(ManualTime.config().withFallback(ConfigFactory.load()));
    time = ManualTime.get(kit.system());
    gossip = kit.createTestProbe();
    var membership =
        new Members() {
          @Override
          public Set<String> all() {
            looks.incrementAndGet();
            return new TreeSet<>(members);
          }

          @Override
          public Set<String> edges() {
            return members.stream()
                .filter(name -> name.startsWith("edge"))
                .collect(Collectors.toCollection(TreeSet::new));
          }

          @Override
          public boolean remove(String node) {
            return members.remove(node);
          }
        };
    // Whoever lets time pass does the work, so that it is done when time has passed.
    kit.spawn(
        SilentEdgeRemover.create(gossip.ref(), membership, FORGET_AFTER, nanos::get),
        DispatcherSelector.fromConfig("pekko.test.calling-thread-dispatcher"));
    views = gossip.expectMessageClass(Gossip.Subscribe.class).subscriber();
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private void report(String node, long sequence) {
    var resources = new Resources(1, 0, 0, 0, 0, 0, 0, 0, OptionalDouble.empty());
    var role = node.startsWith("cloud") ? Role.CLOUD : Role.EDGE;
    reports.put(
        node,
        new View.Seen(
            NodeReport.idle(
                new NodeReport.Self(node, role, "site", "127.0.0.1", 1),
                new NodeReport.Edition(1, sequence),
                resources),
            Instant.EPOCH));
    views.tell(new View(reports, Map.of(), Map.of()));
  }

  /** Looks once after so long. */
  private void pass(Duration duration) {
    nanos.addAndGet(duration.toNanos());
    long before = looks.get();
    time.timePasses(SilentEdgeRemover.every(FORGET_AFTER));
    assertThat(looks).hasValue(before + 1);
  }

  @Test
  void anEdgeThatStaysSilentIsRemovedAndOthersAreNot() {
    report("edge-1", 1);
    report("edge-2", 1);
    pass(Duration.ofMinutes(4));
    report("edge-1", 2);
    report("edge-2", 1); // told again, and no news
    pass(Duration.ofMinutes(2));
    assertThat(members).containsExactly("cloud-1", "edge-1");
  }

  @Test
  void aMemberThatNeverReportedIsRemovedTooButNoCloudNode() {
    pass(Duration.ofSeconds(1));
    pass(Duration.ofMinutes(6));
    assertThat(members).containsExactly("cloud-1");
  }

  @Test
  void aReportWithoutAMemberIsForgottenAtTheSecondLook() {
    report("edge-9", 1);
    pass(Duration.ofSeconds(1));
    time.expectNoMessageFor(Duration.ofMillis(1), gossip);
    pass(Duration.ofSeconds(1));
    assertThat(gossip.expectMessageClass(Gossip.ForgetNode.class).node()).isEqualTo("edge-9");
  }
}
