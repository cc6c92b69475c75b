package io.dayu.cli;

import io.dayu.console.Progress;
import io.dayu.console.UserException;
import io.dayu.local.BackgroundCluster;
import io.dayu.local.BackgroundCluster.Started;
import io.dayu.local.Home;
import io.dayu.local.HomeLock;
import io.dayu.local.LocalCluster;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Stops and starts single nodes of the cluster that {@code dayu up} started. */
@Command(
    name = "node",
    mixinStandardHelpOptions = true,
    description = "Stop, start or restart a node of the cluster that 'dayu up' started.",
    synopsisSubcommandLabel = "COMMAND")
final class NodeCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(), "Which command: restart, stop or start?");
  }

  @Command(
      name = "restart",
      mixinStandardHelpOptions = true,
      description = "Stop a node and start it again, with its data and at its ports.")
  int restart(@Parameters(paramLabel = "NAME") String name) {
    return holding(
        "restart",
        home -> {
          var cluster = cluster(home);
          var node = node(cluster, name);
          startable(cluster, node);
          if (node.process().isPresent()) NodeStop.stop(List.of(node), progress());
          start(home, cluster, node);
        });
  }

  @Command(
      name = "stop",
      mixinStandardHelpOptions = true,
      description = "Stop a node; its data stay, and the cluster knows it as gone.")
  int stop(@Parameters(paramLabel = "NAME") String name) {
    return holding("stop", home -> NodeStop.stop(List.of(node(cluster(home), name)), progress()));
  }

  @Command(
      name = "start",
      mixinStandardHelpOptions = true,
      description = "Start a node that was stopped or has ended, with its data and at its ports.")
  int start(@Parameters(paramLabel = "NAME") String name) {
    return holding(
        "start",
        home -> {
          var cluster = cluster(home);
          var node = node(cluster, name);
          if (node.process().isPresent())
            throw new UserException(
                "%s runs already; dayu node restart %s starts it anew".formatted(name, name));
          startable(cluster, node);
          start(home, cluster, node);
        });
  }

  private static int holding(String command, Consumer<Home> work) {
    var home = Home.find();
    return HomeLock.holding(
        home,
        "dayu node " + command,
        () -> {
          work.accept(home);
          return 0;
        });
  }

  private Progress progress() {
    return Progress.to(spec.commandLine().getOut(), Progress.onTerminal());
  }

  private static BackgroundCluster cluster(Home home) {
    return BackgroundCluster.read(home)
        .orElseThrow(() -> new UserException("nothing is up; start a cluster with: dayu up"));
  }

  private static Started node(BackgroundCluster cluster, String name) {
    return cluster
        .node(name)
        .orElseThrow(
            () ->
                new UserException(
                    "there is no node %s; there are %s"
                        .formatted(
                            name,
                            String.join(
                                ", ", cluster.nodes().stream().map(Started::name).toList()))));
  }

  private static void startable(BackgroundCluster cluster, Started node) {
    if (node.launched().isEmpty())
      throw new UserException(
          "how %s was started is not known: its dayu up did not get to its end. Use dayu down and"
                  .formatted(node.name())
              + " dayu up");
    var missing = NodeEnvironment.missing(cluster.environment());
    if (!missing.isEmpty())
      throw new UserException(
          "%s was started with %s, which must be set again: values are kept nowhere"
              .formatted(node.name(), String.join(", ", missing)));
  }

  private void start(Home home, BackgroundCluster state, Started node) {
    try (var cluster = LocalCluster.open(BackgroundCluster.settings(home), progress())) {
      for (var each : state.nodes())
        each.launched()
            .ifPresent(launched -> cluster.know(launched.options(), launched.endpoints()));
      state.with(cluster.restart(node.name())).write(home);
      cluster.detach();
    }
  }
}
