package io.dayu.bench;

import io.dayu.cli.CliException;
import io.dayu.cli.Units;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
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
    subcommands = {LinkCommand.class, PipelineCommand.class, IdleCommand.class})
public final class Bench implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  public static void main(String[] args) {
    var out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(commandLine(out, err).execute(args));
  }

  static CommandLine commandLine(PrintWriter out, PrintWriter err) {
    return new CommandLine(new Bench())
        .setOut(out)
        .setErr(err)
        .registerConverter(Duration.class, Bench::duration)
        .setExecutionExceptionHandler(Bench::failed);
  }

  private static Duration duration(String text) {
    try {
      return Units.duration(text);
    } catch (IllegalArgumentException e) {
      throw new CommandLine.TypeConversionException(e.getMessage());
    }
  }

  private static int failed(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
    if (e instanceof CliException) {
      command.getErr().println(e.getMessage());
      return CommandLine.ExitCode.SOFTWARE;
    }
    command.getErr().println("This is a defect of dayu; please report it with the lines below.");
    e.printStackTrace(command.getErr());
    return CommandLine.ExitCode.SOFTWARE;
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(), "Which bench: link, pipeline or idle?");
  }
}
