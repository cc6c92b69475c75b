package io.dayu.bench.reliability;

import io.dayu.bench.chaos.Fault;
import java.time.Duration;
import java.time.Instant;

/** A node that works for a stream read elsewhere is killed under load. */
final class KilledProcessor implements Scenario {
  private static final Duration LIMIT = Duration.ofSeconds(3);

  @Override
  public String word() {
    return "kill-processor";
  }

  @Override
  public String fault() {
    return "`kill -9` of a processor's node under load";
  }

  @Override
  public String promise() {
    return "0 lost, 0 duplicates; first element over the new route ≤ 3 s after the kill";
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
        Duration.ofSeconds(10),
        run -> {
          var killed = Instant.now();
          run.testbed().kill(ScenarioRun.OTHER);
          // What was on its way through the dead node is sent again; at some moments nothing is.
          var round =
              run.first(
                  "what goes another way",
                  killed,
                  a ->
                      a.at().isAfter(killed)
                          && (a.attempt() > 1 || a.createdAt().isAfter(killed))
                          && !a.nodes().contains(ScenarioRun.OTHER));
          run.pass("flowing on the new route", Duration.ofSeconds(5));
          var gap = run.arrivals().longestGap(killed, Instant.now()).orElseThrow();
          var rows = run.stored();
          return Seen.of(
              "first element over the new route after %s ms, longest gap %s ms"
                  .formatted(round.toMillis(), gap.toMillis()),
              round.compareTo(LIMIT) <= 0 && gap.compareTo(LIMIT) <= 0,
              run.verdict(rows));
        });
  }
}
