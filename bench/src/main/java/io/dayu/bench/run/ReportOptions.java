package io.dayu.bench.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.console.UserException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Where a bench's figures go besides the terminal. */
public final class ReportOptions {
  @Option(names = "--report", paramLabel = "FILE", description = "Write the figures as JSON.")
  private Optional<Path> file = Optional.empty();

  /**
   * Ends a bench: prints its figures, writes them, and fails if something was wrong.
   *
   * @param failure what was wrong, in words
   * @return the exit code of a bench that did not fail
   * @throws UserException if there is a failure, or the report cannot be written
   */
  public int end(String text, ObjectNode json, Optional<String> failure, PrintWriter out) {
    out.println();
    out.print(text);
    write(json, out);
    out.flush();
    if (failure.isPresent()) throw new UserException("The bench failed: " + failure.get());
    return 0;
  }

  public void write(ObjectNode report, PrintWriter out) {
    file.ifPresent(
        path -> {
          try {
            if (path.toAbsolutePath().getParent() != null)
              Files.createDirectories(path.toAbsolutePath().getParent());
            Files.writeString(path, report.toPrettyString() + System.lineSeparator());
          } catch (IOException e) {
            throw new UserException("cannot write the report " + path + ": " + e.getMessage(), e);
          }
          out.println();
          out.println("Report: " + path);
        });
  }
}
