package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.OutboxStore.Kind;
import io.dayu.deliver.Ranges;
import io.dayu.element.Element;
import io.dayu.element.Element.Unstored;
import io.dayu.element.Ending;
import io.dayu.facts.Decision;
import io.dayu.facts.InstanceName;
import io.dayu.link.FlowKit;
import io.dayu.link.Inlet;
import io.dayu.link.Logs;
import io.dayu.link.Parcel;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.process.Paths;
import io.dayu.process.Plans;
import io.dayu.process.Router;
import io.dayu.side.Sides;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.testkit.typed.javadsl.BehaviorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sender of a generator on {@code edge-1}. */
final class SenderTest {
  private static final long MS = GenerateKit.MS;
  private static final int MAX_ELEMENT = 5_000;

  /** A stage, or an outbox, somewhere. */
  private record Consumer(TestInbox<Inlet.Command> inbox) {
    /** What it was offered since the last look. */
    List<Element> elements() {
      return inbox.getAllReceived().stream()
          .filter(Inlet.Offer.class::isInstance)
          .flatMap(command -> ((Inlet.Offer) command).parcels().stream())
          .map(Parcel::element)
          .toList();
    }
  }

  @TempDir Path dir;
  private final Unsettled unsettled = new Unsettled();
  private final TestInbox<Router.Locate> locator = TestInbox.create();
  private final TestInbox<Inlet.Grant> grants = TestInbox.create();
  private final Map<String, Consumer> consumers = new HashMap<>(); // by node and instance
  private final Queue<CompletionStage<? extends Sender.Event>> events = new ArrayDeque<>();
  private final Routing routing =
      new Routing("edge-1", GenerateKit.plan(Offline.LOCAL), Sides.NONE);
  private OptionalDouble slowMs = OptionalDouble.empty();
  private int credit = 100;
  private boolean live;
  private long now = GenerateKit.NOW;
  private OutboxStore disk;
  private Router router;
  private BehaviorTestKit<Router.Located> actor; // that the router belongs to
  private Sender sender;

  @BeforeEach
  void start() {
    begin("");
  }

  @AfterEach
  void close() {
    disk.close();
  }

  @Test
  void anElementGoesWithItsPathItsAttemptAndTheDecision() {
    follow(3, "edge-2:1");
    start(7);
    var sent = at("edge-2");
    assertThat(sent).hasSize(1);
    assertThat(sent.get(0))
        .isEqualTo(
            GenerateKit.fresh(7, 10).element().toBuilder()
                .setAttempt(1)
                .setDecision(3)
                .addAllPath(Paths.steps(Map.of("detect", "edge-2")))
                .build());
    assertThat(sender.resent()).isZero();
  }

  @Test
  void itGoesToEveryFirstStage() {
    var plan = Plans.plan(1, List.of(Plans.READER), "detect:reader", "track:reader");
    routing.change(plan);
    var route = GenerateKit.route("detect", "edge-2:1");
    route.putAll(GenerateKit.route("track", "edge-3:1"));
    follow(GenerateKit.decision(1, route));
    start(7);
    connect();
    assertThat(consumer("edge-2", plan.instance("detect")).elements()).hasSize(1);
    assertThat(consumer("edge-3", plan.instance("track")).elements()).hasSize(1);
  }

  @Test
  void whatIsLateIsSentAgainWithGrowingPatience() {
    slowMs = OptionalDouble.of(1_000); // so it is late after four seconds
    follow(1, "edge-2:1");
    start(7);
    at("edge-2");
    for (int seconds : List.of(4, 8, 16, 30, 30)) {
      now += seconds * 1_000 * MS;
      sender.sweep(now);
      assertThat(at("edge-2")).as("after %d s", seconds).isEmpty();
      now += 1;
      sender.sweep(now);
      assertThat(at("edge-2")).hasSize(1);
    }
    assertThat(sender.resent()).isEqualTo(5);
    assertThat(unsettled.flights()).extracting(f -> f.attempt).containsExactly(6);
  }

