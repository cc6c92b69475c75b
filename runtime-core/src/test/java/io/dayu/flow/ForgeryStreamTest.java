package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Media;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.Acknowledgements;
import io.dayu.facts.InstanceName;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.View;
import io.dayu.link.FlowKit;
import io.dayu.link.RawLink;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plans;
import io.dayu.source.SourceProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever reaches a data port and speaks the protocol of links adds nothing and takes nothing. */
final class ForgeryStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int COUNT = 60;
  private static final StreamName STREAM = StreamName.parse("one/in");

  @TempDir Path dir;
  private final List<TestNode> nodes = new ArrayList<>();
  private final AtomicLong limit = new AtomicLong(COUNT / 2);
  private ActorTestKit kit;
  private TestNode cloud;
  private TestNode edge;

  @BeforeEach
  void start() throws IOException {
    kit = FlowKit.start();
    cloud = node("cloud-1", Role.CLOUD, List.of());
    edge = node("edge-1", Role.EDGE, List.of(TestNode.numbers("numbers", COUNT, limit)));
    await().atMost(SOON).until(() -> !cloud.reports.isEmpty());
  }

  @AfterEach
  void stop() {
    nodes.forEach(TestNode::close);
    kit.shutdownTestKit();
  }

  @Test
  void resultsThatAStrangerSendsAreNotStoredAndTheRealOnesAre() throws IOException {
    run();
    await().atMost(SOON).until(() -> stored() == COUNT / 2);
    for (var sender : List.of("mallory", "edge-2", "cloud-2"))
      try (var link = RawLink.to(port(cloud), InstanceName.DISTRIBUTOR, sender)) {
        for (long seq = 1; seq <= COUNT; seq++) link.send(failed(seq).build());
        link.send(failed(1).setStream("nothing/in").build());
        link.awaitCredit(COUNT + 1);
      }
    limit.set(COUNT);
    await().atMost(SOON).until(() -> ledger().equals(new Ledger(COUNT, COUNT, 0, 0, 0)));
    assertThat(edge.stream(STREAM).orElseThrow().reserved()).isGreaterThan(COUNT);
    assertThat(cloud.stored).containsOnlyKeys(STREAM);
    assertThat(cloud.numbersStored(STREAM)).hasSize(COUNT);
  }

  @Test
  void elementsThatAStrangerSendsToAStageAreNotWorkedOn() throws IOException {
    run();
    await().atMost(SOON).until(() -> stored() == COUNT / 2);
    var stage = new InstanceName("one@1", "copy");
    try (var link = RawLink.to(port(cloud), stage, "mallory")) {
      for (long seq = COUNT / 2 + 1; seq <= COUNT; seq++) link.send(element(seq, "forged").build());
      link.awaitCredit(COUNT / 2);
    }
    try (var link = RawLink.to(port(cloud), stage, "edge-1")) {
      link.send(element(1_000, "of no path").clearPath().build());
      link.awaitCredit(1);
    }
    limit.set(COUNT);
    await().atMost(SOON).until(() -> ledger().equals(new Ledger(COUNT, COUNT, 0, 0, 0)));
    assertThat(cloud.numbersStored(STREAM)).hasSize(COUNT);
    assertThat(cloud.stage().orElseThrow().problem()).as("crashes").isEmpty();
  }

  @Test
  void nobodyLinksToANodeByTheNodesOwnName() throws IOException {
    run();
    assertThat(RawLink.refused(port(cloud), InstanceName.DISTRIBUTOR, "cloud-1"))
        .contains("this is its name");
  }

  @Test
  void resultsThatComeBeforeTheirPipelineIsKnownAreSentAgainAndStored() {
    var view = view();
    edge.controller.tell(new Controller.Viewed(view));
    cloud.controller.tell(
        new Controller.Viewed(new View(view.nodes(), new HashMap<>(), new HashMap<>())));
    limit.set(COUNT);
    await()
        .atMost(SOON)
        .until(() -> edge.stream(STREAM).filter(s -> s.ledger().inFlight() > 0).isPresent());
    cloud.controller.tell(new Controller.Viewed(view));
    await().atMost(SOON).until(() -> ledger().equals(new Ledger(COUNT, COUNT, 0, 0, 0)));
    assertThat(cloud.numbersStored(STREAM)).hasSize(COUNT);
  }

  @Test
  void onlyTheCloudSaysWhatIsStored() throws IOException {
    cloud.beforeStore =
        () -> {
          throw new IllegalStateException("the store is away");
        };
    try (var server = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"))) {
      server.setSoTimeout((int) SOON.toMillis());
      run(edge2(server.getLocalPort()));
      await().atMost(SOON).until(() -> ledger().inFlight() > 3);
      edge.inlet("edge-2", new InstanceName("one@1", "copy"));
      try (var peer = RawLink.accept(server)) {
        peer.tell(
            Acknowledgements.write(new Acknowledgement(STREAM, new long[] {1, 2}, new long[] {3})));
        peer.ping();
      }
      int before = edge.reports.size();
      await().atMost(SOON).until(() -> edge.reports.size() > before + 5);
      assertThat(ledger().inFlight()).isEqualTo(ledger().generated()).isGreaterThan(3);
    }
    cloud.beforeStore = () -> {};
    limit.set(COUNT);
    await().atMost(SOON).until(() -> ledger().equals(new Ledger(COUNT, COUNT, 0, 0, 0)));
    assertThat(edge.stream(STREAM).orElseThrow().state()).isEqualTo(StreamState.COMPLETED);
  }

  private void run() {
    run(view());
  }

  private void run(View view) {
    edge.controller.tell(new Controller.Viewed(view));
    cloud.controller.tell(new Controller.Viewed(view));
  }

  private View view() {
    return TestNode.view(cloud, edge.pipeline("one", "numbers:x", "reader"));
  }

  /** As {@link #view}, with a node edge-2 that listens at this port. */
  private View edge2(int port) {
    var view = view();
    var nodes = new HashMap<>(view.nodes());
    var like = cloud.reports.get(0);
    nodes.put(
        "edge-2",
        new View.Seen(
            NodeReport.idle(
                new NodeReport.Self("edge-2", Role.EDGE, "here", "127.0.0.1", port),
                like.edition(),
                like.resources()),
            Instant.EPOCH));
    return new View(nodes, view.decisions(), view.pipelines());
  }

  private int stored() {
    return cloud.numbersStored(STREAM).size();
  }

  private Ledger ledger() {
    return edge.stream(STREAM).map(NodeReport.StreamReport::ledger).orElse(Ledger.EMPTY);
  }

  private static int port(TestNode node) {
    return node.reports.get(node.reports.size() - 1).self().dataPort();
  }

  private static Element.Builder element(long seq, String payload) {
    return Element.newBuilder()
        .setStream(STREAM.toString())
        .setSeq(seq)
        .setAttempt(1)
        .setOrigin("edge-1")
        .addPath(io.dayu.element.Step.newBuilder().setStage("copy").setNode("cloud-1"))
        .setPayload(Media.newBuilder().setOpaque(ByteString.copyFromUtf8(payload)));
  }

  private static Element.Builder failed(long seq) {
    return element(seq, "")
        .clearPayload()
        .setEnding(
            Ending.newBuilder()
                .setKind(Ending.Kind.FAILED)
                .setStage("copy")
                .setReason("a stranger says so"));
  }

  private TestNode node(String name, Role role, List<SourceProvider> sources) throws IOException {
    var node =
        new TestNode(
            kit,
            name,
            role,
            Files.createDirectory(dir.resolve(name)),
            sources,
            List.of(Plans.READER),
            memory -> memory);
    nodes.add(node);
    return node;
  }
}
