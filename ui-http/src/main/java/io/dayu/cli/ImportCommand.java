package io.dayu.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import io.dayu.cli.migrate.DayuFiles;
import io.dayu.cli.migrate.Migration;
import io.dayu.cli.migrate.Note;
import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Pipelines of other systems' files. */
@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    description = "Make pipelines of files of another system.",
    synopsisSubcommandLabel = "COMMAND")
final class ImportCommand {
  private static final ObjectMapper YAML =
      new ObjectMapper(
          YAMLFactory.builder()
              .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
              .disable(YAMLGenerator.Feature.SPLIT_LINES)
              .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
              .build());

  @Spec private CommandSpec spec;

  @Command(
      name = "dayu",
      mixinStandardHelpOptions = true,
      description = {
        "Make pipelines of the DAG and data source files of the Python system of the same design.",
        "What is not as it was is told, and stands in the document as comments.",
        "Exit code: 0 if it can be submitted as it is, 1 if something is left to be done by hand."
      })
  int dayu(
      @Parameters(
              paramLabel = "TEMPLATE",
              arity = "1..*",
              description =
                  "Files (.dag, data source YAML), or directories in which they and base.yaml are looked for.")
          List<Path> paths,
      @Option(
              names = "--datasource",
              paramLabel = "FILE",
              description = "Which of several data sources: its file or source_name.")
          Optional<String> datasource,
      @Option(
              names = "--policy",
              paramLabel = "ID",
              description = "The policy it was installed with, such as fixed or cloud-only-policy.")
          Optional<String> policy,
      @Option(
              names = "--node",
              paramLabel = "NAME",
              description = "Where sources are read (default: what base.yaml says).")
          Optional<String> node,
      @Option(
              names = "--root",
              paramLabel = "DIR",
              description =
                  "Directory of the data sets on that node (default: what base.yaml says).")
          Optional<String> root,
      @Option(
              names = "--data",
              paramLabel = "DIR",
              description = "The same directory here, to see which clips a data set has.")
          Optional<Path> data,
      @Option(
              names = {"-o", "--output"},
              paramLabel = "FILE",
              description = "Where the pipelines go (default: printed).")
          Optional<Path> output) {
    var files = DayuFiles.find(paths);
    if (files.dags().isEmpty())
      throw new UserException("there is no DAG; name its file too (with dag_name and dag in it)");
    var source = files.datasource(datasource);
    var options = new Migration.Options(policy, node, root, data);
    var text = new StringBuilder();
    var notes = new ArrayList<Note>();
    for (var dag : files.dags().values()) {
      var made = Migration.of(dag, source, files, options);
      if (!text.isEmpty()) text.append("---\n");
      made.notes().forEach(note -> text.append("# ").append(oneLine(note)).append('\n'));
      text.append(write(made));
      notes.addAll(made.notes());
    }
    print(text.toString(), output);
    var err = spec.commandLine().getErr();
    notes.forEach(note -> err.println(oneLine(note)));
    err.flush();
    return notes.stream().anyMatch(Note::byHand) ? 1 : 0;
  }

  /** Names in files may hold anything, and a comment ends with its line. */
  private static String oneLine(Note note) {
    return note.toString().replaceAll("\\p{Cntrl}", " ");
  }

  private static String write(Migration.Result made) {
    try {
      return YAML.writeValueAsString(made.document());
    } catch (IOException e) {
      throw new UserException("the pipeline cannot be written: " + e, e);
    }
  }

  private void print(String text, Optional<Path> output) {
    try {
      if (output.isPresent()) Files.writeString(output.get(), text);
      else spec.commandLine().getOut().print(text);
      spec.commandLine().getOut().flush();
    } catch (IOException e) {
      throw new UserException("cannot write %s: %s".formatted(output.orElseThrow(), e), e);
    }
  }
}
