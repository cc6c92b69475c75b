package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.deliver.Ranges;
import io.dayu.source.Repeat;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/**
 * A stream that crashes at any moment: its counts, what waits on the disk and what was span are
 * written one after the other, and each may be older than the other.
 */
class ProgressPropertyTest {
  private static final String URI = "fake:cam";

  private enum Fate {
    FLYING,
    KEPT,
    SETTLED
  }

  /** What a generator, its counts and the disk do, one random step after the other. */
  private static final class Life {
    final Map<Long, Fate> fates = new HashMap<>();
    final SettledNumbers settledNumbers = new SettledNumbers();
    final Ranges disk = new Ranges();
    Progress counts;
    long next;
    long delivered;
    long shed;

    Life(Progress begin) {
      counts = begin.withNextSeq(begin.nextSeq() + 1_000);
      next = begin.nextSeq();
      delivered = begin.delivered();
      shed = begin.shed();
      begin.open().forEach(seq -> fates.put(seq, Fate.KEPT));
    }

    void step(int what, int which) {
      switch (what) {
        case 0, 1 -> fates.put(next++, Fate.FLYING);
        case 2 -> pick(which, Fate.FLYING, disk::add); // the outbox writes; nobody knows yet
        case 3 -> {
          // What the outbox told: only what is still under way is kept.
          for (var entry : fates.entrySet())
            if (entry.getValue() == Fate.FLYING && disk.contains(entry.getKey()))
              entry.setValue(Fate.KEPT);
        }
        case 4 -> pick(which, Fate.FLYING, this::settle);
        case 5 -> pick(which, Fate.KEPT, this::settle);
        case 6 -> pick(which, Fate.SETTLED, disk::add); // of an earlier attempt, stored and kept
        case 7 -> {
          counts = counts();
          settledNumbers.saveBegins();
        }
        case 8 -> settledNumbers.saved().forEach(disk::remove);
        default -> {
          // A live source gives one up.
          pick(
              which,
              Fate.FLYING,
              seq -> {
                if (disk.contains(seq)) return;
                fates.put(seq, Fate.SETTLED);
                shed++;
              });
        }
      }
    }

    private void settle(long seq) {
      fates.put(seq, Fate.SETTLED);
      settledNumbers.add(seq);
      delivered++;
    }

    private void pick(int which, Fate fate, java.util.function.LongConsumer then) {
      var all = new TreeSet<Long>();
      fates.forEach(
          (seq, f) -> {
            if (f == fate) all.add(seq);
          });
      if (!all.isEmpty()) then.accept(List.copyOf(all).get(which % all.size()));
    }

    Progress counts() {
      var open = new Ranges();
      long oldest = next;
      for (var entry : fates.entrySet()) {
        if (entry.getValue() == Fate.SETTLED) continue;
        open.add(entry.getKey());
        if (entry.getValue() == Fate.FLYING) oldest = Math.min(oldest, entry.getKey());
      }
      return new Progress(
          URI, counts.nextSeq(), oldest, oldest, next, delivered, 0, shed, next, open);
    }

    /** An element has the content between its number and the next one. */
    NavigableMap<Long, SourceSpan> spans() {
      var spans = new TreeMap<Long, SourceSpan>();
      for (long seq = 0; seq < next; seq++) spans.put(seq, new SourceSpan(seq, seq, seq + 1, 1));
      return spans;
    }

    boolean isSettledAsOfTheCounts(long seq) {
      return seq < counts.used() && !counts.open().contains(seq);
    }
  }

  @Property(tries = 1_000)
  void afterACrashEveryElementCountsOnce(
      @ForAll @Size(max = 120) List<@IntRange(min = 0, max = 99) Integer> steps,
      @ForAll Repeat repeat) {
    var life = lived(steps);
    var spans = repeat == Repeat.UNSETTLED ? new TreeMap<Long, SourceSpan>() : life.spans();

    var resumed = life.counts.resumed(URI, repeat, life.disk, spans);
    var now = resumed.progress();
    assertThat(now.nextSeq()).as("no number twice").isGreaterThanOrEqualTo(life.next);
    assertThat(now.delivered()).isEqualTo(life.counts.delivered());
    assertThat(now.shed()).isEqualTo(life.counts.shed());
    var seen = new Ranges();
    resumed.lost().forEach(span -> assertThat(seen.add(span.seq())).isTrue());
    resumed.replayed().forEach(span -> assertThat(seen.add(span.seq())).isTrue());
    now.open().where(life.disk::contains).forEach(seq -> assertThat(seen.add(seq)).isTrue());
    assertThat(now.open()).isEqualTo(seen);
    now.open().forEach(seq -> assertThat(life.isSettledAsOfTheCounts(seq)).isFalse());
    if (repeat == Repeat.UNSETTLED) {
      assertThat(resumed.replayed()).isEmpty();
      // Content is either sent again or waits on the disk.
      for (long seq = 0; seq < life.counts.used(); seq++)
        if (life.counts.open().contains(seq))
          assertThat(now.open().contains(seq)).isEqualTo(seq < life.counts.firstReplayed());
    } else {
      assertThat(now.generated()).isEqualTo(life.next);
      assertThat(repeat == Repeat.EXACT ? resumed.lost() : resumed.replayed()).isEmpty();
      assertThat(resumed.renumbered()).isZero();
    }
  }

