package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.deliver.Ranges;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/**
 * A stream that crashes at any moment: its counts and what waits on the disk are written one after
 * the other, and each may be older than the other.
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
    final Forgetting forgetting = new Forgetting();
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
          forgetting.begun();
        }
        case 8 -> forgetting.saved().forEach(disk::remove);
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
      forgetting.settled(seq);
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
      return new Progress(URI, counts.nextSeq(), oldest, oldest, next, delivered, 0, shed, open);
    }
  }

  @Property(tries = 1_000)
  void afterACrashEveryElementOnTheDiskCountsOnceAndAsUnderWay(
      @ForAll @Size(max = 120) List<@IntRange(min = 0, max = 99) Integer> steps,
      @ForAll boolean replayable) {
    var life = new Life(Progress.begin(URI, 0));
    for (int step : steps) life.step(step % 10, step / 10);

    var resumed = life.counts.resumed(URI, replayable, life.disk);
    var now = resumed.progress();
    assertThat(now.nextSeq()).as("no number twice").isGreaterThanOrEqualTo(life.next);
    assertThat(now.delivered()).isEqualTo(life.counts.delivered());
    assertThat(now.generated()).isEqualTo(now.delivered() + now.shed() + now.open().size());
    now.open().forEach(seq -> assertThat(life.disk.contains(seq)).isTrue());

    // What was settled as of the counts is not counted again.
    life.disk.forEach(
        seq -> {
          boolean settledThen = seq < life.counts.used() && !life.counts.open().contains(seq);
          if (settledThen) assertThat(now.open().contains(seq)).isFalse();
          else if (!replayable) assertThat(now.open().contains(seq)).isTrue();
        });
    if (replayable) {
      assertThat(now.shed()).isEqualTo(life.counts.shed());
      // Content is either read again or waits on the disk.
      for (long seq = 0; seq < life.counts.used(); seq++)
        if (life.counts.open().contains(seq))
          assertThat(now.open().contains(seq)).isEqualTo(seq < life.counts.recut());
    } else {
      assertThat(now.generated()).isGreaterThanOrEqualTo(life.counts.generated());
      assertThat(now.shed() - life.counts.shed()).isEqualTo(resumed.lost());
    }
  }

  /** The second crash finds what the first one left, and the entries that were not removed yet. */
  @Property(tries = 500)
  void aSecondCrashChangesNothing(
      @ForAll @Size(max = 80) List<@IntRange(min = 0, max = 99) Integer> steps,
      @ForAll boolean replayable) {
    var life = new Life(Progress.begin(URI, 0));
    for (int step : steps) life.step(step % 10, step / 10);
    var once = life.counts.resumed(URI, replayable, life.disk).progress();
    var twice = once.withNextSeq(once.nextSeq() + 1_000).resumed(URI, replayable, life.disk);
    assertThat(twice.lost()).isZero();
    assertThat(twice.progress().open()).isEqualTo(once.open());
    assertThat(twice.progress().generated()).isEqualTo(once.generated());
    assertThat(twice.progress().shed()).isEqualTo(once.shed());
  }

  @Property(tries = 200)
  void whatIsOnTheDiskIsNeverCutAgainFromAnotherSource(
      @ForAll @Size(max = 80) List<@IntRange(min = 0, max = 99) Integer> steps) {
    var life = new Life(Progress.begin("file:old.csv", 0));
    for (int step : steps) life.step(step % 10, step / 10);
    var now = life.counts.resumed("file:new.csv", true, life.disk).progress();
    assertThat(now.position()).isZero();
    life.disk.forEach(
        seq -> {
          if (life.counts.open().contains(seq)) assertThat(now.open().contains(seq)).isTrue();
        });
  }
}
