package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Ranges;
import io.dayu.element.Ending;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.generate.Unsettled.Flight;
import io.dayu.link.FlowKit;
import io.dayu.pipeline.PipelineSpec.Shed;
import io.dayu.source.Repeat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.LongStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

final class WindowTest {
  private static final long MS = GenerateKit.MS;

  private final Unsettled unsettled = new Unsettled();
  private final StreamCounts counts = new StreamCounts(GenerateKit.NOW);
  private final Ranges settled = new Ranges();
  private long now = GenerateKit.NOW;
  private Window window = window("", Shed.NONE);

  @Example
  void asManyAreOnTheirWayAsTheLimitAllows() {
    assertThat(limit()).isEqualTo(8);
    add(0, 9);
    for (int i = 0; i < 8; i++) {
      assertThat(window.hasRoom(now)).isTrue();
      launch();
    }
    assertThat(window.hasRoom(now)).isFalse();
    assertThat(window.isFull(now)).isTrue();
    delivered(3);
    assertThat(window.hasRoom(now)).isTrue();
    assertThat(window.isFull(now)).as("one waits").isTrue();
  }

  @Example
  void bytesOnTheirWayAreBoundedButOneElementAlwaysGoes() {
    window = window("window-bytes = 150k", Shed.NONE);
    for (long seq = 0; seq < 3; seq++) window.add(GenerateKit.fresh(seq, 200_000), now);
    assertThat(window.hasRoom(now)).isTrue();
    launch();
    assertThat(window.hasRoom(now)).isFalse();
    delivered(0);
    assertThat(window.hasRoom(now)).isTrue();
  }

  @Example
  void whatHasNoRoomIsGivenUpByTheRule() {
    assertThat(window.sheds()).isFalse();
    window = window("live-buffer = 2", Shed.OLDEST);
    assertThat(window.sheds()).isTrue();
    add(0, 2);
    assertThat(window.isOverfull(now)).isFalse();
    add(2, 3);
    assertThat(window.isOverfull(now)).isTrue();
    window.shedOne();
    assertThat(unsettled.open()).isEqualTo(Ranges.of(1, 2));
    window = window("", Shed.NEWEST);
    window.shedOne();
    assertThat(unsettled.open()).isEqualTo(Ranges.of(1));
    assertThat(ledger()).isEqualTo(new Ledger(3, 0, 0, 2, 1));
  }

  @Example
  void whatComesWhileNothingAtAllLeavesTheWindowMayWait() {
    window = window("live-buffer = 2, live-patience = 3s, max-window = 1", Shed.OLDEST);
    for (long seq = 0; seq < 20; seq++) {
      add(seq, seq + 1);
      launch();
      now += 20 * MS;
      delivered(seq);
    }
    add(20, 24);
    launch();
    assertThat(window.isOverfull(now)).as("they move").isTrue();
    now += 150 * MS;
    assertThat(window.isOverfull(now)).as("nothing moves").isFalse();
    now += 3_000 * MS;
    assertThat(window.isOverfull(now)).as("they have waited long enough").isTrue();
  }

  @Example
  void whatWaitsWhileNothingMovesIsBoundedByItsBytes() {
    window = window("live-buffer = 1, window-bytes = 4k, max-window = 1", Shed.OLDEST);
    for (long seq = 0; seq < 20; seq++) {
      add(seq, seq + 1);
      launch();
      now += 20 * MS;
      delivered(seq);
    }
    add(20, 23);
    launch();
    now += 150 * MS;
    assertThat(window.isOverfull(now)).isFalse();
    for (long seq = 23; seq < 26; seq++) window.add(GenerateKit.fresh(seq, 400), now);
    assertThat(window.isOverfull(now)).isTrue();
    window.shedOne();
    window.shedOne();
    assertThat(window.isOverfull(now)).as("those are small").isTrue();
    window.shedOne();
    assertThat(window.isOverfull(now)).isFalse();
  }

  @Example
  void anElementCountsOnceHoweverOftenItIsAcknowledged() {
    add(0, 3);
    launch();
    launch();
    delivered(0, 1, 1);
    window.acknowledged(GenerateKit.failed(0), now);
    assertThat(ledger()).isEqualTo(new Ledger(3, 2, 0, 0, 1));
    assertThat(settled)
        .as("what an earlier attempt may have left on the disk")
        .isEqualTo(Ranges.of(0, 1));
  }