  @Property(tries = 1_000)
  void whatIsReadAgainKeepsItsNumberAndWhatIsSettledIsLeftOut(
      @ForAll @Size(max = 120) List<@IntRange(min = 0, max = 99) Integer> steps) {
    var life = lived(steps);
    var resumed = life.counts.resumed(URI, Repeat.EXACT, life.disk, life.spans());
    var replayed = replayed(resumed);
    for (long at = resumed.progress().position(); at < life.next; at++) {
      var segment = replayed.next(at, at + 1);
      boolean settled = life.isSettledAsOfTheCounts(at) || life.disk.contains(at);
      if (settled) assertThat(segment).isEqualTo(ReplayedSpans.Content.Settled.INSTANCE);
      else
        assertThat(segment)
            .isEqualTo(new ReplayedSpans.Content.Again(new SourceSpan(at, at, at + 1, 1)));
    }
    assertThat(replayed.size()).isZero();
    assertThat(replayed.next(life.next, life.next + 1))
        .isEqualTo(ReplayedSpans.Content.Fresh.INSTANCE);
  }

  /** The power fails: of what was span, only some is known. */
  @Property(tries = 1_000)
  void withoutAllOfWhatWasCutNothingIsLeftOutThatIsNotSettled(
      @ForAll @Size(max = 120) List<@IntRange(min = 0, max = 99) Integer> steps,
      @ForAll Set<@IntRange(min = 0, max = 40) Integer> unknown,
      @ForAll @IntRange(min = 1, max = 3) int segment) {
    var life = lived(steps);
    var spans = life.spans();
    unknown.forEach(seq -> spans.remove((long) seq));
    var resumed = life.counts.resumed(URI, Repeat.EXACT, life.disk, spans);
    var now = resumed.progress();
    assertThat(resumed.lost()).isEmpty();
    assertThat(now.nextSeq()).isGreaterThanOrEqualTo(life.next);
    var replayed = replayed(resumed);
    var covered = life.disk.where(now.open()::contains);
    for (long seq = 0; seq < life.next; seq++)
      if (life.isSettledAsOfTheCounts(seq)) covered.add(seq);
    // Segments may be longer than they were.
    for (long at = now.position(); at < life.next; at += segment) {
      var next = replayed.next(at, at + segment);
      for (long content = at; content < at + segment; content++) {
        if (next == ReplayedSpans.Content.Settled.INSTANCE)
          assertThat(covered.contains(content)).isTrue();
        else covered.add(content);
        if (next instanceof ReplayedSpans.Content.Again again)
          assertThat(again.span().seq()).isEqualTo(content);
      }
      if (next == ReplayedSpans.Content.Fresh.INSTANCE) replayed.abandon();
    }
    for (long content = 0; content < life.next; content++)
      assertThat(covered.contains(content)).as("content %d", content).isTrue();
  }

  private static Life lived(List<Integer> steps) {
    var life = new Life(Progress.begin(URI, 0));
    for (int step : steps) life.step(step % 10, step / 10);
    return life;
  }

  private static ReplayedSpans replayed(Progress.Resumed resumed) {
    var replayed = new ReplayedSpans();
    replayed.restore(resumed.replayed(), resumed.progress().readTo());
    return replayed;
  }

  /** The second crash finds what the first one left, and the entries that were not removed yet. */
  @Property(tries = 500)
  void aSecondCrashChangesNothing(
      @ForAll @Size(max = 80) List<@IntRange(min = 0, max = 99) Integer> steps,
      @ForAll Repeat repeat) {
    var life = lived(steps);
    var spans = repeat == Repeat.UNSETTLED ? new TreeMap<Long, SourceSpan>() : life.spans();
    var once = life.counts.resumed(URI, repeat, life.disk, spans);
    var kept = once.progress().withNextSeq(once.progress().nextSeq() + 1_000);
    var twice = kept.resumed(URI, repeat, life.disk, spans);
    assertThat(twice.lost()).isEqualTo(once.lost());
    assertThat(twice.replayed()).isEqualTo(once.replayed());
    assertThat(twice.progress().open()).isEqualTo(once.progress().open());
    assertThat(twice.progress().generated()).isEqualTo(once.progress().generated());
    assertThat(twice.progress().readTo()).isEqualTo(once.progress().readTo());
  }

  @Property(tries = 200)
  void whatIsOnTheDiskIsNeverCutAgainFromAnotherSource(
      @ForAll @Size(max = 80) List<@IntRange(min = 0, max = 99) Integer> steps) {
    var life = new Life(Progress.begin("file:old.csv", 0));
    for (int step : steps) life.step(step % 10, step / 10);
    var resumed = life.counts.resumed("file:new.csv", Repeat.EXACT, life.disk, life.spans());
    var now = resumed.progress();
    assertThat(now.position()).isZero();
    assertThat(now.readTo()).isZero();
    assertThat(resumed.replayed()).isEmpty();
    life.disk.forEach(
        seq -> {
          if (life.counts.open().contains(seq)) assertThat(now.open().contains(seq)).isTrue();
        });
  }
}
