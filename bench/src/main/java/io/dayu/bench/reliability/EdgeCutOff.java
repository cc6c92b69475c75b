package io.dayu.bench.reliability;

import io.dayu.bench.chaos.Fault;
import io.dayu.bench.truth.StoredResult;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/** An edge loses its network while its sensor goes on. */
final class EdgeCutOff implements Scenario {
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(3);
  private static final Duration NORMAL = Duration.ofSeconds(8);

  /** For what begins and ends it. */
  private static final Duration MORE = Duration.ofSeconds(30);

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
    // How TCP recovers after a cut is a part of the result, and a proxy does not imitate that.
    return Fault.Need.PACKETS;
  }

  @Override
  public Seen run(Context context) {
    return ScenarioRun.run(
        context,
        true,
        true,
        context.cut().plus(NORMAL).plus(draining(context)),
        run -> {
          var before = Instant.now();
          run.pass("as usual", NORMAL);
          var cut = Instant.now();
          run.testbed().cut(ScenarioRun.READER);
          run.pass("cut off", context.cut());
          var healed = Instant.now();
          run.testbed().heal(ScenarioRun.READER);
          var back = run.first("what comes after it", healed, a -> a.createdAt().isAfter(healed));
          var reconnected = healed.plus(back);
          var rows = run.stored();
          var verdict = run.verdict(rows);
          var pause = ScenarioRun.longestPause(rows, cut, healed);
          double normal = ScenarioRun.p95(created(rows, before, cut));
          var live = during(rows, cut, healed, reconnected);
          double drain = ScenarioRun.p95(live);
          long cutAway = created(rows, cut, healed).size();
          return Seen.of(
              String.format(
                  Locale.ROOT,
                  "cut off for %s s: longest gap %s ms, %s results of that time stored, %s shed; first"
                      + " result %s ms after reconnect; p95 %.0f ms, then %.0f ms of the %s results"
                      + " that were live during the drain",
                  context.cut().toSeconds(),
                  pause.toMillis(),
                  cutAway,
                  verdict.ledger().shed(),
                  back.toMillis(),
                  normal,
                  drain,
                  live.size()),
              pause.compareTo(LONGEST_PAUSE) <= 0 && drain <= 2 * normal,
              verdict);
        });
  }

  private static List<StoredResult> created(List<StoredResult> rows, Instant from, Instant until) {
    return rows.stream()
        .filter(r -> r.createdAtMs() >= from.toEpochMilli())
        .filter(r -> r.createdAtMs() < until.toEpochMilli())
        .toList();
  }

  /**
   * What was read since the edge knew that the cloud is back, and stored before the last of the
   * backlog. What was read just before waits behind the backlog.
   *
   * @param rows in the order they were stored
   */
  private static List<StoredResult> during(
      List<StoredResult> rows, Instant cut, Instant healed, Instant reconnected) {
    var backlog = created(rows, cut, healed);
    int drained = backlog.isEmpty() ? 0 : rows.lastIndexOf(backlog.get(backlog.size() - 1));
    return created(rows.subList(0, drained), reconnected, Instant.now());
  }

  /** Several times what the backlog takes at the pace it is handed over. */
  private static Duration draining(Context context) {
    return context.cut().dividedBy(10).plus(MORE);
  }
}
