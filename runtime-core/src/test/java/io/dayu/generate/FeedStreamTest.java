package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.generate.Feed.Ended;
import io.dayu.generate.Feed.Event;
import io.dayu.generate.Feed.Given;
import io.dayu.generate.Feed.Opened;
import io.dayu.generate.Feed.Reached;
import io.dayu.generate.SourceBatches.Piece;
import io.dayu.link.FlowKit;
import io.dayu.source.Access;
import io.dayu.source.Knobs;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.FishingOutcomes;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class FeedStreamTest {
  private static final URI ORIGIN = URI.create("fake:cam");
  private static final Duration SOON = Duration.ofSeconds(30);

  private static ActorTestKit kit;

  private final List<SourceContext> contexts = new ArrayList<>(); // of every opening
  private final TestProbe<Event> owner = kit.createTestProbe();

  @BeforeAll
  static void start() {
    kit = FlowKit.start();
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void theSourceIsOpenedAtThePosition() {
    var feed = feed(context -> Source.empty());
    feed.open(17, 0);
    owner.expectMessageClass(Opened.class, SOON);
    var context = contexts.get(0);
    assertThat(context.position()).isEqualTo(17);
    assertThat(context.uri()).isEqualTo(ORIGIN);
    assertThat(context.stream()).isEqualTo(GenerateKit.STREAM.toString());
  }

  @Test
  void aSourceThatIsOpenIsNotOpenedAgain() {
    var feed = feed(context -> Source.never());
    feed.open(0, 0);
    feed.open(5, 0);
    assertThat(contexts).hasSize(1);
    feed.close();
  }

  /** The source tells of each segment that it gives. */
  @Test
  void everyRequestBringsOneBatch() {
    var queues = new ArrayList<BoundedSourceQueue<Segment>>();
    var feed =
        feed(
            context -> {
              var made = Source.<Segment>queue(10).preMaterialize(kit.system());
              queues.add(made.first());
              return made.second()
                  .map(
                      segment -> {
                        context.reached().run();
                        return segment;
                      });
            });
    feed.open(0, 0);
    feed.waits(owner.expectMessageClass(Opened.class, SOON).source());
    for (int number = 0; number < 3; number++) {
      queues.get(0).offer(GenerateKit.segment(number, 10));
      owner.expectMessageClass(Reached.class, SOON);
    }
    var pieces = new ArrayList<Piece>();
    for (int number = 0; number < 3; number++) {
      assertThat(feed.isWaiting()).isTrue();
      feed.pull();
      assertThat(feed.isWaiting()).isFalse();
      feed.pull(); // nobody waits for it
      var given = owner.expectMessageClass(Given.class, SOON);
      pieces.addAll(given.pieces());
      queues.get(0).offer(GenerateKit.segment(number + 3, 10));
      owner.expectMessageClass(Reached.class, SOON);
      feed.waits(given.source());
    }
    // What was read while a batch was handed over has formed the next one.
    for (int number = 0; number < pieces.size(); number++)
      assertThat(pieces.get(number)).isEqualTo(piece(number));
    assertThat(pieces).hasSizeBetween(3, 5);
    feed.close();
  }

  @Test
  void allComesInItsOrderInBatchesNoLargerThanTheWindow() {
    var feed = feed("max-window = 5", context -> numbers(100));
    feed.open(0, 0);
    feed.waits(owner.expectMessageClass(Opened.class, SOON).source());
    var pieces = new ArrayList<Piece>();
    while (pieces.size() < 100) {
      feed.pull();
      var given = owner.expectMessageClass(Given.class, SOON);
      assertThat(given.pieces()).hasSizeBetween(1, 5);
      pieces.addAll(given.pieces());
      feed.waits(given.source());
    }
    feed.pull();
    assertThat(feed.isCurrent(owner.expectMessageClass(Ended.class, SOON))).isTrue();
    assertThat(pieces).isEqualTo(IntStream.range(0, 100).mapToObj(FeedStreamTest::piece).toList());
    assertThat(feed.isOver()).isFalse();
    feed.ended();
    assertThat(feed.isOver()).isTrue();
    feed.open(100, 0);
    assertThat(contexts).hasSize(1);
  }

  @Test
  void aFailureComesBehindWhatWasReadBeforeIt() {
    var lost = new SourceException("camera is gone", false, null);
    var feed =
        feed(
            context ->
                numbers(3)
                    .map(
                        segment -> {
                          if (segment.position() == 3) throw lost;
                          return segment;
                        }));
    assertThat(read(feed)).containsExactly(piece(0), piece(1), failure(lost));
  }

  @Test
  void aFailureComesBehindWhatWasReadBeforeItAlsoWhereNotEverythingMayBeOpened() {
    access = target -> {};
    aFailureComesBehindWhatWasReadBeforeIt();
  }

  /** The end is asked for while the source makes a segment, so it is known before that is given. */
  @Test
  void whatASourceGivesBeforeItHasEndedIsHandedOver() throws Exception {
    var making = new CountDownLatch(1);
    var ending = new CountDownLatch(1);
    var feed =
        feed(
            context ->
                numbers(1)
                    .concat(Source.never())
                    .map(
                        segment -> {
                          making.countDown();
                          assertThat(ending.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
                          return segment;
                        }));
    feed.open(0, 0);
    feed.waits(owner.expectMessageClass(Opened.class, SOON).source());
    feed.pull();
    assertThat(making.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
    feed.rest();
    assertThat(feed.isResting()).isTrue();
    ending.countDown();
    var given = owner.expectMessageClass(Given.class, SOON);
    assertThat(given.pieces()).containsExactly(piece(0));
    feed.waits(given.source());
    feed.pull();
    assertThat(feed.isCurrent(owner.expectMessageClass(Ended.class, SOON))).isTrue();
    feed.close();
  }

  @Test
  void whatASourceGivesBeforeItHasEndedIsHandedOverAlsoWhereNotEverythingMayBeOpened()
      throws Exception {
    access = target -> {};
    whatASourceGivesBeforeItHasEndedIsHandedOver();
  }

  @Test
  void aSourceThatMayNotBeOpenedIsNotAndHasFailed() {
    var refused = new SourceException("not declared", true, null);
    access =
        target -> {
          throw refused;
        };
    assertThat(read(feed(context -> numbers(1)))).containsExactly(failure(refused));
    assertThat(contexts).isEmpty();
  }

  @Test
  void aSourceThatCannotBeOpenedHasFailed() {
    var none = new SourceException("no such file", true, null);
    var feed =
        feed(
            context -> {
              throw none;
            });
    assertThat(read(feed)).containsExactly(failure(none));
  }

  @Test
  void aLibraryThatIsMissingIsAFailureForGood() {
    var feed =
        feed(
            context -> {
              throw new UnsatisfiedLinkError("no decoder");
            });
    var pieces = read(feed);
    assertThat(pieces).hasSize(1);
    var cause = pieces.get(0).failure().orElseThrow();
    assertThat(cause).hasMessageContaining("no decoder");
    assertThat(feed.failed(cause, 0)).isEmpty();
    assertThat(feed.isOver()).isTrue();
  }

  @Test
  void whatAnEarlierOpeningStillSendsIsNotCurrent() {
    var feed = feed(context -> Source.never());
    feed.open(0, 0);
    var first = owner.expectMessageClass(Opened.class, SOON);
    assertThat(feed.isCurrent(first)).isTrue();
    feed.waits(first.source());
    feed.failed(new SourceException("camera is gone", false, null), 0);
    assertThat(feed.isCurrent(first)).isFalse();
    assertThat(feed.isWaiting()).as("the earlier opening is not asked").isFalse();
    assertThat(feed.isCurrent(owner.expectMessageClass(Ended.class, SOON))).isFalse();
    feed.open(9, 0);
    assertThat(contexts.get(1).position()).isEqualTo(9);
    assertThat(feed.isCurrent(first)).isFalse();
    assertThat(feed.isCurrent(owner.expectMessageClass(Opened.class, SOON))).isTrue();
    contexts.get(0).reached().run();
    assertThat(feed.isCurrent(owner.expectMessageClass(Reached.class, SOON))).isFalse();
    contexts.get(1).reached().run();
    assertThat(feed.isCurrent(owner.expectMessageClass(Reached.class, SOON))).isTrue();
    feed.close();
  }

  @Test
  void theBackOffDoublesUpToItsBoundAndBeginsAnewOnceTheSourceWorks() {
    var feed = feed("source-min-backoff = 1s, source-max-backoff = 5s", context -> Source.never());
    assertThat(IntStream.range(0, 5).mapToObj(i -> lasts(feed, false, 0)))
        .containsExactly(1L, 2L, 4L, 5L, 5L);
    assertThat(lasts(feed, true, 6)).isEqualTo(1);
    assertThat(feed.isOver()).isFalse();
  }

  @Test
  void aSourceThatGivesALittleBeforeEachFailureIsOpenedLessAndLessOften() {
    var feed = feed("source-min-backoff = 1s, source-max-backoff = 5s", context -> Source.never());
    assertThat(IntStream.range(0, 5).mapToObj(i -> lasts(feed, true, 0)))
        .as("it fails at once")
        .containsExactly(1L, 2L, 4L, 5L, 5L);
    assertThat(lasts(feed, true, 5)).as("not longer than it was waited for").isEqualTo(5);
    assertThat(lasts(feed, true, 6)).isEqualTo(1);
    assertThat(lasts(feed, false, 600)).as("and it gives nothing").isEqualTo(2);
  }

  /** The wait in seconds after the source was open for some time and failed. */
  private long lasts(Feed feed, boolean gives, int seconds) {
    feed.open(0, 0);
    if (gives) feed.works();
    var failure = new IllegalStateException("a fault of the source");
    return feed.failed(failure, seconds(seconds)).orElseThrow().toSeconds();
  }

  @Test
  void aSourceThatGivesNothingWhileNoThreadIsFreeLacksOne() throws Exception {
    var feed = feed(context -> Source.never());
    feed.open(0, 0);
    var threads =
        kit.system()
            .dispatchers()
            .lookup(DispatcherSelector.fromConfig(SourceContext.BLOCKING_DISPATCHER));
    var taken = new CountDownLatch(1);
    int all =
        kit.system()
            .settings()
            .config()
            .getInt(SourceContext.BLOCKING_DISPATCHER + ".thread-pool-executor.fixed-pool-size");
    try {
      for (int i = 0; i < all; i++)
        threads.execute(
            () -> {
              try {
                taken.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
      assertThat(feed.lacksThread(seconds(2))).as("it has hardly begun").isFalse();
      assertThat(feed.lacksThread(seconds(3))).as("it is asked for one now").isFalse();
      assertThat(feed.lacksThread(seconds(5))).isFalse();
      assertThat(feed.lacksThread(seconds(6))).isTrue();
    } finally {
      taken.countDown();
    }
    owner.fishForMessage(
        SOON,
        event ->
            event instanceof Feed.ThreadFree
                ? FishingOutcomes.complete()
                : FishingOutcomes.continueAndIgnore());
    feed.threadFree();
    assertThat(feed.lacksThread(seconds(7))).isFalse();
    feed.answers();
    assertThat(feed.lacksThread(seconds(90))).as("its origin answers").isFalse();
    feed.close();
  }

  private static long seconds(int seconds) {
    return Duration.ofSeconds(seconds).toNanos();
  }

  @Test
  void anOriginThatAsksToBeLeftAloneIsNotOpenedSooner() {
    var feed = feed("source-min-backoff = 1s, source-max-backoff = 5s", context -> Source.never());
    assertThat(feed.failed(SourceException.passing("too many requests", Duration.ofSeconds(60)), 0))
        .contains(Duration.ofSeconds(60));
    assertThat(feed.failed(SourceException.passing("too many requests", Duration.ofSeconds(1)), 0))
        .as("the wait that grows is longer")
        .contains(Duration.ofSeconds(2));
  }

  @Test
  void aPermanentFailureEndsIt() {
    var feed = feed(context -> Source.never());
    assertThat(feed.failed(new SourceException("corrupt", true, null), 0)).isEmpty();
    assertThat(feed.isOver()).isTrue();
    feed.open(0, 0);
    assertThat(contexts).isEmpty();
  }

  @Test
  void closingItStopsTheSourceForGood() {
    var stopped = new CompletableFuture<Done>();
    var feed =
        feed(
            context ->
                Source.<Segment>never()
                    .watchTermination(
                        (notUsed, done) -> {
                          done.thenAccept(stopped::complete);
                          return NotUsed.getInstance();
                        }));
    feed.open(0, 0);
    var opened = owner.expectMessageClass(Opened.class, SOON);
    feed.close();
    stopped.orTimeout(SOON.toSeconds(), TimeUnit.SECONDS).join();
    assertThat(feed.isCurrent(opened)).isFalse();
    assertThat(feed.isOver()).isTrue();
    feed.open(0, 0);
    assertThat(contexts).hasSize(1);
  }

  @Test
  void aSourceThatWantsToKnowIsToldWhatIsSettled() {
    var feed = feed(context -> Source.never());
    feed.tellSettled(1); // nobody listens
    feed.open(0, 0);
    assertThat(feed.isListening()).isFalse();
    var told = new ArrayList<Long>();
    contexts.get(0).settled().accept(told::add);
    assertThat(feed.isListening()).isTrue();
    feed.tellSettled(7);
    feed.close();
    feed.tellSettled(9); // after it was closed, too
    assertThat(told).containsExactly(7L, 9L);
  }

  @Test
  void theLastListenerCounts() {
    var feed = feed(context -> Source.never());
    feed.open(0, 0);
    var first = new ArrayList<Long>();
    var second = new ArrayList<Long>();
    contexts.get(0).settled().accept(first::add);
    contexts.get(0).settled().accept(second::add);
    feed.tellSettled(7);
    assertThat(first).isEmpty();
    assertThat(second).containsExactly(7L);
    feed.close();
  }

  @Test
  void knobsHoldForASourceThatIsOpenAndForItsNextOpening() {
    var feed = feed(context -> Source.never());
    feed.open(0, 0);
    assertThat(contexts.get(0).knobs().get()).isEqualTo(Knobs.NONE);
    var tuned = new Knobs(Map.of("fps", 5.0));
    feed.tune(tuned);
    assertThat(contexts.get(0).knobs().get()).isEqualTo(tuned);
    feed.failed(new SourceException("camera is gone", false, null), 0);
    feed.open(0, 0);
    assertThat(contexts.get(1).knobs().get()).isEqualTo(tuned);
    feed.close();
  }

  private Access access = Access.ANYTHING;
  private final SourceBytes memory = new SourceBytes(FlowKit.memory(512).sources());

  private Feed feed(Function<SourceContext, Source<Segment, NotUsed>> open) {
    return feed("", open);
  }

  private Feed feed(String settings, Function<SourceContext, Source<Segment, NotUsed>> open) {
    var provider =
        GenerateKit.source(
            true,
            Repeat.NONE,
            context -> {
              contexts.add(context);
              return open.apply(context);
            });
    var generate = GenerateKit.settings(settings);
    return new Feed(
        kit.system(),
        owner.ref(),
        generate.maxWindow(),
        new Feed.Origin(GenerateKit.STREAM, ORIGIN, provider, access),
        GenerateKit.steady(generate),
        memory,
        memory.account(),
        false);
  }

  /** All that a source gives, up to its failure. */
  private List<Piece> read(Feed feed) {
    var pieces = new ArrayList<Piece>();
    feed.open(0, 0);
    feed.waits(owner.expectMessageClass(Opened.class, SOON).source());
    do {
      feed.pull();
      var given = owner.expectMessageClass(Given.class, SOON);
      pieces.addAll(given.pieces());
      feed.waits(given.source());
    } while (pieces.get(pieces.size() - 1).failure().isEmpty());
    feed.close();
    return pieces;
  }

  private static Source<Segment, NotUsed> numbers(int count) {
    return Source.range(0, count - 1).map(n -> GenerateKit.segment(n, 10));
  }

  private static Piece piece(int number) {
    return new Piece(
        Optional.of(GenerateKit.segment(number, 10)),
        Optional.empty(),
        GenerateKit.segment(number, 10).payload().getSerializedSize(),
        false);
  }

  private static Piece failure(Throwable cause) {
    return new Piece(Optional.empty(), Optional.of(cause), 0, false);
  }
}
