package io.dayu.bench;

import io.dayu.bench.change.ChangeCommand;
import io.dayu.bench.change.KeysCommand;
import io.dayu.bench.compare.CompareCommand;
import io.dayu.bench.fleet.FleetCommand;
import io.dayu.bench.idle.IdleCommand;
import io.dayu.bench.link.LinkCommand;
import io.dayu.bench.operator.OperatorCommand;
import io.dayu.bench.pipeline.PipelineCommand;
import io.dayu.bench.revision.RevisionCommand;
import io.dayu.bench.run.CommandLines;
import io.dayu.bench.service.ServiceCommand;
import io.dayu.bench.store.StoreCommand;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The benches' command line. Exit codes: 0 measured, 1 something did not work or was lost, 2 it was
 * used wrongly.
 */
@Command(
    name = "dayu bench",
    mixinStandardHelpOptions = true,
    description = {
      "Measure Dayu on this machine.",
      "Everything runs in processes of its own, which end with the bench. Keep the machine free of"
          + " other work: figures of one run can be compared with each other, those of different"
          + " runs only on a quiet machine."
    },
    synopsisSubcommandLabel = "BENCH",
    commandListHeading = "%nBenches:%n",
    subcommands = {
      LinkCommand.class,
      PipelineCommand.class,
      FleetCommand.class,
      IdleCommand.class,
      StoreCommand.class,
      CompareCommand.class,
      ServiceCommand.class,
      ChangeCommand.class,
      KeysCommand.class,
      OperatorCommand.class,
      RevisionCommand.class
    })
public final class Bench implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  public static void main(String[] args) {
    CommandLines.main(new Bench(), args);
  }

  static CommandLine commandLine(PrintWriter out, PrintWriter err) {
    return CommandLines.of(new Bench(), out, err);
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(),
        "Which bench: %s?".formatted(String.join(", ", spec.subcommands().keySet())));
  }
}
