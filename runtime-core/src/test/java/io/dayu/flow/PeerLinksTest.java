package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.Acknowledgement;
import io.dayu.facts.InstanceName;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.LinkReport;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.View;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSender;
import io.dayu.link.LinkServer;
import io.dayu.pipeline.StreamName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

final class PeerLinksTest {
  private static final InstanceName STAGE = InstanceName.parse("crossing@1/detect");
  private static final Acknowledgement STORED =
      new Acknowledgement(StreamName.parse("crossing/cam-0"), new long[] {1}, new long[0]);

  private final StillActor controller = new StillActor();
  private final List<LinkSender.Target> opened = new ArrayList<>();
  private final Map<String, View.Seen> nodes = new TreeMap<>();
  private final TestInbox<LinkServer.Found> answers = TestInbox.create();
  private PeerLinks links = links("edge-1", Role.EDGE);

  @Test
  void aLinkIsOpenedOncePerInstance() {
    learn("cloud-1", Role.CLOUD, 1_001);
    var first = link("cloud-1", STAGE);
    assertThat(link("cloud-1", STAGE)).isSameAs(first);
    assertThat(link("cloud-1", InstanceName.DISTRIBUTOR)).isNotEqualTo(first);
    assertThat(opened)
        .containsExactly(
            target("cloud-1", 1_001, STAGE), target("cloud-1", 1_001, InstanceName.DISTRIBUTOR));
    assertThat(controller.watches(first)).isTrue();
  }

  @Test
  void noLinkIsOpenedToANodeThatNobodyKnows() {
    assertThat(controller.call(() -> links.link(key("cloud-1", STAGE)))).isEmpty();
    assertThat(opened).isEmpty();
  }

  @Test
  void aLinkToANodeThatMovedIsStoppedAndItsSuccessorGoesToTheNewPlace() {
    learn("cloud-1", Role.CLOUD, 1_001);
    learn("cloud-2", Role.CLOUD, 1_002);
    var old = link("cloud-1", STAGE);
    link("cloud-2", STAGE);
    learn("cloud-1", Role.CLOUD, 2_001);
    assertThat(controller.stopped()).containsExactly(old.path().name());
    ended(old);
    link("cloud-1", STAGE);
    assertThat(opened)
        .containsExactly(
            target("cloud-1", 1_001, STAGE),
            target("cloud-2", 1_002, STAGE),
            target("cloud-1", 2_001, STAGE));
  }

  @Test
  void aLinkToANodeThatIsNotReportedAnyMoreStays() {
    learn("cloud-1", Role.CLOUD, 1_001);
    var link = link("cloud-1", STAGE);
    controller.run(() -> links.learn(Map.of()));
    assertThat(controller.stopped()).isEmpty();
    assertThat(link("cloud-1", STAGE)).isSameAs(link);
  }

  @Test
  void aPeerThatCameIsConnectedToAtOnceOnAllLinksThatLeadToIt() {
    learn("edge-2", Role.EDGE, 1_002);
    learn("edge-3", Role.EDGE, 1_003);
    var one = link("edge-2", STAGE);
    var two = link("edge-2", InstanceName.OUTBOX);
    var other = link("edge-3", STAGE);
    came("edge-2");
    assertThat(controller.told(one)).containsExactly(LinkSender.Reconnect.INSTANCE);
    assertThat(controller.told(two)).containsExactly(LinkSender.Reconnect.INSTANCE);
    assertThat(controller.told(other)).isEmpty();
  }

  @Test
  void suspectsFollowTheReportsOfTheLinks() {
    learn("cloud-1", Role.CLOUD, 1_001);
    learn("edge-2", Role.EDGE, 1_002);
    link("edge-2", STAGE);
    assertThat(heard("edge-2", STAGE, false)).isFalse();
    assertThat(links.suspects()).isEmpty();
    assertThat(heard("edge-2", STAGE, true)).isTrue();
    assertThat(links.suspects()).containsExactly("edge-2");
    assertThat(heard("edge-2", STAGE, true)).as("told again, and no news").isFalse();
    assertThat(heard("edge-2", STAGE, false)).isTrue();
    assertThat(links.suspects()).isEmpty();
  }

  @Test
  void aNodeIsSuspectAsLongAsOneLinkSaysSo() {
    learn("cloud-1", Role.CLOUD, 1_001);
    learn("edge-2", Role.EDGE, 1_002);
    link("edge-2", STAGE);
    var outbox = link("edge-2", InstanceName.OUTBOX);
    assertThat(heard("edge-2", InstanceName.OUTBOX, true)).isTrue();
    assertThat(heard("edge-2", STAGE, false)).isFalse();
    assertThat(links.suspects()).containsExactly("edge-2");
    assertThat(ended(outbox)).isTrue();
    assertThat(links.suspects()).isEmpty();
  }

