package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.dayu.facts.InstanceName;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.View;
import io.dayu.link.FlowKit;
import io.dayu.link.LinkSender;
import io.dayu.link.Logs;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plans;
import io.dayu.source.SourceProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What nodes know of each other by links while the cluster between them tells nothing. */
final class PeersStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int COUNT = 1_000;
  private static final int FEW = 20;

  /** Nothing is sent again because it takes long. */
  private static final String PATIENT = "generate { min-resend = 1h, max-resend = 1h }";

  private static final StreamName STREAM = StreamName.parse("one/in");

  @TempDir Path dir;
  private final List<TestNode> nodes = new ArrayList<>();
  private ActorTestKit kit;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
  }

  @AfterEach
  void stop() {
    nodes.forEach(TestNode::close);
    kit.shutdownTestKit();
  }

  @Test
  void anOriginWithALinkIsToldOverItAndNothingOverTheCluster() throws Exception {
    var cloud = node("cloud-1", Role.CLOUD, List.of(), PATIENT);
    var edge = node("edge-1", Role.EDGE, List.of(numbers()), PATIENT);
    await().atMost(SOON).until(() -> !cloud.reports.isEmpty());
    var view = TestNode.view(cloud, edge.pipeline("one", "numbers:x", "reader"));
    cloud.controller.tell(new Controller.Viewed(view));
    edge.controller.tell(new Controller.Viewed(view));
    await().atMost(SOON).until(() -> delivered(edge) == FEW);
    assertThat(cloud.overCluster).isEmpty();
  }

  @Test
  void aCloudNodeThatGeneratesIsToldWithoutAnybodysHelp() throws Exception {
    var cloud = node("cloud-1", Role.CLOUD, List.of(numbers()), PATIENT);
    cloud.controller.tell(
        new Controller.Viewed(TestNode.view(cloud, cloud.pipeline("one", "numbers:x", "reader"))));
    await().atMost(SOON).until(() -> delivered(cloud) == FEW);
    assertThat(cloud.overCluster).isEmpty();
  }

  @Test
  void anOriginWithoutALinkIsToldOverTheCluster() throws Exception {
    var edge = node("edge-1", Role.EDGE, List.of(numbers()), PATIENT);
    var cloud = lastStageElsewhere(edge);
    cloud.generating = edge.controller;
    edge.controller.tell(new Controller.Viewed(elsewhere(edge)));
    await().atMost(SOON).until(() -> delivered(edge) == FEW);
    assertThat(cloud.overCluster.stream().mapToInt(a -> a.delivered().length).sum()).isEqualTo(FEW);
  }

  @Test
  void whoOpensALinkInTheNameOfAnOriginOnlyDelaysWhatItIsTold() throws Exception {
    var edge = node("edge-1", Role.EDGE, List.of(numbers()), "");
    var cloud = lastStageElsewhere(edge);
    cloud.generating = edge.controller;
    var stolen = kit.<LinkSender.Event>createTestProbe();
    link("edge-1", cloud, stolen);
    LinkSender.Event event;
    do event = stolen.receiveMessage(SOON);
    while (!(event instanceof LinkSender.Status status) || status.report().suspect());
    edge.controller.tell(new Controller.Viewed(elsewhere(edge)));
    await().atMost(SOON).until(() -> delivered(edge) == FEW);
    do event = stolen.receiveMessage(SOON);
    while (!(event instanceof LinkSender.Acknowledged));
    assertThat(cloud.overCluster).isNotEmpty();
  }

  @Test
  void acknowledgementsComeOverALinkThatStandsWhenTheClusterLosesThem() throws Exception {
    var cloud = node("cloud-1", Role.CLOUD, List.of(), "");
    var limit = new AtomicLong(COUNT / 10);
    var edge = node("edge-1", Role.EDGE, List.of(TestNode.numbers("numbers", COUNT, limit)), "");
    cloud.generating = kit.<Controller.Command>createTestProbe().ref();
    await().atMost(SOON).until(() -> !cloud.reports.isEmpty());
    var view = TestNode.view(cloud, edge.pipeline("one", "numbers:x", "reader"));
    edge.controller.tell(new Controller.Viewed(view));
    cloud.controller.tell(new Controller.Viewed(view));
    await().atMost(SOON).until(() -> delivered(edge) == COUNT / 10);

    // The newest link is told. When it ends, another one is.
    var told = kit.<LinkSender.Event>createTestProbe();
    var newest = link("edge-1", cloud, told);
    LinkSender.Event event;
    do {
      limit.incrementAndGet(); // until it stands, results are told over the one before
      event = told.receiveMessage(SOON);
    } while (!(event instanceof LinkSender.Acknowledged));
    kit.stop(newest);
    limit.set(COUNT);
    await()
        .atMost(SOON)
        .until(
            () -> edge.stream(STREAM).filter(r -> r.state() == StreamState.COMPLETED).isPresent());
    assertThat(edge.stream(STREAM).orElseThrow().ledger())
        .isEqualTo(new Ledger(COUNT, COUNT, 0, 0, 0));
    assertThat(cloud.numbersStored(STREAM)).hasSize(COUNT);
  }

  @Test
  void aPeerThatComesBackIsConnectedToWithoutWaitingForTheNextTry() throws Exception {
    var cloud =
        node(
            "cloud-1",
            Role.CLOUD,
            List.of(),
            "link { min-backoff = 10m, max-backoff = 10m, suspect-after = 20m }");
    await().atMost(SOON).until(() -> !cloud.reports.isEmpty());
    InetSocketAddress away;
    try (var nobody = listen(0)) {
      away = (InetSocketAddress) nobody.getLocalSocketAddress();
    }
    cloud.controller.tell(new Controller.Viewed(at(away.getPort(), cloud)));
    try (var logs = Logs.of(LinkSender.class)) {
      cloud.inlet("edge-1", new InstanceName("some", "stage"));
      await().atMost(SOON).until(() -> logs.has(Level.DEBUG, "broke"));
    }
    try (var back = listen(away.getPort())) {
      back.setSoTimeout((int) SOON.toMillis());
      link("edge-1", cloud, kit.createTestProbe());
      try (var connection = back.accept()) {
        assertThat(connection.isConnected()).isTrue();
      }
    }
  }

  @Test
  void whatIsNotAcknowledgedIsAskedForWhenTheNodeIsAMemberAgain() throws Exception {
    var edge = node("edge-1", Role.EDGE, List.of(numbers()), PATIENT);
    var cloud = lastStageElsewhere(edge);
    var lost = kit.<Controller.Command>createTestProbe();
    cloud.generating = lost.ref();
    edge.controller.tell(new Controller.Viewed(elsewhere(edge)));
    lost.expectMessageClass(Controller.Acknowledged.class, SOON);
    cloud.generating = edge.controller;
    edge.controller.tell(Controller.Rejoined.INSTANCE);
    await().atMost(SOON).until(() -> delivered(edge) == FEW);
  }

  private static SourceProvider numbers() {
    return TestNode.numbers("numbers", true, FEW, 500);
  }

  /**
   * Starts {@code edge-2}, which works for the stream of {@code edge}, and a cloud node that only
   * {@code edge-2} knows. Returns the cloud node.
   */
  private TestNode lastStageElsewhere(TestNode edge) throws IOException {
    var cloud = node("cloud-1", Role.CLOUD, List.of(), PATIENT);
    var other = node("edge-2", Role.EDGE, List.of(), PATIENT);
    await().atMost(SOON).until(() -> !cloud.reports.isEmpty() && !other.reports.isEmpty());
    var view = elsewhere(edge);
    cloud.controller.tell(new Controller.Viewed(view));
    var there = Map.of("cloud-1", new View.Seen(latest(cloud), Instant.EPOCH));
    other.controller.tell(
        new Controller.Viewed(new View(there, view.decisions(), view.pipelines())));
    return cloud;
  }

  /** The stage runs on {@code edge-2}. */
  private View elsewhere(TestNode edge) {
    return TestNode.view(nodes.get(nodes.size() - 1), edge.pipeline("one", "numbers:x", "reader"));
  }

  private TestNode node(String name, Role role, List<SourceProvider> sources, String changes)
      throws IOException {
    var node =
        new TestNode(
            kit,
            name,
            role,
            Files.createDirectory(dir.resolve(name)),
            sources,
            List.of(Plans.READER),
            memory -> memory,
            Duration.ofMillis(50),
            changes);
    nodes.add(node);
    return node;
  }

  /** A link for results that a node of this name opens. */
  private ActorRef<?> link(String from, TestNode to, TestProbe<LinkSender.Event> events) {
    var target =
        new LinkSender.Target(
            latest(to).node(),
            "127.0.0.1",
            latest(to).self().dataPort(),
            InstanceName.DISTRIBUTOR,
            from);
    return kit.spawn(
        LinkSender.create(
            FlowKit.links(""),
            Optional.empty(),
            target,
            FlowKit.names(),
            events.ref(),
            System::nanoTime));
  }

  private static ServerSocket listen(int port) throws IOException {
    return new ServerSocket(port, 5, InetAddress.getByName("127.0.0.1"));
  }

  /** {@code edge-1} is known to listen at this port. */
  private static View at(int port, TestNode like) {
    var report = latest(like);
    var edge =
        new NodeReport(
            new NodeReport.Self("edge-1", Role.EDGE, report.self().site(), "127.0.0.1", port),
            report.edition(),
            report.resources(),
            report.stageTypes(),
            List.of(),
            List.of(),
            List.of());
    return new View(Map.of("edge-1", new View.Seen(edge, Instant.EPOCH)), Map.of(), Map.of());
  }

  private static NodeReport latest(TestNode node) {
    return node.reports.get(node.reports.size() - 1);
  }

  private static long delivered(TestNode node) {
    return node.stream(STREAM).map(StreamReport::ledger).map(Ledger::delivered).orElse(0L);
  }
}