  @Test
  void whatALiveSourceGaveIsSentAgainSooner() {
    live = true;
    restart();
    slowMs = OptionalDouble.of(1_000);
    follow(1, "edge-2:1");
    start(7);
    at("edge-2");
    for (int seconds : List.of(4, 8, 8, 8)) {
      now += seconds * 1_000 * MS + 1;
      sender.sweep(now);
      assertThat(at("edge-2")).hasSize(1);
    }
  }

  @Test
  void onlyResultsOfALiveSourceComeBackFromTheCloudUnlessItsElementsAreToBeGivenUp() {
    follow(1, "edge-2:1");
    start(7);
    assertThat(at("edge-2").get(0).getUnstored()).isEqualTo(Unstored.AT_CLOUD);
    live = true;
    restart();
    start(8);
    assertThat(at("edge-2").get(0).getUnstored()).isEqualTo(Unstored.AT_ORIGIN);
    routing.change(GenerateKit.plan(Offline.SHED));
    start(9);
    assertThat(at("edge-2").get(0).getUnstored()).isEqualTo(Unstored.AT_CLOUD);
  }

  private void restart() {
    disk.close();
    begin("");
  }

  @Test
  void patienceIsNotShorterThanTheSettingsSay() {
    slowMs = OptionalDouble.of(1);
    follow(1, "edge-2:1");
    start(7);
    assertThat(dueMs()).isEqualTo(3_000);
  }

  @Test
  void beforeAnythingWasMeasuredPatienceIsAThirdOfTheLongest() {
    follow(1, "edge-2:1");
    start(7);
    assertThat(dueMs()).isEqualTo(10_000);
  }

  @Test
  void whatWaitsHereForCreditIsNotCopiedBeforeTheLongestPatienceIsOver() {
    credit = 1;
    follow(1, "edge-2:1");
    start(7);
    start(8);
    assertThat(at("edge-2")).hasSize(1);
    now += 10_001 * MS;
    sender.sweep(now);
    sender.ask(now);
    assertThat(router.waiting("edge-2")).isEqualTo(1);
    assertThat(sender.resent()).isZero();
    now += 30_000 * MS;
    sender.sweep(now);
    assertThat(sender.resent()).isEqualTo(2);
  }

  @Test
  void whatGoesThroughALostNodeGoesRoundIt() {
    follow(1, "edge-2:1", "edge-3:1");
    for (long seq = 0; seq < 4; seq++) start(seq);
    var there = seqs(at("edge-2"));
    assertThat(there).hasSize(2);
    assertThat(at("edge-3")).hasSize(2);
    suspect(Set.of("edge-2"), false);
    var round = at("edge-3");
    assertThat(seqs(round)).isEqualTo(there);
    assertThat(round).allMatch(element -> element.getAttempt() == 2);
    assertThat(at("edge-2")).isEmpty();
  }

  @Test
  void whatHadNoOtherWayIsSentAgainAsSoonAsTheNodeIsBack() {
    follow(1, "edge-2:1");
    suspect(Set.of("edge-2"), false);
    start(7);
    assertThat(at("edge-2")).hasSize(1);
    suspect(Set.of(), false);
    assertThat(at("edge-2")).hasSize(1);
  }

  @Test
  void onACutAllGoAgain() {
    follow(1, "edge-2:1");
    start(7);
    start(8);
    at("edge-2");
    suspect(Set.of("cloud-1"), true);
    assertThat(seqs(at("edge-2"))).containsExactly(7L, 8L);
  }

  @Test
  void whenAcknowledgementsMayBeLostAllThatWasSentGoesAgain() {
    follow(1, "edge-2:1");
    start(7);
    at("edge-2");
    sender.ask(now);
    assertThat(seqs(at("edge-2"))).containsExactly(7L);
  }

  @Test
  void nothingIsSentAgainWhileNoDecisionCoversThePlan() {
    follow(1, "edge-2:1");
    start(7);
    at("edge-2");
    routing.change(Plans.plan(2, List.of(Plans.READER), "track:reader"));
    now += 3_600_000 * MS;
    sender.sweep(now);
    sender.ask(now);
    suspect(Set.of("edge-2"), true);
    assertThat(sender.resent()).isZero();
  }

