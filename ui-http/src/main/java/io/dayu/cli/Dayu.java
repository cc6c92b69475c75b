package io.dayu.cli;

import io.dayu.console.StandardOutput;
import io.dayu.console.Units;
import io.dayu.console.UserException;
import java.io.PrintWriter;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. Exit codes: 0 success, 1 it did not work, 2 it was used wrongly. */
@Command(
    name = "dayu",
    mixinStandardHelpOptions = true,
    version = "Dayu 0.1.0-SNAPSHOT",
    description = "Stream processing over cloud and edge nodes.",
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    subcommands = {
      DemoCommand.class,
      UpCommand.class,
      DownCommand.class,
      PipelineCommand.class,
      StageCommand.class,
      ServicesCommand.class,
      LedgerCommand.class,
      ResultsCommand.class,
      WhyCommand.class,
      NodesCommand.class,
      NodeCommand.class,
      DoctorCommand.class,
      KeysCommand.class,
      K8sCommand.class,
      ImportCommand.class,
    },
    footer = {
      "  bench     Measure links, pipelines, fleets, idle nodes: dayu bench --help",
      "  chaos     Break nodes while elements flow and prove that none is lost: dayu chaos --help",
      "  abuse     Attack nodes with hostile inputs and prove that they do not mind: dayu abuse"
          + " --help",
      "  operator  Keep a Kubernetes cluster as its resources say: dayu operator --help",
      "  reliability  Try what is promised about failures: dayu reliability --help",
      "",
      "First time here? dayu demo shows a street video being watched by one cloud and two edge"
          + " nodes.",
    })
public final class Dayu implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  public static void main(String[] args) {
    // Frames are drawn without a screen.
    System.setProperty("java.awt.headless", "true");
    if (System.getProperty("logback.configurationFile") == null)
      System.setProperty("logback.configurationFile", "io/dayu/cli/logback.xml");
    System.exit(StandardOutput.run((out, err) -> commandLine(out, err).execute(args)));
  }

  static CommandLine commandLine(PrintWriter out, PrintWriter err) {
    var commands = new CommandLine(new Dayu());
    // What follows a command to be tested belongs to it.
    subcommand(subcommand(commands, "stage"), "test").setStopAtPositional(true);
    return commands
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .registerConverter(java.time.Duration.class, Dayu::duration)
        .setExecutionExceptionHandler(Dayu::failed);
  }

  private static CommandLine subcommand(CommandLine of, String name) {
    return Objects.requireNonNull(of.getSubcommands().get(name), name);
  }

  private static java.time.Duration duration(String text) {
    try {
      return Units.duration(text);
    } catch (IllegalArgumentException e) {
      throw new CommandLine.TypeConversionException(e.getMessage());
    }
  }

  private static int failed(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
    if (e instanceof UserException) {
      command.getErr().println(e.getMessage());
      return CommandLine.ExitCode.SOFTWARE;
    }
    if (StandardOutput.hasFailed(e)) return CommandLine.ExitCode.SOFTWARE;
    command.getErr().println("This is a defect of dayu; please report it with the lines below.");
    e.printStackTrace(command.getErr());
    return CommandLine.ExitCode.SOFTWARE;
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "Which command?");
  }
}
