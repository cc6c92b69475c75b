package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.dayu.facts.InstanceName;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.LinkReport;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.flow.Controller;
import io.dayu.link.FlowKit;
import io.dayu.node.NodeSettings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A life of an edge's membership whose cloud is not there. */
final class MemberNodeTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final MemberUplink uplink = new MemberUplink();
  private ActorTestKit kit;
  private MemberNode member;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
    var config =
        ConfigFactory.parseString(
                """
                dayu.node { name = edge-1, host = "127.0.0.1" }
                dayu.cluster { port = 0, seeds = "127.0.0.1:1" }
                """)
            .withFallback(ConfigFactory.load())
            .resolve();
    member =
        MemberNode.start(
            NodeSettings.from(Role.EDGE, config),
            config,
            kit.<Controller.Command>createTestProbe().ref(),
            uplink,
            reason -> {},
            Optional.empty());
  }

  @AfterEach
  void stop() {
    member.system().terminate();
    assertThat(member.whenEnded()).succeedsWithin(SOON);
    kit.shutdownTestKit();
  }

  @Test
  void itIsCutOffWhileLinksReachTheCloudAndItDoesNot() {
    assertThat(member.status()).isEqualTo(new MemberSystem.MembershipStatus(false, false));
    uplink.report(
        report(new LinkReport("edge-2", new InstanceName("one@1", "work"), false, 1, 1, 0, 0)));
    assertThat(member.status().cutOff()).as("only a cloud node has a distributor").isFalse();
    uplink.report(report(new LinkReport("cloud-1", InstanceName.DISTRIBUTOR, false, 0, 0, 0, 0)));
    assertThat(member.status().cutOff()).as("it has not answered yet").isFalse();
    uplink.report(report(new LinkReport("cloud-1", InstanceName.DISTRIBUTOR, false, 1, 1, 0, 0)));
    assertThat(member.status()).isEqualTo(new MemberSystem.MembershipStatus(false, true));
    uplink.report(report(new LinkReport("cloud-1", InstanceName.DISTRIBUTOR, true, 1, 1, 0, 0)));
    assertThat(member.status().cutOff()).as("it answers no longer").isFalse();
  }

  @Test
  void aMemberThatIsAbandonedEndsWithoutAnybodysConsent() {
    var cluster = Cluster.get(member.system());
    cluster.manager().tell(Join.create(cluster.selfMember().address()));
    await().atMost(SOON).until(() -> member.status().joined());
    // Asked once: a stage that was only just asked for is never done yet on a busy machine.
    var ended = member.whenEnded().toCompletableFuture();
    member.abandon();
    assertThat(ended).succeedsWithin(SOON);
  }

  private static NodeReport report(LinkReport link) {
    return new NodeReport(
        new NodeReport.Self("edge-1", Role.EDGE, "edge-1", "127.0.0.1", 1),
        new NodeReport.Edition(1, 1),
        new Resources(1, 0, 0, 0, 0, 0, 0, 0, OptionalDouble.empty()),
        Set.of(),
        List.of(),
        List.of(link),
        List.of());
  }
}