  @Test
  void whatNoLinkTakesFailsWithItsReason() {
    follow(1, "edge-2:1");
    start(7, MAX_ELEMENT);
    assertThat(at("edge-2")).isEmpty();
    var failed = reported();
    assertThat(failed).hasSize(1);
    assertThat(failed.get(0).hasPayload()).isFalse();
    assertThat(failed.get(0).getAttempt()).isEqualTo(1);
    var ending = failed.get(0).getEnding();
    assertThat(ending.getKind()).isEqualTo(Ending.Kind.FAILED);
    assertThat(ending.getStage()).isEqualTo("detect");
    assertThat(ending.getReason()).contains("dayu.link.max-element is 5000");
  }

  @Test
  void whileTheCloudIsOutOfReachElementsGoToTheDiskWhereThatIsWanted() {
    spools();
    start(7);
    assertThat(at("cloud-1")).isEmpty();
    var spooled = spooled();
    assertThat(spooled.error()).isEmpty();
    assertThat(sender.spooled(spooled, now)).isTrue();
    assertThat(spooled.flight().base.getSeq()).isEqualTo(7);
    assertThat(onDisk()).isEqualTo(Ranges.of(7));
  }

  /** The window would take the time since the machine started for the element's latency. */
  @Test
  void theWayToTheDiskBeginsWhenItIsWritten() {
    spools();
    start(7);
    assertThat(unsettled.flights()).extracting(f -> f.sentNanos).containsExactly(now);
    spooled();
  }

  @Test
  void onACutWhatWasSentGoesToTheDiskWhereThatIsWanted() {
    routing.change(GenerateKit.plan(Offline.SPOOL));
    follow(1, "cloud-1:1");
    start(7);
    assertThat(at("cloud-1")).hasSize(1);
    suspect(Set.of("cloud-1"), true);
    assertThat(spooled().flight().base.getSeq()).isEqualTo(7);
    unsettled.spool(7);
    assertThat(sender.resent()).isZero();
    suspect(Set.of(), false);
    bring();
    assertThat(at("cloud-1")).extracting(Element::getAttempt).containsExactly(2);
  }

  @Test
  void whatTheDiskDoesNotTakeIsTriedAgainSoonAndPeopleAreToldOnce() {
    disk.close();
    begin("quota = 1");
    disk.put(Kind.ELEMENT, List.of(FlowKit.element(6, 10))).toCompletableFuture().join();
    spools();
    try (var logs = Logs.of(Sender.class)) {
      start(7);
      var refused = spooled();
      assertThat(sender.spooled(refused, now)).isFalse();
      assertThat(dueMs()).isEqualTo(1_000);
      now += 1_001 * MS;
      sender.sweep(now);
      assertThat(sender.spooled(spooled(), now)).isFalse();
      assertThat(logs.loud()).hasSize(1);
      assertThat(logs.has(Level.WARN, GenerateKit.STREAM.toString(), "dayu.outbox.quota")).isTrue();
    }
  }

  @Test
  void whatWaitsOnTheDiskComesBackWhenTheCloudDoes() {
    waitsOnDisk(7, 8);
    now += 200 * MS;
    sender.bring(now);
    assertThat(events).as("out of reach").isEmpty();
    suspect(Set.of(), false);
    bring();
    var back = at("cloud-1");
    assertThat(seqs(back)).containsExactly(7L, 8L);
    assertThat(back).as("for the first time").allMatch(element -> element.getAttempt() == 1);
    assertThat(unsettled.spooled()).as("until they are settled").isEqualTo(Ranges.of(7, 8));
    assertThat(unsettled.inFlight()).as("outside of the window").isZero();
  }

  @Test
  void whatCameBackIsSentAgainWhenItIsLate() {
    waitsOnDisk(7);
    suspect(Set.of(), false);
    bring();
    at("cloud-1");
    now += 30_001 * MS;
    sender.sweep(now);
    assertThat(seqs(at("cloud-1"))).containsExactly(7L);
    sender.ask(now);
    assertThat(seqs(at("cloud-1"))).containsExactly(7L);
  }

