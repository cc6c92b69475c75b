package io.dayu.bench.reliability;

import io.dayu.bench.chaos.Arrivals;
import io.dayu.bench.chaos.Fault;
import java.time.Duration;
import java.time.Instant;

/** An edge joins while another one is unreachable. */
final class NewEdge implements Scenario {
  private static final String NEW = "edge-3";
  private static final Duration LIMIT = Duration.ofSeconds(15);
  private static final Duration UNREACHABLE = Duration.ofSeconds(20);
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @Override
  public String word() {
    return "new-edge";
  }

  @Override
  public String fault() {
    return "a new edge joins while another is unreachable";
  }

  @Override
  public String promise() {
    return "it runs a pipeline ≤ 15 s after start";
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
        Duration.ofSeconds(60),
        run -> {
          run.testbed().freeze(ScenarioRun.OTHER);
          run.pass("until the cloud gives it up", UNREACHABLE);
          var load = ScenarioRun.load("joined", NEW, false, Duration.ofSeconds(20), run.testbed());
          load.submit(run.api());
          var started = Instant.now();
          try (var arrivals = Arrivals.of(run.testbed().apis(), load.name())) {
            run.testbed().startEdge(NEW);
            run.testbed()
                .waiting()
                .until(
                    "waiting for its first result",
                    PATIENCE,
                    () -> arrivals.first(a -> true).isPresent());
            var runs = Duration.between(started, arrivals.first(a -> true).orElseThrow().at());
            run.testbed().thaw(ScenarioRun.OTHER);
            var rows = run.stored();
            return Seen.of(
                "first result %s ms after its start".formatted(runs.toMillis()),
                runs.compareTo(LIMIT) <= 0,
                run.verdict(rows).plus(run.verdict(load)));
          }
        });
  }
}
