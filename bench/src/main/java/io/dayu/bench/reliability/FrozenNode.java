package io.dayu.bench.reliability;

import io.dayu.bench.chaos.Fault;
import java.time.Duration;
import java.time.Instant;

/** A node that works for a stream read elsewhere freezes and thaws. */
final class FrozenNode implements Scenario {
  private static final Duration FROZEN = Duration.ofSeconds(20);
  private static final Duration ROUND = Duration.ofSeconds(3);
  private static final Duration BACK = Duration.ofSeconds(5);

  @Override
  public String word() {
    return "freeze";
  }

  @Override
  public String fault() {
    return "freeze (`SIGSTOP`) of a node for 20 s";
  }

  @Override
  public String promise() {
    return "0 lost; elements go round it ≤ 3 s; used again ≤ 5 s after it thaws, same process";
  }

  @Override
  public Fault.Need need() {
    return Fault.Need.NOTHING;
  }

  @Override
  public Seen run(Context context) {
    return ScenarioRun.run(
        context,
        false,
        false,
        FROZEN.plusSeconds(10),
        run -> {
          long pid = run.testbed().pid(ScenarioRun.OTHER);
          var frozen = Instant.now();
          run.testbed().freeze(ScenarioRun.OTHER);
          var round =
              run.first(
                  "what goes round it",
                  frozen,
                  a ->
                      a.at().isAfter(frozen)
                          && a.attempt() > 1
                          && !a.nodes().contains(ScenarioRun.OTHER));
          var left = Duration.between(Instant.now(), frozen.plus(FROZEN));
          if (!left.isNegative()) run.pass("frozen", left);
          var thawed = Instant.now();
          run.testbed().thaw(ScenarioRun.OTHER);
          var back =
              run.first(
                  "what it works on again",
                  thawed,
                  a -> a.createdAt().isAfter(thawed) && a.nodes().contains(ScenarioRun.OTHER));
          boolean same = run.testbed().pid(ScenarioRun.OTHER) == pid;
          var rows = run.stored();
          return Seen.of(
              "round it after %s ms, used again after %s ms, %s process"
                  .formatted(round.toMillis(), back.toMillis(), same ? "the same" : "ANOTHER"),
              round.compareTo(ROUND) <= 0 && back.compareTo(BACK) <= 0 && same,
              run.verdict(rows));
        });
  }
}
