package io.dayu.bench.reliability;

import io.dayu.bench.chaos.ChaosRun;
import io.dayu.bench.chaos.Fault;
import io.dayu.bench.chaos.NetworkKind;
import io.dayu.console.UserException;
import java.util.ArrayList;
import java.util.OptionalInt;

/** Chaos with many seeds. */
final class ManyChaosRuns implements Scenario {
  private static final int EDGES = 3;

  @Override
  public String word() {
    return "chaos";
  }

  @Override
  public String fault() {
    return "`./dayu chaos`, many seeds";
  }

  @Override
  public String promise() {
    return "0 lost, 0 duplicates, ledger balanced in all";
  }

  @Override
  public Fault.Need need() {
    return Fault.Need.NOTHING;
  }

  @Override
  public Seen run(Context context) {
    var failed = new ArrayList<Integer>();
    long faults = 0;
    long given = 0;
    for (int seed = 1; seed <= context.seeds(); seed++) {
      var network = NetworkKind.best();
      var kinds = ChaosRun.possible(1, network);
      var settings =
          new ChaosRun.Settings(
              seed, context.chaos(), kinds, 1, EDGES, network, OptionalInt.empty());
      try {
        var report = new ChaosRun(context.home(), settings, context.progress()).run();
        if (!report.kept()) failed.add(seed);
        faults += report.faults().size();
        given += report.verdict().given();
      } catch (UserException e) {
        context.progress().line("  seed %s: %s".formatted(seed, e.getMessage()));
        failed.add(seed);
      }
    }
    return new Seen(
        "%s seeds of %s s: %s faults, %s elements; %s"
            .formatted(
                context.seeds(),
                context.chaos().toSeconds(),
                faults,
                given,
                failed.isEmpty() ? "0 lost, 0 duplicates" : "not kept in " + failed),
        failed.isEmpty());
  }
}
