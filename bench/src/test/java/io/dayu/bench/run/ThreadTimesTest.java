package io.dayu.bench.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ThreadTimesTest {
  private static final String PRINT =
      """
      4711:
      2026-11-29 14:00:00
      Full thread dump OpenJDK 64-Bit Server VM (17.0.9+9 mixed mode):

      "flow-pekko.actor.default-dispatcher-5" #21 prio=5 os_prio=0 cpu=1500.00ms elapsed=20.11s tid=0x1 nid=0x2 waiting on condition  [0x3]
         java.lang.Thread.State: WAITING (parking)
      	at jdk.internal.misc.Unsafe.park(java.base@17.0.9/Native Method)

      "flow-pekko.actor.default-dispatcher-12" #30 prio=5 os_prio=0 cpu=250.50ms elapsed=20.11s tid=0x1 nid=0x2 runnable  [0x3]
      "C1 CompilerThread0" #9 daemon prio=9 os_prio=0 cpu=904.00ms elapsed=20.2s tid=0x1 nid=0x5 waiting on condition  [0x0]
      "VM Thread" os_prio=0 cpu=12.25ms elapsed=20.2s tid=0x1 nid=0x6 runnable
      """;

  @Test
  void threadsThatDifferInTheirNumbersAreOneGroup() {
    assertThat(ThreadTimes.parse(PRINT))
        .containsOnlyKeys("flow-pekko.actor.default-dispatcher", "C1 CompilerThread", "VM Thread")
        .hasEntrySatisfying(
            "flow-pekko.actor.default-dispatcher",
            s -> assertThat(s).isCloseTo(1.7505, within(1e-9)));
  }

  @ParameterizedTest
  @CsvSource({
    "GC Thread#1,GC Thread",
    "main,main",
    "h2-writer 3,h2-writer",
    "pool-1-thread-2,pool-1-thread"
  })
  void aGroupIsTheNameWithoutItsNumber(String name, String group) {
    assertThat(ThreadTimes.group(name)).isEqualTo(group);
  }

  @Test
  void onlyWhatWasUsedInBetweenCountsAndTheBusiestComesFirst() {
    var cores =
        ThreadTimes.cores(
            Map.of("idle", 5.0, "ended", 3.0, "busy", 1.0),
            Map.of("idle", 5.0, "ended", 2.0, "busy", 9.0, "new", 2.0),
            10);

    assertThat(cores).containsExactly(Map.entry("busy", 0.8), Map.entry("new", 0.2));
  }
}
