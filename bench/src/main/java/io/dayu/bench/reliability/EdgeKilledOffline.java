package io.dayu.bench.reliability;

import io.dayu.bench.chaos.Fault;
import java.time.Duration;
import java.time.Instant;

/** An edge that is cut off is killed and started again before the network is back. */
final class EdgeKilledOffline implements Scenario {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final Duration BEFORE = Duration.ofSeconds(20);
  private static final Duration AFTER = Duration.ofSeconds(20);

  @Override
  public String word() {
    return "edge-killed-offline";
  }

  @Override
  public String fault() {
    return "edge killed during the cut, started offline";
  }

  @Override
  public String promise() {
    return "runs its pipelines again ≤ 10 s after start, outbox intact";
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
        false,
        BEFORE.plus(AFTER).plusSeconds(30),
        run -> {
          var cut = Instant.now();
          run.testbed().cut(ScenarioRun.READER);
          run.pass("cut off", BEFORE);
          run.testbed().kill(ScenarioRun.READER);
          var killed = Instant.now();
          run.testbed().restart(ScenarioRun.READER);
          run.pass("offline", AFTER);
          var healed = Instant.now();
          run.testbed().heal(ScenarioRun.READER);
          var rows = run.stored();
          long second =
              rows.stream()
                  .mapToLong(r -> r.createdAtMs())
                  .filter(at -> at > killed.toEpochMilli())
                  .min()
                  .orElse(Long.MAX_VALUE);
          long first =
              rows.stream()
                  .mapToLong(r -> r.createdAtMs())
                  .filter(at -> at > cut.toEpochMilli() && at < killed.toEpochMilli())
                  .count();
          var again = Duration.ofMillis(second - killed.toEpochMilli());
          var verdict = run.verdict(rows);
          boolean offline = second < healed.toEpochMilli();
          return Seen.of(
              "reads again %s ms after its start%s; %s results of its first life offline stored"
                  .formatted(again.toMillis(), offline ? "" : " (only when online)", first),
              offline && again.compareTo(LIMIT) <= 0,
              verdict);
        });
  }
}