  @Test
  void whatComesBackIsAsOldAsItIs() {
    waitsOnDisk(7);
    suspect(Set.of(), false);
    var found = broughtFromDisk();
    long created = found.elements().get(0).getCreatedAtMs();
    sender.brought(found, created + 5_000, now);
    assertThat(unsettled.again().get(7L).bornNanos).isEqualTo(now - 5_000 * MS);
  }

  @Test
  void whatIsSettledOrUnderWayWhenItComesBackIsLeftOut() {
    waitsOnDisk(7, 8);
    suspect(Set.of(), false);
    var found = broughtFromDisk();
    unsettled.landOutside(7);
    sender.brought(found, 0, now);
    sender.brought(found, 0, now);
    assertThat(seqs(at("cloud-1"))).containsExactly(8L);
  }

  @Test
  void whatComesBackWhenTheCloudIsGoneAgainWaitsOn() {
    waitsOnDisk(7);
    suspect(Set.of(), false);
    var found = broughtFromDisk();
    suspect(Set.of("cloud-1"), true);
    sender.brought(found, 0, now);
    assertThat(at("cloud-1")).isEmpty();
    assertThat(unsettled.again()).isEmpty();
    suspect(Set.of(), false);
    bring();
    assertThat(seqs(at("cloud-1"))).containsExactly(7L);
  }

  @Test
  void onACutWhatCameBackWaitsOnTheDiskAgain() {
    waitsOnDisk(7);
    suspect(Set.of(), false);
    bring();
    at("cloud-1");
    sender.rewind();
    suspect(Set.of("cloud-1"), true);
    assertThat(events).as("it is there already").isEmpty();
    suspect(Set.of(), false);
    bring();
    assertThat(seqs(at("cloud-1"))).containsExactly(7L);
  }

  @Test
  void aReadThatFailsBringsNothingAndIsDoneAgain() {
    waitsOnDisk(7);
    suspect(Set.of(), false);
    disk.close();
    var nothing = broughtFromDisk();
    assertThat(nothing.error()).isPresent();
    assertThat(nothing.elements()).isEmpty();
    sender.brought(nothing, 0, now);
    now += 200 * MS;
    sender.bring(now);
    assertThat(events).hasSize(1);
    disk = GenerateKit.disk(dir, "");
  }

  @Test
  void lostElementsHaveAMomentBeforeTheyAreReportedAsFailed() {
    follow(1, "edge-2:1");
    sender.lost(List.of(GenerateKit.span(7)), "the camera is gone", 5, now);
    sender.ask(now);
    now += 3_000 * MS; // dayu.generate.min-resend
    sender.sweep(now);
    suspect(Set.of("cloud-1"), true);
    suspect(Set.of(), false);
    assertThat(reported()).isEmpty();
    now += 1;
    sender.sweep(now);
    var failed = reported();
    assertThat(failed).hasSize(1);
    assertThat(failed.get(0).getSeq()).isEqualTo(7);
    assertThat(failed.get(0).getAttempt()).isEqualTo(2);
    assertThat(failed.get(0).getCreatedAtMs()).isEqualTo(1);
    assertThat(failed.get(0).getEnding().getReason()).isEqualTo("the camera is gone");
  }

  @Test
  void lostElementsAreReportedUntilThatIsAcknowledged() {
    spools(); // does not matter to them
    sender.lost(List.of(new SourceSpan(7, 0, 0, 0)), "the camera is gone", 5, now);
    now += 3_001 * MS;
    sender.sweep(now);
    var first = reported().get(0);
    assertThat(first.getCreatedAtMs()).as("nothing better is known").isEqualTo(5);
    now += 10_001 * MS;
    sender.sweep(now);
    sender.ask(now);
    suspect(Set.of(), false);
    suspect(Set.of("cloud-1"), true);
    assertThat(reported()).extracting(Element::getAttempt).containsExactly(3, 4, 5);
    assertThat(events).isEmpty();
    unsettled.landOutside(7);
    now += 60_000 * MS;
    sender.sweep(now);
    assertThat(reported()).isEmpty();
  }

