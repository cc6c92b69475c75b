package io.dayu.bench.run;

import io.dayu.console.StandardOutput;
import io.dayu.console.Units;
import io.dayu.console.UserException;
import java.io.PrintWriter;
import java.time.Duration;
import picocli.CommandLine;

/**
 * What the command lines of this module have in common. Exit codes: 0 it went as it should, 1 it
 * did not, 2 it was used wrongly.
 */
public final class CommandLines {
  private CommandLines() {}

  /** Runs a command as a process and ends it. */
  public static void main(Object command, String[] args) {
    System.exit(StandardOutput.run((out, err) -> of(command, out, err).execute(args)));
  }

  public static CommandLine of(Object command, PrintWriter out, PrintWriter err) {
    return new CommandLine(command)
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .registerConverter(Duration.class, CommandLines::duration)
        .setExecutionExceptionHandler(CommandLines::failed);
  }

  private static Duration duration(String text) {
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
}
