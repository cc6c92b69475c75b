package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.OutboxStore.Kind;
import io.dayu.deliver.Ranges;
import io.dayu.generate.Checkpoints.Found;
import io.dayu.generate.Checkpoints.NotFound;
import io.dayu.generate.Checkpoints.NotSaved;
import io.dayu.generate.Checkpoints.Saved;
import io.dayu.link.FlowKit;
import io.dayu.link.Logs;
import io.dayu.source.Access;
import io.dayu.source.Repeat;
import io.dayu.stage.Causes;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CheckpointsTest {
  private static final URI ORIGIN = URI.create("fake:cam");

  @TempDir Path dir;
  private final FakeMemory memory = new FakeMemory();
  private final Numbering numbering = new Numbering();
  private final Unsettled unsettled = new Unsettled();
  private final StreamCounts counts = new StreamCounts(GenerateKit.NOW);
  private final Queue<CompletionStage<? extends Checkpoints.Event>> events = new ArrayDeque<>();
  private OutboxStore disk;
  private Checkpoints checkpoints;

  @BeforeEach
  void start() {
    disk = GenerateKit.disk(dir, "");
    var origin =
        new Feed.Origin(
            GenerateKit.STREAM,
            ORIGIN,
            GenerateKit.source(false, Repeat.EXACT, context -> Source.empty()),
            Access.ANYTHING);
    checkpoints = new Checkpoints(origin, memory, disk, numbering, events::add);
  }

  @AfterEach
  void close() {
    disk.close();
  }

  @Test
  void itBeginsWhereTheLastRunEndedWithoutAskingTheCloud() {
    memory.set(new Progress("fake:cam", 900, 7, 800, 810, 300, 2, 1, 20, Ranges.of(800)));
    memory.note(List.of(new SourceSpan(800, 7, 8, 1)));
    checkpoints.start(
        () -> {
          throw new AssertionError("the cloud need not be asked");
        });
    var found = ((Found) heard()).start();
    assertThat(found.resumed().progress().position()).isEqualTo(7);
    assertThat(found.resumed().progress().nextSeq()).isEqualTo(900);
    assertThat(found.resumed().replayed()).containsExactly(new SourceSpan(800, 7, 8, 1));
    assertThat(memory.kept().orElseThrow().nextSeq()).isEqualTo(900 + Numbering.BLOCK);
  }

  @Test
  void withoutARecordItBeginsWhereTheCloudSays() {
    checkpoints.start(cloud(500));
    var progress = ((Found) heard()).start().resumed().progress();
    assertThat(progress.nextSeq()).isEqualTo(500);
    assertThat(progress.position()).isZero();
    assertThat(progress.generated()).isZero();
  }

  @Test
  void withoutARecordItBeginsAboveWhatIsOnTheDiskWhichCountsAsOpen() {
    onDisk(Kind.RESULT, 600);
    onDisk(Kind.ELEMENT, 700);
    checkpoints.start(cloud(500));
    var found = ((Found) heard()).start();
    assertThat(found.resumed().progress().nextSeq()).isEqualTo(701);
    assertThat(found.kept()).isEqualTo(Ranges.of(600, 700));
    assertThat(found.onDisk().elements()).isEqualTo(Ranges.of(700));
  }

  @Test
  void withoutARecordItBeginsAboveWhatWasCut() {
    memory.note(List.of(GenerateKit.span(800)));
    checkpoints.start(cloud(500));
    assertThat(((Found) heard()).start().resumed().progress().nextSeq()).isEqualTo(801);
  }

  @Test
  void whatIsOnTheDiskAndWasSettledIsNotKept() {
    onDisk(Kind.RESULT, 5, 6);
    memory.set(new Progress("fake:cam", 900, 9, 9, 9, 8, 0, 0, 9, Ranges.of(6)));
    checkpoints.start(cloud(0));
    var found = ((Found) heard()).start();
    assertThat(found.kept()).isEqualTo(Ranges.of(6));
    assertThat(found.onDisk().all()).isEqualTo(Ranges.of(5, 6));
  }

  @Test
  void numbersAreReservedBeforeItIsToldThatItMayBegin() {
    memory.waits();
    checkpoints.start(cloud(500));
    join(disk.content(GenerateKit.STREAM)); // answered after that of the start
    var event = events.remove().toCompletableFuture();
    assertThat(event).isNotDone();
    memory.answer();
    assertThat(event.join()).isInstanceOf(Found.class);
    assertThat(memory.kept().orElseThrow().nextSeq()).isEqualTo(500 + Numbering.BLOCK);
  }

  @Test
  void whereItCannotBeKnownWhereToBeginThatIsToldAndItCanBeTriedAgain() {
    checkpoints.start(
        () -> CompletableFuture.failedStage(new IllegalStateException("no cloud node answers")));
    var notFound = (NotFound) heard();
    assertThat(Causes.of(notFound.cause())).hasMessage("no cloud node answers");
    memory.broken(true);
    checkpoints.start(cloud(500));
    assertThat(heard()).as("no number is reserved").isInstanceOf(NotFound.class);
    memory.broken(false);
    checkpoints.start(cloud(500));
    assertThat(heard()).isInstanceOf(Found.class);
  }

  @Test
  void beforeTheStartThereIsNothingToSave() {
    checkpoints.save(unsettled, counts, 0);
    assertThat(events).isEmpty();
    assertThat(join(checkpoints.end(unsettled, counts, 3))).isEqualTo(3);
    assertThat(memory.kept()).isEmpty();
  }

  @Test
  void aSaveSaysHowFarTheStreamHasCome() {
    begin();
    cut(500, 501, 502);
    land(500);
    var saved = save(9);
    assertThat(saved).isEqualTo(new Saved(500 + Numbering.BLOCK, 501));
    assertThat(memory.kept().orElseThrow())
        .isEqualTo(
            new Progress(
                "fake:cam", 500 + Numbering.BLOCK, 501, 501, 503, 1, 0, 0, 9, Ranges.of(501, 502)));
  }

  @Test
  void whereNothingHasChangedNothingIsWritten() {
    begin();
    cut(500);
    save(9);
    checkpoints.save(unsettled, counts, 9);
    assertThat(events).isEmpty();
    land(500);
    checkpoints.save(unsettled, counts, 9);
    assertThat(events).hasSize(1);
  }

  @Test
  void oneSaveIsUnderWayAtATime() {
    begin();
    memory.waits();
    cut(500);
    checkpoints.save(unsettled, counts, 9);
    land(500);
    checkpoints.save(unsettled, counts, 9);
    assertThat(memory.waiting()).isEqualTo(1);
    memory.answer();
    checkpoints.saved((Saved) heard());
    checkpoints.save(unsettled, counts, 9);
    assertThat(memory.waiting()).isEqualTo(1);
  }

  @Test
  void whatIsSettledMayBeRemovedOnceTheSaveThatCountsItIsDurable() {
    begin();
    cut(500, 501);
    land(500);
    memory.waits();
    assertThat(checkpoints.save(unsettled, counts, 9).isEmpty()).isTrue();
    land(501);
    assertThat(checkpoints.save(unsettled, counts, 9).isEmpty()).as("under way").isTrue();
    memory.answer();
    assertThat(checkpoints.saved((Saved) heard())).isEqualTo(Ranges.of(500));
    checkpoints.save(unsettled, counts, 9);
    memory.answer();
    assertThat(checkpoints.saved((Saved) heard())).isEqualTo(Ranges.of(501));
  }

  @Test
  void whatDurableCountsTellOfMayBeRemovedAtOnce() {
    begin();
    cut(500);
    land(500);
    save(9);
    checkpoints.settled(500); // of another attempt, on the disk
    assertThat(checkpoints.save(unsettled, counts, 9)).isEqualTo(Ranges.of(500));
    assertThat(events).isEmpty();
  }

  @Test
  void aSaveThatFailsIsTriedAgainAndNothingIsForgottenMeanwhile() {
    begin();
    cut(500, 501);
    land(500);
    memory.waits();
    checkpoints.save(unsettled, counts, 9);
    land(501);
    memory.refuse();
    checkpoints.notSaved((NotSaved) heard());
    assertThat(checkpoints.save(unsettled, counts, 9).isEmpty()).isTrue();
    memory.answer();
    assertThat(checkpoints.saved((Saved) heard())).isEqualTo(Ranges.of(500, 501));
  }

  @Test
  void aSaveThatFailsIsTriedAgainEvenIfNothingHasChangedSince() {
    begin();
    cut(500);
    memory.broken(true);
    checkpoints.save(unsettled, counts, 9);
    checkpoints.notSaved((NotSaved) heard());
    memory.broken(false);
    save(9);
    assertThat(memory.kept().orElseThrow().open()).isEqualTo(Ranges.of(500));
  }

  @Test
  void peopleAreToldOnceThatNothingCanBeKeptAndAgainAfterItCould() {
    begin();
    cut(500);
    try (var logs = Logs.of(Checkpoints.class)) {
      memory.broken(true);
      for (int i = 0; i < 3; i++) {
        checkpoints.save(unsettled, counts, 9);
        checkpoints.notSaved((NotSaved) heard());
      }
      assertThat(logs.loud()).hasSize(1);
      assertThat(
              logs.has(
                  Level.WARN, GenerateKit.STREAM.toString(), "dayu.node.data-dir", "disk full"))
          .isTrue();
      memory.broken(false);
      save(9);
      memory.broken(true);
      checkpoints.save(unsettled, counts, 10);
      checkpoints.notSaved((NotSaved) heard());
      assertThat(logs.loud()).hasSize(2);
    }
  }

  @Test
  void moreNumbersAreReservedByASaveOnceItIsDurable() {
    begin();
    for (long i = 0; i < Numbering.BLOCK; i++) numbering.take();
    memory.waits();
    checkpoints.save(unsettled, counts, 9);
    assertThat(numbering.has(1)).isFalse();
    memory.answer();
    var saved = (Saved) heard();
    assertThat(saved.reserved()).isEqualTo(500 + 2 * Numbering.BLOCK);
    assertThat(numbering.has(1)).isFalse();
    checkpoints.saved(saved);
    assertThat(numbering.has((int) Numbering.BLOCK)).isTrue();
  }

  @Test
  void aSaveCoversWhatIsStillToBeReadAgain() {
    begin();
    unsettled.replayed().restore(List.of(GenerateKit.span(20), GenerateKit.span(22)), 30);
    counts.restore(new Progress("fake:cam", 500, 20, 20, 500, 0, 0, 0, 30, Ranges.of(20, 22)));
    assertThat(save(19)).isEqualTo(new Saved(500 + Numbering.BLOCK, 19));
    var kept = memory.kept().orElseThrow();
    assertThat(kept.firstReplayed()).isEqualTo(20);
    assertThat(kept.readTo()).isEqualTo(30);
    assertThat(kept.open()).isEqualTo(Ranges.of(20, 22));
  }

  @Test
  void atTheEndNumbersThatWereNotUsedAreGivenBack() {
    begin();
    cut(500, 501);
    land(500);
    assertThat(join(checkpoints.end(unsettled, counts, 9))).as("settled before").isEqualTo(501);
    var kept = memory.kept().orElseThrow();
    assertThat(kept.nextSeq()).isEqualTo(502);
    assertThat(kept.open()).isEqualTo(Ranges.of(501));
    assertThat(numbering.has(1)).isFalse();
  }

  @Test
  void theEndIsKnownWhenItIsDurable() {
    begin();
    memory.waits();
    var end = checkpoints.end(unsettled, counts, 9).toCompletableFuture();
    assertThat(end).isNotDone();
    memory.answer();
    assertThat(end).isCompletedWithValue(9L);
  }

  @Test
  void aStreamThatIsRemovedLeavesOnlyResultsThatAreOnTheirWay() {
    onDisk(Kind.ELEMENT, 500, 501);
    onDisk(Kind.RESULT, 502, 503);
    begin();
    unsettled.restore(Ranges.of(502, 503), Ranges.of(500, 501));
    // Settled as the last ones: no save will follow.
    unsettled.landOutside(501);
    checkpoints.settled(501);
    unsettled.landOutside(503);
    checkpoints.settled(503);
    join(checkpoints.remove(unsettled));
    assertThat(memory.kept()).isEmpty();
    assertThat(join(disk.content(GenerateKit.STREAM)))
        .isEqualTo(new OutboxStore.Content(Ranges.of(502), new Ranges()));
  }

  @Test
  void aStartThatIsUnderWayKeepsNothingOfAStreamThatIsRemoved() {
    var cloud = new CompletableFuture<Long>();
    checkpoints.start(() -> cloud);
    join(disk.content(GenerateKit.STREAM)); // answered after that of the start
    var removed = checkpoints.remove(unsettled).toCompletableFuture();
    assertThat(removed).isNotDone();
    cloud.complete(500L);
    removed.join();
    assertThat(memory.kept()).isEmpty();
  }

  @Test
  void aStreamThatNeverBeganCanBeRemoved() {
    join(checkpoints.remove(unsettled));
    checkpoints.start(() -> CompletableFuture.failedStage(new IllegalStateException("no cloud")));
    heard();
    memory.set(Progress.begin("fake:cam", 0));
    join(checkpoints.remove(unsettled));
    assertThat(memory.kept()).isEmpty();
  }

  @Test
  void whatCannotBeRemovedFromTheDiskIsReportedAndTheStreamForgotten() {
    onDisk(Kind.ELEMENT, 500);
    begin();
    unsettled.restore(new Ranges(), Ranges.of(500));
    disk.close();
    try (var logs = Logs.of(Checkpoints.class)) {
      join(checkpoints.remove(unsettled));
      assertThat(logs.has(Level.WARN, GenerateKit.STREAM.toString(), "dayu.node.data-dir"))
          .isTrue();
    }
    assertThat(memory.kept()).isEmpty();
    disk = GenerateKit.disk(dir, "");
  }

  /** From number 500 on. */
  private void begin() {
    checkpoints.start(cloud(500));
    heard();
    numbering.start(500);
  }

  /** Elements were cut; their numbers are as those of their segments. */
  private void cut(long... seqs) {
    for (long seq : seqs) {
      assertThat(numbering.take()).isEqualTo(seq);
      var made = GenerateKit.fresh(seq, 10);
      unsettled.add(made.element(), GenerateKit.NOW, made.span());
      counts.generated();
      unsettled.launch();
    }
  }

  private void land(long seq) {
    unsettled.land(seq);
    counts.done(true);
    checkpoints.settled(seq);
  }

  private Saved save(long position) {
    checkpoints.save(unsettled, counts, position);
    var saved = (Saved) heard();
    checkpoints.saved(saved);
    return saved;
  }

  private Checkpoints.Event heard() {
    return join(events.remove());
  }

  private void onDisk(Kind kind, long... seqs) {
    var elements = LongStream.of(seqs).mapToObj(seq -> FlowKit.element(seq, 10)).toList();
    join(disk.put(kind, elements));
  }

  private static Supplier<CompletionStage<Long>> cloud(long firstSeq) {
    return () -> CompletableFuture.completedStage(firstSeq);
  }

  private static <T> T join(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }
}