  private void begin(String outbox) {
    disk = GenerateKit.disk(dir, outbox);
    actor =
        BehaviorTestKit.create(
            Behaviors.setup(
                context -> {
                  router =
                      new Router(
                          context,
                          locator.getRef(),
                          context.getSelf(),
                          grants.getRef(),
                          FlowKit.links(""));
                  return Behaviors.receiveMessage(
                      located -> {
                        router.located(located);
                        return Behaviors.same();
                      });
                }));
    sender =
        new Sender(
            GenerateKit.settings(""),
            MAX_ELEMENT,
            live,
            GenerateKit.STREAM,
            "edge-1",
            router,
            routing,
            unsettled,
            new Spool(disk, GenerateKit.STREAM, 1 << 20, now),
            () -> slowMs,
            events::add);
  }

  /** The pipeline wants elements on the disk, and the cloud is out of reach. */
  @Test
  void whatEndedAtItsSourceGoesToTheOutboxAndNotToTheDiskOfElements() {
    spools();
    var failed = Ending.newBuilder().setKind(Ending.Kind.FAILED).setReason("no reading");
    var element = FlowKit.element(7, 1).toBuilder().clearPayload().setEnding(failed).build();
    unsettled.add(element, now, GenerateKit.span(7));
    sender.start(unsettled.launch(), now);
    assertThat(events).isEmpty();
    assertThat(reported()).extracting(Element::getSeq).containsExactly(7L);
  }

  private void spools() {
    routing.change(GenerateKit.plan(Offline.SPOOL));
    follow(1, "cloud-1:1");
    suspect(Set.of("cloud-1"), true);
  }

  private void waitsOnDisk(long... seqs) {
    spools();
    for (long seq : seqs) {
      start(seq);
      sender.spooled(spooled(), now);
      unsettled.spool(seq);
    }
  }

  private void follow(long version, String... shares) {
    follow(GenerateKit.decision(version, GenerateKit.route("detect", shares)));
  }

  private void follow(Decision decision) {
    assertThat(routing.follow(decision)).isTrue();
  }

  private void suspect(Set<String> nodes, boolean offline) {
    boolean cutOff = offline && !routing.isOffline();
    sender.turn(routing.turn(nodes, offline), cutOff, now);
  }

  private void start(long seq) {
    start(seq, 10);
  }

  private void start(long seq, int bytes) {
    var made = GenerateKit.fresh(seq, bytes);
    unsettled.add(made.element(), now, made.span());
    sender.start(unsettled.launch(), now);
  }

  /** How long the only element on its way has until it is late. */
  private long dueMs() {
    return (unsettled.flights().iterator().next().dueNanos - now) / MS;
  }

  private Sender.Spooled spooled() {
    return (Sender.Spooled) events.remove().toCompletableFuture().join();
  }

  private Sender.Brought broughtFromDisk() {
    now += 200 * MS;
    sender.bring(now);
    return (Sender.Brought) events.remove().toCompletableFuture().join();
  }

  private void bring() {
    sender.brought(broughtFromDisk(), 0, now);
  }

  private Ranges onDisk() {
    return disk.content(GenerateKit.STREAM).toCompletableFuture().join().elements();
  }

  /** What the first stage on a node was offered since the last look. */
  private List<Element> at(String node) {
    connect();
    return consumer(node, routing.plan().instance("detect")).elements();
  }

  /** What was reported as failed since the last look. */
  private List<Element> reported() {
    connect();
    return consumer("edge-1", InstanceName.OUTBOX).elements();
  }

  /** Answers where consumers are; each takes so many elements at first. */
  private void connect() {
    router.flush();
    for (var locate : locator.getAllReceived()) {
      var found = consumer(locate.node(), locate.instance()).inbox().getRef();
      actor.run(new Router.Located(locate.node(), locate.instance(), found));
      router.granted(new Inlet.Grant(found, credit, 1 << 20));
    }
  }

  private Consumer consumer(String node, InstanceName instance) {
    return consumers.computeIfAbsent(
        node + " " + instance, where -> new Consumer(TestInbox.create()));
  }

  private static List<Long> seqs(List<Element> elements) {
    return elements.stream().map(Element::getSeq).toList();
  }
}
