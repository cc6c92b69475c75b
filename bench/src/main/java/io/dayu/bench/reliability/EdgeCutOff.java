package io.dayu.bench.reliability;

import io.dayu.bench.chaos.Fault;
import java.time.Duration;
import java.time.Instant;

/** An edge loses its network while its sensor goes on. */
final class EdgeCutOff implements Scenario {
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(3);
  private static final Duration NORMAL = Duration.ofSeconds(8);
  private static final Duration DRAIN = Duration.ofSeconds(10);

  @Override
  public String word() {
    return "edge-cut-off";
  }

  @Override
  public String fault() {
    return "edge cut off, `offline: local`";
  }

  @Override
  public String promise() {
    return "local processing never stops (longest gap ≤ 3 s); all results stored after reconnect;"
        + " live latency p95 during the drain ≤ 2 × normal";
  }

  @Override
  public Fault.Need need() {
    // How TCP comes back after a cut is part of it, and a proxy does not show that.
    return Fault.Need.PACKETS;
  }

  @Override
  public Seen run(Context context) {
    return Course.run(
        context,
        true,
        true,
        context.cut().plus(NORMAL).plus(DRAIN),
        course -> {
          var before = Instant.now();
          course.pass("as usual", NORMAL);
          var cut = Instant.now();
          course.rig().cut(Course.READER);
          course.pass("cut off", context.cut());
          var healed = Instant.now();
          course.rig().heal(Course.READER);
          var back =
              course.first("what comes after it", healed, a -> a.createdAt().isAfter(healed));
          course.pass("draining", DRAIN);
          var rows = course.stored();
          var verdict = course.verdict(rows);
          var pause = Course.longestPause(rows, cut, healed);
          double normal = Course.p95(rows, before, cut);
          double drain = Course.p95(rows, healed, healed.plus(DRAIN));
          long cutAway =
              rows.stream()
                  .mapToLong(r -> r.createdAtMs())
                  .filter(at -> at >= cut.toEpochMilli() && at <= healed.toEpochMilli())
                  .count();
          return Seen.of(
              ("cut off for %d s: longest gap %d ms, %d results of that time stored, %d shed; first"
                      + " result %d ms after reconnect; p95 %.0f ms, then %.0f ms")
                  .formatted(
                      context.cut().toSeconds(),
                      pause.toMillis(),
                      cutAway,
                      verdict.ledger().shed(),
                      back.toMillis(),
                      normal,
                      drain),
              pause.compareTo(LONGEST_PAUSE) <= 0 && drain <= 2 * normal,
              verdict);
        });
  }
}