  @Test
  void aReportOfALinkThatHasEndedCountsForNothing() {
    learn("cloud-1", Role.CLOUD, 1_001);
    learn("edge-2", Role.EDGE, 1_002);
    var link = link("edge-2", STAGE);
    heard("edge-2", STAGE, false);
    assertThat(links.reports()).hasSize(1);
    ended(link);
    assertThat(links.reports()).isEmpty();
    assertThat(heard("edge-2", STAGE, true)).isFalse();
    assertThat(links.suspects()).isEmpty();
    assertThat(links.reports()).isEmpty();
  }

  @Test
  void whatIsNoLinkMayEndWithoutAnyChange() {
    learn("cloud-1", Role.CLOUD, 1_001);
    var link = link("cloud-1", STAGE);
    heard("cloud-1", STAGE, true);
    assertThat(ended(TestInbox.create().getRef())).isFalse();
    assertThat(links.suspects()).containsExactly("cloud-1");
    assertThat(link("cloud-1", STAGE)).isSameAs(link);
  }

  @Test
  void theLatestReportOfEachLinkIsKept() {
    learn("cloud-1", Role.CLOUD, 1_001);
    link("cloud-1", STAGE);
    link("cloud-1", InstanceName.DISTRIBUTOR);
    heard("cloud-1", STAGE, true);
    heard("cloud-1", STAGE, false);
    heard("cloud-1", InstanceName.DISTRIBUTOR, true);
    assertThat(links.reports())
        .containsExactlyInAnyOrder(
            report("cloud-1", STAGE, false), report("cloud-1", InstanceName.DISTRIBUTOR, true));
  }

  @Test
  void anEdgeThatKnowsNoCloudIsOfflineFromTheBeginningAndSaysNothingOfIt() {
    assertThat(links.isOffline()).isTrue();
    assertThat(learn("cloud-1", Role.CLOUD, 1_001)).isTrue();
    assertThat(links.isOffline()).isFalse();
    assertThat(controller.logged(Level.INFO)).isEmpty();
  }

  @Test
  void anEdgeIsOfflineWhenEveryCloudNodeIsSuspectUntilOneAnswers() {
    learn("cloud-1", Role.CLOUD, 1_001);
    learn("cloud-2", Role.CLOUD, 1_002);
    link("cloud-1", STAGE);
    link("cloud-2", STAGE);
    heard("cloud-1", STAGE, true);
    assertThat(links.isOffline()).isFalse();
    heard("cloud-2", STAGE, true);
    assertThat(links.isOffline()).isTrue();
    heard("cloud-1", STAGE, false);
    assertThat(links.isOffline()).isFalse();
    assertThat(controller.logged(Level.INFO))
        .containsExactly(
            "no cloud node can be reached: [cloud-1, cloud-2]",
            "the cloud can be reached again: [cloud-1, cloud-2]");
  }

  @Test
  void anEdgeIsBackWhenACloudNodeIsThereThatIsNotSuspect() {
    learn("cloud-1", Role.CLOUD, 1_001);
    link("cloud-1", STAGE);
    heard("cloud-1", STAGE, true);
    assertThat(links.isOffline()).isTrue();
    assertThat(learn("cloud-2", Role.CLOUD, 1_002)).isTrue();
    assertThat(links.isOffline()).isFalse();
  }

  @Test
  void aCloudNodeIsNeverOfflineAndTakesResultsItself() {
    links = links("cloud-1", Role.CLOUD);
    assertThat(links.isOffline()).isFalse();
    learn("cloud-2", Role.CLOUD, 1_002);
    link("cloud-2", STAGE);
    assertThat(heard("cloud-2", STAGE, true)).isTrue();
    assertThat(links.isOffline()).isFalse();
    assertThat(links.clouds().nodes()).containsExactly("cloud-1");
    assertThat(links.clouds().suspects()).isEmpty();
  }

  @Test
  void resultsCanGoToCloudNodesOnlyThoseThatAnswerFirst() {
    learn("cloud-3", Role.CLOUD, 1_003);
    learn("cloud-1", Role.CLOUD, 1_001);
    learn("edge-2", Role.EDGE, 1_009);
    learn("cloud-2", Role.CLOUD, 1_002);
    link("cloud-1", STAGE);
    heard("cloud-1", STAGE, true);
    assertThat(links.clouds().nodes()).containsExactly("cloud-2", "cloud-3", "cloud-1");
    assertThat(links.clouds().suspects()).isEqualTo(Set.of("cloud-1"));
  }