  @Example
  void aFailureIsCountedAsThat() {
    add(0, 1);
    launch();
    window.acknowledged(GenerateKit.failed(0), now);
    assertThat(ledger()).isEqualTo(new Ledger(1, 0, 1, 0, 0));
  }

  @Example
  void whatIsAcknowledgedWhileItWaitsIsNotSentAgain() {
    add(0, 2);
    delivered(0); // an attempt before a crash was stored
    assertThat(ledger()).isEqualTo(new Ledger(2, 1, 0, 0, 1));
    assertThat(launch().base.getSeq()).isEqualTo(1);
    assertThat(settled).isEqualTo(Ranges.of(0));
  }

  @Example
  void aResultInTheOutboxIsOpenUntilItIsAcknowledged() {
    add(0, 1);
    launch();
    kept(0);
    assertThat(window.isFull(now)).isFalse();
    assertThat(unsettled.inFlight()).isZero();
    assertThat(ledger()).isEqualTo(new Ledger(1, 0, 0, 0, 1));
    assertThat(settled.isEmpty()).isTrue();
    delivered(0);
    assertThat(ledger()).isEqualTo(new Ledger(1, 1, 0, 0, 0));
    assertThat(settled).isEqualTo(Ranges.of(0));
  }

  @Example
  void aResultOfWhatIsSettledNeedNotStayOnTheDiskIfItsNumberIsOfThisRun() {
    add(0, 1);
    launch();
    delivered(0);
    kept(0);
    assertThat(settled).isEqualTo(Ranges.of(0));
    window.kept(Ranges.of(77), seq -> false, now); // nobody knows what became of it
    assertThat(settled).isEqualTo(Ranges.of(0));
  }

  @Example
  void anElementOnTheDiskIsOpenUntilItIsAcknowledged() {
    add(0, 2);
    var first = launch();
    window.spooled(first, now);
    window.spooled(first, now); // it was written twice
    assertThat(unsettled.inFlight()).isZero();
    assertThat(ledger()).isEqualTo(new Ledger(2, 0, 0, 0, 2));
    var second = launch();
    delivered(1);
    window.spooled(second, now); // the other way was faster
    assertThat(settled).isEqualTo(Ranges.of(1));
    delivered(0);
    assertThat(settled).isEqualTo(Ranges.of(0, 1));
    assertThat(ledger()).isEqualTo(new Ledger(2, 2, 0, 0, 0));
  }

  @Example
  void latencyCountsFromTheCutAndGapsFromWhereSomethingIsAwaited() {
    add(0, 1);
    now += 1_000 * MS; // it waits; nobody waits for an acknowledgement
    launch();
    now += 20 * MS;
    delivered(0);
    var report =
        window.report(GenerateKit.STREAM, StreamState.RUNNING, 7, 3, Optional.of("slow"), now);
    assertThat(report.latency().p50Ms()).isBetween(1_019.0, 1_021.0);
    assertThat(report.traffic().longestGapMs()).isEqualTo(20);
    assertThat(report.ledger()).isEqualTo(new Ledger(1, 1, 0, 0, 0));
    assertThat(report.decision()).isEqualTo(7);
    assertThat(report.traffic().resent()).isEqualTo(3);
    assertThat(report.problem()).contains("slow");
  }

  @Example
  void whatEndedAtItsSourceCountsButItsTimeIsNotThatOfTheWay() {
    var ended =
        GenerateKit.fresh(0, 10).element().toBuilder()
            .clearPayload()
            .setEnding(Ending.newBuilder().setKind(Ending.Kind.FAILED).setReason("no reading"))
            .build();
    window.add(new Cutter.Made(ended, GenerateKit.span(0), true), now);
    add(1, 2);
    launch();
    launch();
    now += 20 * MS;
    window.acknowledged(GenerateKit.failed(0), now);
    now += 20 * MS;
    delivered(1);
    var report =
        window.report(GenerateKit.STREAM, StreamState.RUNNING, 7, 0, Optional.empty(), now);
    assertThat(report.ledger()).isEqualTo(new Ledger(2, 1, 1, 0, 0));
    assertThat(report.latency().p50Ms()).isBetween(39.0, 41.0);
    assertThat(report.traffic().longestGapMs()).isEqualTo(20);
  }

