package io.dayu.bench.reliability;

import io.dayu.bench.chaos.Fault;
import java.time.Duration;
import java.time.Instant;

/** Every cloud node is killed and started again with its store. */
final class CloudsRestarted implements Scenario {
  private static final Duration AWAY = Duration.ofSeconds(10);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(3);
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @Override
  public String word() {
    return "clouds-restarted";
  }

  @Override
  public String fault() {
    return "all cloud nodes killed and restarted (store kept)";
  }

  @Override
  public String promise() {
    return "edges' streams do not pause; results flow again ≤ 30 s after the cloud is up";
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
        true,
        AWAY.plusSeconds(60),
        run -> {
          var killed = Instant.now();
          run.testbed().kill(ScenarioRun.CLOUD);
          run.pass("without a cloud", AWAY);
          run.testbed().restart(ScenarioRun.CLOUD);
          var up = Instant.now();
          var flows = run.first("results", up, a -> a.at().isAfter(up));
          var rows = run.stored();
          var pause = ScenarioRun.longestPause(rows, killed, up);
          return Seen.of(
              "longest pause of the source %s ms; results %s ms after the cloud is up"
                  .formatted(pause.toMillis(), flows.toMillis()),
              pause.compareTo(LONGEST_PAUSE) <= 0 && flows.compareTo(LIMIT) <= 0,
              run.verdict(rows));
        });
  }
}
