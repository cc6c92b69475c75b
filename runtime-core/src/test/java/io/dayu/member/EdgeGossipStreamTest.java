package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.DroppedPipeline;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.View;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.process.Plans;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an edge tells and is told by gateways, in one member system named {@code cloud-1}. */
final class EdgeGossipStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final AtomicLong nanos = new AtomicLong();
  private ActorTestKit kit;
  private ActorRef<Gossip.Command> gossip;
  private TestProbe<View> cloud;

  @BeforeEach
  void start() {
    kit = MemberKit.start();
    gossip = kit.spawn(Gossip.create(Clock.systemUTC()));
    cloud = kit.createTestProbe();
    gossip.tell(new Gossip.Subscribe(cloud.getRef()));
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void theCloudHearsOfAnEdgeAndTheEdgeOfPipelines() {
    gateway();
    var views = kit.<View>createTestProbe();
    var edge = edge(views);
    gossip.tell(new Gossip.PublishPipeline(wanted("a", 1)));
    edge.tell(new EdgeGossip.PublishReport(report(1)));
    await(cloud, v -> v.nodes().containsKey("cloud-1"));
    var view = await(views, v -> v.pipelines().containsKey("a"));
    assertThat(view.pipelines().get("a")).isEqualTo(wanted("a", 1));
    gossip.tell(new Gossip.PublishPipeline(new DroppedPipeline("a", 2)));
    assertThat(await(views, v -> v.dropped().containsKey("a")).pipelines()).isEmpty();
  }

  @Test
  void aReportOfANodeThatIsNoMemberIsIgnored() {
    var gateway = gateway();
    var news = kit.<News>createTestProbe();
    var stranger =
        NodeReport.idle(
            new NodeReport.Self("edge-9", Role.EDGE, "north", "127.0.0.1", 1),
            new NodeReport.Edition(1, 1),
            report(1).resources());
    gateway.tell(new Gateway.Report(stranger, News.Place.NONE, news.getRef()));
    gateway.tell(new Gateway.Report(report(1), News.Place.NONE, news.getRef()));
    var view = await(cloud, v -> v.nodes().containsKey("cloud-1"));
    assertThat(view.nodes()).doesNotContainKey("edge-9");
  }

  @Test
  void newsThatGotLostComeAgain() {
    var gateway = gateway();
    var news = kit.<News>createTestProbe();
    gossip.tell(new Gossip.PublishPipeline(wanted("a", 1)));
    await(cloud, v -> v.pipelines().containsKey("a"));
    gateway.tell(new Gateway.Report(report(1), News.Place.NONE, news.getRef()));
    News first;
    do first = news.receiveMessage(SOON);
    while (first.wanted().isEmpty());
    nanos.addAndGet(Duration.ofSeconds(4).toNanos());
    gateway.tell(new Gateway.Report(report(2), News.Place.NONE, news.getRef()));
    News again;
    do again = news.receiveMessage(SOON);
    while (again.place().session() == first.place().session());
    assertThat(again.place().number()).isEqualTo(1);
    assertThat(again.wanted()).containsExactly(wanted("a", 1));
  }

  @Test
  void newsAfterAGapAreNotTaken() {
    var views = kit.<View>createTestProbe();
    var edge = edge(views);
    edge.tell(news(1, 1, "a"));
    edge.tell(news(1, 3, "c")); // the second got lost
    edge.tell(news(2, 2, "d")); // of a session that was not begun
    edge.tell(news(1, 2, "b"));
    var view = await(views, v -> v.pipelines().containsKey("b"));
    assertThat(view.pipelines()).containsOnlyKeys("a", "b");
    edge.tell(news(2, 1, "d"));
    view = await(views, v -> v.pipelines().containsKey("d"));
    assertThat(view.pipelines()).as("a first one replaces all").containsOnlyKeys("d");
  }

  @Test
  void aGatewayThatIsGoneIsReplacedAndToldAtOnce() {
    var first = kit.<Gateway.Command>createTestProbe();
    var second = kit.<Gateway.Command>createTestProbe();
    var receptionist = kit.system().receptionist();
    receptionist.tell(Receptionist.register(Gateway.KEY, first.getRef()));
    var edge = edge(kit.createTestProbe());
    edge.tell(new EdgeGossip.PublishReport(report(1)));
    edge.tell(news(5, 1, "a"));
    first.expectMessageClass(Gateway.Report.class, SOON);
    receptionist.tell(Receptionist.register(Gateway.KEY, second.getRef()));
    first.stop();
    var told = second.expectMessageClass(Gateway.Report.class, SOON);
    assertThat(told.report()).isEqualTo(report(1));
    assertThat(told.heard()).isEqualTo(new News.Place(5, 1));
  }

  @Test
  void aGatewayThatDoesNotAnswerIsLeftForAnother() {
    var silent = kit.<Gateway.Command>createTestProbe();
    var other = kit.<Gateway.Command>createTestProbe();
    var receptionist = kit.system().receptionist();
    receptionist.tell(Receptionist.register(Gateway.KEY, silent.getRef()));
    var edge = edge(kit.createTestProbe());
    edge.tell(new EdgeGossip.PublishReport(report(1)));
    silent.expectMessageClass(Gateway.Report.class, SOON);
    receptionist.tell(Receptionist.register(Gateway.KEY, other.getRef()));
    assertThat(other.expectMessageClass(Gateway.Report.class, SOON).report()).isEqualTo(report(1));
  }

  @Test
  void aReportIsAnsweredThoughNothingIsNew() {
    var gateway = gateway();
    var news = kit.<News>createTestProbe();
    gossip.tell(new Gossip.PublishPipeline(wanted("a", 1)));
    await(cloud, v -> v.pipelines().containsKey("a"));
    gateway.tell(new Gateway.Report(report(1), News.Place.NONE, news.getRef()));
    // The report itself is news, which may come with the pipeline or behind it.
    var heard = News.Place.NONE;
    var told = new HashSet<String>();
    while (!told.containsAll(Set.of("a", "cloud-1"))) {
      var some = news.receiveMessage(SOON);
      some.wanted().forEach(w -> told.add(w.name()));
      some.nodes().forEach(n -> told.add(n.node()));
      heard = some.place();
    }
    gateway.tell(new Gateway.Report(report(1), heard, news.getRef()));
    assertThat(news.receiveMessage(SOON)).isEqualTo(News.none(heard));
  }

  private ActorRef<Gateway.Command> gateway() {
    return kit.spawn(
        Gateway.create(stream -> 0, Runnable::run, gossip, kit.system().deadLetters(), nanos::get));
  }

  private ActorRef<EdgeGossip.Command> edge(TestProbe<View> views) {
    var edge = kit.spawn(EdgeGossip.create(Clock.systemUTC()));
    edge.tell(new EdgeGossip.Subscribe(views.getRef()));
    return edge;
  }

  private static View await(TestProbe<View> views, Predicate<View> wanted) {
    while (true) {
      var view = views.receiveMessage(SOON);
      if (wanted.test(view)) return view;
    }
  }

  private static News news(long session, long number, String pipeline) {
    return new News(
        new News.Place(session, number),
        List.of(),
        List.of(),
        List.of(wanted(pipeline, 1)),
        List.of(),
        List.of(),
        List.of());
  }

  private static NodeReport report(long sequence) {
    return NodeReport.idle(
        new NodeReport.Self("cloud-1", Role.EDGE, "north", "127.0.0.1", 25_530),
        new NodeReport.Edition(1, sequence),
        new Resources(2, 0, 0, 0, 1, 1, 0, 0, OptionalDouble.empty()));
  }

  private static DesiredPipeline wanted(String name, long version) {
    var spec = Plans.plan(version, List.of(), "detect:reader").spec();
    return new DesiredPipeline(
        version,
        new PipelineSpec(
            name, spec.sources(), spec.stages(), spec.policy(), spec.objective(), spec.delivery()));
  }
}