  @Example
  void theLimitAnswersForTheWayAndNotForTheWaitBeforeIt() {
    window = window("max-window = 20", Shed.NEWEST);
    rounds(700, 0); // the base latency is known after seven seconds
    assertThat(limit()).isEqualTo(20);
    rounds(150, 30);
    assertThat(limit()).isEqualTo(20);
  }

  /** Full windows whose elements wait so long and are then on their way for 10 ms. */
  private void rounds(int count, int waitMs) {
    var elements = LongStream.range(0, 20).mapToObj(seq -> GenerateKit.fresh(seq, 10)).toList();
    for (int round = 0; round < count; round++) {
      for (var element : elements) window.add(element, now);
      now += waitMs * MS;
      while (unsettled.waiting() > 0 && window.hasRoom(now)) launch();
      while (unsettled.waiting() > 0) window.shedOne();
      now += 10 * MS;
      delivered(LongStream.range(0, unsettled.inFlight()).toArray());
    }
  }

  @Example
  void itGoesOnWithWhatAnEarlierRunLeft() {
    // 4 and 5 were under way, 6 is on the disk; 3 is there, too, but was settled.
    var last = new Progress("fake:cam", 20_000, 4, 4, 8, 4, 1, 0, 8, Ranges.of(4, 5, 6));
    var onDisk = new OutboxStore.Content(Ranges.of(3), Ranges.of(6));
    var spans = new TreeMap<>(Map.of(4L, GenerateKit.span(4), 5L, GenerateKit.span(5)));
    spans.put(6L, GenerateKit.span(6));
    spans.put(7L, GenerateKit.span(7));
    var resumed = last.resumed("fake:cam", Repeat.EXACT, onDisk.all(), spans);
    window.restore(new Checkpoints.Start(resumed, onDisk));
    assertThat(settled).isEqualTo(Ranges.of(3));
    assertThat(unsettled.spooled()).isEqualTo(Ranges.of(6));
    assertThat(unsettled.replayed().due())
        .containsExactly(GenerateKit.span(4), GenerateKit.span(5));
    assertThat(unsettled.replayed().readTo(4)).isEqualTo(8);
    assertThat(ledger()).isEqualTo(new Ledger(8, 4, 1, 0, 3));
    // One of them comes again and counts as before.
    var again = FlowKit.element(4, 10);
    unsettled.replayed().next(4, 5);
    window.add(new Cutter.Made(again, GenerateKit.span(4), false), now);
    assertThat(ledger()).isEqualTo(new Ledger(8, 4, 1, 0, 3));
    // The other one does not, but is fresh again.
    window.renumbered(unsettled.replayed().abandon().size());
    window.add(GenerateKit.fresh(20_000, 10), now);
    assertThat(ledger()).isEqualTo(new Ledger(8, 4, 1, 0, 3));
  }

  private enum Fate {
    DUE,
    LOST,
    WAITING,
    FLYING,
    SPOOLED,
    KEPT,
    DELIVERED,
    FAILED,
    SHED;

    boolean isOpen() {
      return compareTo(DELIVERED) < 0;
    }
  }

  /** One random step after the other, with what is expected of each element. */
  private final class Life {
    static final long FIRST = 6; // of this run

    final TreeMap<Long, Fate> fates = new TreeMap<>();
    final List<Flight> flights = new ArrayList<>();
    long next = FIRST;

    /** An earlier run left some of each. */
    Life() {
      window = window("max-window = 12, window-bytes = 2000", Shed.OLDEST);
      var open = Ranges.of(0, 1, 2, 3, 4, 5);
      counts.restore(new Progress("fake:cam", FIRST, 4, 4, FIRST, 0, 0, 0, FIRST, open));
      unsettled.restore(Ranges.of(0), Ranges.of(1));
      for (long seq = 2; seq < 4; seq++)
        unsettled.lost().put(seq, Flight.uncut(FlowKit.element(seq, 10), now));
      unsettled.replayed().restore(List.of(GenerateKit.span(4), GenerateKit.span(5)), FIRST);
      fates.putAll(Map.of(0L, Fate.KEPT, 1L, Fate.SPOOLED, 2L, Fate.LOST, 3L, Fate.LOST));
      fates.putAll(Map.of(4L, Fate.DUE, 5L, Fate.DUE));
    }

