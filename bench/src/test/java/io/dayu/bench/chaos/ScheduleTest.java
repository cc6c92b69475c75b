package io.dayu.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.bench.chaos.Fault.Victim;
import io.dayu.bench.chaos.Schedule.Planned;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ScheduleTest {
  private static final Set<Fault> ALL = EnumSet.allOf(Fault.class);
  private static final Duration MINUTES = Duration.ofMinutes(3);

  private static List<Planned> draw(long seed) {
    return Schedule.draw(seed, MINUTES, ALL, 3, 4).faults();
  }

  @Test
  void theSameSeedGivesTheSameSchedule() {
    for (long seed : seeds()) assertThat(draw(seed)).isNotEmpty().isEqualTo(draw(seed));
  }

  @Test
  void theOrderInWhichKindsAreNamedDoesNotMatter() {
    var one = List.of(Fault.KILL_EDGE, Fault.FREEZE_EDGE, Fault.CUT_EDGE);
    var other = List.of(Fault.CUT_EDGE, Fault.KILL_EDGE, Fault.FREEZE_EDGE);
    assertThat(Schedule.draw(7, MINUTES, one, 1, 2))
        .isEqualTo(Schedule.draw(7, MINUTES, other, 1, 2));
  }

  @Test
  void differentSeedsGiveDifferentSchedules() {
    assertThat(LongStream.of(seeds()).mapToObj(ScheduleTest::draw).distinct().toList())
        .hasSize(seeds().length);
  }

  @Test
  void allIsHealedBeforeTheEndAndNothingLastsForEver() {
    for (long seed : seeds())
      assertThat(draw(seed))
          .allSatisfy(
              f -> {
                assertThat(f.at()).isGreaterThanOrEqualTo(Schedule.QUIET);
                assertThat(f.healed()).isLessThanOrEqualTo(MINUTES.minus(Schedule.QUIET));
                assertThat(f.lasting()).isBetween(f.fault().shortest(), f.fault().longest());
              });
  }

  @Test
  void aNodeHasOneFaultAtATimeAndTwoNodesAtMostHaveOne() {
    for (long seed : seeds()) {
      var faults = draw(seed);
      for (var fault : faults) {
        if (fault.fault().victim() == Victim.PIPELINE) continue;
        var meanwhile =
            faults.stream()
                .filter(f -> f != fault)
                .filter(f -> f.at().compareTo(fault.at()) <= 0)
                .filter(f -> f.fault().victim() != Victim.PIPELINE)
                .filter(f -> f.healed().plus(f.fault().recovery()).compareTo(fault.at()) > 0)
                .toList();
        assertThat(meanwhile)
            .hasSizeLessThan(Schedule.AT_ONCE)
            .noneMatch(
                f -> f.fault().victim() == fault.fault().victim() && f.rank() == fault.rank());
        if (fault.fault().victim() == Victim.CLOUD)
          assertThat(meanwhile)
              .as("a majority lives")
              .noneMatch(f -> f.fault().victim() == Victim.CLOUD);
      }
    }
  }

  @Test
  void aPipelineIsChangedInOneWayAtATimeAlsoWhileNodesAreBroken() {
    int beside = 0;
    for (long seed : seeds()) {
      var faults = draw(seed);
      for (var change : faults) {
        if (change.fault().victim() != Victim.PIPELINE) continue;
        var meanwhile =
            faults.stream()
                .filter(f -> f != change)
                .filter(f -> f.at().compareTo(change.at()) <= 0)
                .filter(f -> f.healed().compareTo(change.at()) > 0)
                .toList();
        assertThat(meanwhile)
            .noneMatch(f -> f.fault().victim() == Victim.PIPELINE && f.rank() == change.rank());
        if (meanwhile.stream().filter(f -> f.fault().victim() != Victim.PIPELINE).count()
            == Schedule.AT_ONCE) beside++;
      }
    }
    assertThat(beside).isPositive();
  }

  @Test
  void everyKindHasItsTurnBeforeOneComesAgain() {
    for (long seed : seeds()) {
      var kinds = draw(seed).stream().map(Planned::fault).toList();
      for (int from = 0; from + ALL.size() <= kinds.size(); from += ALL.size())
        assertThat(kinds.subList(from, from + ALL.size())).doesNotHaveDuplicates();
    }
  }

  @Test
  void nodesAreDrawnByRankAmongThoseOfTheirRole() {
    for (long seed : seeds())
      for (var fault : Schedule.draw(seed, MINUTES, ALL, 1, 2).faults())
        assertThat(fault.rank())
            .isBetween(
                0,
                switch (fault.fault().victim()) {
                  case CLOUD -> 0;
                  case EDGE -> 1;
                  case PIPELINE -> Schedule.PIPELINES - 1;
                });
  }

  @Test
  void withoutKindsNothingHappens() {
    assertThat(Schedule.draw(1, MINUTES, Set.of(), 1, 2).faults()).isEmpty();
  }

  private static long[] seeds() {
    return LongStream.range(0, 50).toArray();
  }
}
