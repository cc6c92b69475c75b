package io.dayu.bench.reliability;

import io.dayu.bench.chaos.Fault;
import java.time.Duration;
import java.time.Instant;

/** An edge loses its network while its sensor goes on. */
final class EdgeCutOff implements Scenario {
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(3);
  private static final Duration NORMAL = Duration.ofSeconds(8);

  /** For what begins and ends it. */
  private static final Duration MORE = Duration.ofSeconds(30);

  /** Fewer elements in flight than this are not a backlog. */
  private static final int FEW = 30;

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
    return Fault.Need.NETWORK;
  }

  @Override
  public Seen run(Context context) {
    return Course.run(
        context,
        true,
        true,
        context.cut().plus(NORMAL).plus(draining(context)),
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
          var reconnected = healed.plus(back);
          course
              .rig()
              .waiting()
              .until(
                  "draining",
                  draining(context).plus(MORE),
                  () -> course.load().ledger(course.api()).inFlight() < FEW);
          var drained = Instant.now();
          var rows = course.stored();
          var verdict = course.verdict(rows);
          var pause = Course.longestPause(rows, cut, healed);
          double normal = Course.p95(rows, before, cut);
          // What was read before the edge noticed waits behind the backlog; it is told as back.
          double drain = Course.p95(rows, reconnected, drained);
          long cutAway =
              rows.stream()
                  .mapToLong(r -> r.createdAtMs())
                  .filter(at -> at >= cut.toEpochMilli() && at <= healed.toEpochMilli())
                  .count();
          return Seen.of(
              ("cut off for %d s: longest gap %d ms, %d results of that time stored, %d shed; first"
                      + " result %d ms after reconnect; p95 %.0f ms, then %.0f ms during a drain of"
                      + " %d s")
                  .formatted(
                      context.cut().toSeconds(),
                      pause.toMillis(),
                      cutAway,
                      verdict.ledger().shed(),
                      back.toMillis(),
                      normal,
                      drain,
                      Duration.between(reconnected, drained).toSeconds()),
              pause.compareTo(LONGEST_PAUSE) <= 0 && drain <= 2 * normal,
              verdict);
        });
  }

  /** Several times what the backlog takes at the pace it is handed over. */
  private static Duration draining(Context context) {
    return context.cut().dividedBy(8).plus(MORE);
  }
}