    void step(int what, int which) {
      long any = which % (next + 1);
      if (any == next) any = 1_000_000; // never given
      switch (what) {
        case 0, 1, 2 -> add(which);
        case 3, 4, 5 -> launchIfThereIsRoom();
        case 6, 7 -> {
          window.acknowledged(GenerateKit.delivered(any), now);
          become(any, Fate.DELIVERED);
        }
        case 8 -> {
          window.acknowledged(GenerateKit.failed(any), now);
          become(any, Fate.FAILED);
        }
        case 9, 10 -> {
          window.kept(Ranges.of(any), seq -> seq >= FIRST && seq < next, now);
          if (fates.get(any) != Fate.WAITING) become(any, Fate.KEPT);
        }
        case 11 -> {
          if (flights.isEmpty()) return;
          var flight = flights.get(which % flights.size());
          long seq = flight.base.getSeq();
          window.spooled(flight, now);
          if (fates.get(seq) == Fate.FLYING) fates.put(seq, Fate.SPOOLED);
        }
        case 12 -> {
          if (unsettled.waiting() == 0) return;
          var waiting = fates.entrySet().stream().filter(e -> e.getValue() == Fate.WAITING);
          long oldest = waiting.findFirst().orElseThrow().getKey();
          window.shedOne();
          fates.put(oldest, Fate.SHED);
        }
        default -> {
          now += which * 100 * MS;
          counts.tick(now);
        }
      }
    }

    private void add(int which) {
      var due = unsettled.replayed().oldest();
      if (due.isPresent()) {
        long seq = due.get();
        unsettled.replayed().next(seq, seq + 1);
        window.add(new Cutter.Made(FlowKit.element(seq, 100), GenerateKit.span(seq), false), now);
        fates.put(seq, Fate.WAITING);
        return;
      }
      window.add(GenerateKit.fresh(next, which * 20), now);
      fates.put(next++, Fate.WAITING);
    }

    private void launchIfThereIsRoom() {
      if (unsettled.waiting() == 0 || !window.hasRoom(now)) return;
      var flight = launch();
      flights.add(flight);
      fates.put(flight.base.getSeq(), Fate.FLYING);
      assertThat(unsettled.inFlight()).isLessThanOrEqualTo(limit());
      assertThat(unsettled.inFlight() == 1 || unsettled.bytes() - flight.bytes < 2_000)
          .as("%d bytes in flight", unsettled.bytes())
          .isTrue();
    }

    private void become(long seq, Fate fate) {
      if (fates.containsKey(seq) && fates.get(seq).isOpen()) fates.put(seq, fate);
    }

    private long count(Fate fate) {
      return fates.values().stream().filter(fate::equals).count();
    }

    void check() {
      var open = new Ranges();
      fates.forEach(
          (seq, fate) -> {
            if (fate.isOpen()) open.add(seq);
          });
      assertThat(unsettled.open()).isEqualTo(open);
      assertThat(ledger())
          .isEqualTo(
              new Ledger(
                  fates.size(),
                  count(Fate.DELIVERED),
                  count(Fate.FAILED),
                  count(Fate.SHED),
                  open.size()));
      assertThat(settled.where(open::contains).isEmpty()).as("open ones stay on the disk").isTrue();
    }
  }

  @Property(tries = 100)
  void whateverHappensEachElementCountsOnceAndNoMoreAreOnTheirWayThanMay(
      @ForAll @Size(max = 100) List<@IntRange(min = 0, max = 1_399) Integer> steps) {
    var life = new WindowTest().new Life();
    for (int step : steps) {
      life.step(step % 14, step / 14);
      life.check();
    }
  }

  private Window window(String settings, Shed shed) {
    return new Window(
        GenerateKit.settings(settings),
        shed,
        Duration.ofSeconds(1),
        unsettled,
        counts,
        settled::add,
        now);
  }

  private void add(long from, long to) {
    for (long seq = from; seq < to; seq++) window.add(GenerateKit.fresh(seq, 10), now);
  }

  private int limit() {
    return window
        .report(GenerateKit.STREAM, StreamState.RUNNING, 0, 0, Optional.empty(), now)
        .traffic()
        .window();
  }

  private Flight launch() {
    var flight = window.launch(now);
    flight.sentNanos = now;
    return flight;
  }

  private void delivered(long... seqs) {
    window.acknowledged(GenerateKit.delivered(seqs), now);
  }

  private void kept(long seq) {
    window.kept(Ranges.of(seq), all -> true, now);
  }

  private Ledger ledger() {
    return counts.ledger(unsettled.size());
  }
}