  @Test
  void anAcknowledgementGoesToTheNewestLinkOfTheOrigin() {
    links = links("cloud-1", Role.CLOUD);
    var oldest = came("edge-1");
    var newest = came("edge-1");
    var other = came("edge-2");
    assertThat(acknowledge("edge-1")).isTrue();
    assertThat(newest.getAllReceived()).containsExactly(STORED);
    ended(newest.getRef());
    assertThat(acknowledge("edge-1")).isTrue();
    assertThat(oldest.getAllReceived()).containsExactly(STORED);
    ended(oldest.getRef());
    assertThat(acknowledge("edge-1")).isFalse();
    assertThat(List.of(oldest, newest, other)).noneMatch(TestInbox::hasMessages);
  }

  @Test
  void aSecondLinkForResultsByTheSameNameTakesNoAcknowledgementsAway() {
    links = links("cloud-1", Role.CLOUD);
    var real = came("edge-1", InstanceName.DISTRIBUTOR);
    var claimed = came("edge-1", InstanceName.DISTRIBUTOR);
    var stage = came("edge-1");
    assertThat(acknowledge("edge-1")).isTrue();
    assertThat(real.getAllReceived()).containsExactly(STORED);
    assertThat(claimed.getAllReceived()).containsExactly(STORED);
    assertThat(stage.hasMessages()).as("of a link to a stage").isFalse();
  }

  @Test
  void anAcknowledgementGoesToNobodyWhenTheOriginHasNoLinkHere() {
    links = links("cloud-1", Role.CLOUD);
    var other = came("edge-2");
    assertThat(acknowledge("edge-1")).isFalse();
    assertThat(other.hasMessages()).isFalse();
  }

  @Test
  void linksThatComeAreWatchedWhereAcknowledgementsComeFrom() {
    assertThat(controller.watches(came("edge-2").getRef())).as("on an edge").isFalse();
    links = links("cloud-1", Role.CLOUD);
    assertThat(controller.watches(came("edge-2").getRef())).as("on a cloud node").isTrue();
  }

  private PeerLinks links(String node, Role role) {
    return controller.part(context -> new PeerLinks(context, node, role, this::open));
  }

  private Behavior<Inlet.Command> open(LinkSender.Target target) {
    opened.add(target);
    return Behaviors.ignore();
  }

  /** Returns whether suspects or being offline have changed, as do the next ones. */
  private boolean learn(String node, Role role, int port) {
    var report =
        NodeReport.idle(
            new NodeReport.Self(node, role, "here", "127.0.0.1", port),
            new NodeReport.Edition(1, 1),
            new Resources(1, 0, 0, 0, 0, 0, 0, 0, OptionalDouble.empty()));
    nodes.put(node, new View.Seen(report, Instant.EPOCH));
    return controller.call(() -> links.learn(nodes));
  }

  private boolean heard(String peer, InstanceName instance, boolean suspect) {
    return controller.call(() -> links.heard(report(peer, instance, suspect)));
  }

  private boolean ended(ActorRef<?> gone) {
    return controller.call(() -> links.ended(gone));
  }

  private ActorRef<Inlet.Command> link(String node, InstanceName instance) {
    return controller.call(() -> links.link(key(node, instance))).orElseThrow();
  }

  /** A node opens a link to this one; returns what comes over it from here. */
  private TestInbox<Acknowledgement> came(String producer) {
    return came(producer, STAGE);
  }

  private TestInbox<Acknowledgement> came(String producer, InstanceName instance) {
    var back = TestInbox.<Acknowledgement>create();
    controller.run(
        () ->
            links.came(new LinkServer.Lookup(instance, producer, back.getRef(), answers.getRef())));
    return back;
  }

  /** Returns whether a link told it. */
  private boolean acknowledge(String origin) {
    return controller.call(() -> links.acknowledge(origin, STORED));
  }

  private static PeerLinks.Key key(String node, InstanceName instance) {
    return new PeerLinks.Key(node, instance);
  }

  private static LinkSender.Target target(String peer, int port, InstanceName instance) {
    return new LinkSender.Target(peer, "127.0.0.1", port, instance, "edge-1");
  }

  private static LinkReport report(String peer, InstanceName instance, boolean suspect) {
    return new LinkReport(peer, instance, suspect, 1, 1, 0, 0);
  }
}
