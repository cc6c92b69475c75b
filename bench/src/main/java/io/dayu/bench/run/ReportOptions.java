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
