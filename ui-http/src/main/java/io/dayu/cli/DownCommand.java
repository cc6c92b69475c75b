package io.dayu.cli;

import io.dayu.console.Progress;
import io.dayu.local.BackgroundCluster;
import io.dayu.local.Home;
import io.dayu.local.HomeLock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Ends what {@code dayu up} started; its data stay. */
@Command(
    name = "down",
    mixinStandardHelpOptions = true,
    description = "Stop the cluster that 'dayu up' started; its data stay.")
final class DownCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    var home = Home.find();
    return HomeLock.holding(home, "dayu down", () -> stopAll(home));
  }

  private int stopAll(Home home) {
    var out = spec.commandLine().getOut();
    var state = BackgroundCluster.read(home);
    if (state.isEmpty()) {
      out.println("Nothing is up.");
      return 0;
    }
    var progress = Progress.to(out, Progress.onTerminal());
    // Edges first: while a cloud node is there they leave cleanly.
    NodeStop.stop(
        state.get().nodes().stream().filter(n -> !n.role().equals("cloud")).toList(), progress);
    NodeStop.stop(
        state.get().nodes().stream().filter(n -> n.role().equals("cloud")).toList(), progress);
    BackgroundCluster.forget(home);
    out.printf("Dayu is down. Data and logs stay in %s%n", BackgroundCluster.directory(home));
    return 0;
  }
}
