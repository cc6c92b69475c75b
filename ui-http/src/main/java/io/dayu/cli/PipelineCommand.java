package io.dayu.cli;

import static io.dayu.client.ApiClient.path;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.client.ApiException;
import io.dayu.client.PipelineYaml;
import io.dayu.console.Table;
import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Submits, lists, shows, pauses and deletes pipelines. */
@Command(
    name = "pipeline",
    mixinStandardHelpOptions = true,
    description = "Submit, list, show, pause and delete pipelines.",
    subcommands = {FailedCommand.class, RetryCommand.class, SideCommand.class},
    synopsisSubcommandLabel = "COMMAND")
final class PipelineCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(),
        "Which command: submit, diff, list, show, versions, rollback, pause, stop, resume, drain,"
            + " failed, retry, side or delete?");
  }

  @Command(
      name = "submit",
      mixinStandardHelpOptions = true,
      description = "Start the pipeline of a YAML or JSON document.")
  int submit(
      @Mixin ApiOptions api,
      @Parameters(paramLabel = "FILE", description = "The document; - reads standard input.")
          String file,
      @Option(names = "--replace", description = "Change the pipeline of this name if one runs.")
          boolean replace,
      @Mixin OnlyVersion only) {
    if (only.version().isPresent() && !replace)
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          "--if-version goes with --replace: a new pipeline has no version yet");
    var document = read(file);
    var client = api.client();
    // The name is in the document; one that cannot be read is for the server to explain.
    var name = replace ? PipelineYaml.name(document) : Optional.<String>empty();
    JsonNode answer;
    try {
      answer =
          name.isPresent()
              ? client.send("PUT", path("pipelines", name.get()), document, only.version())
              : client.send("POST", "pipelines", document);
    } catch (ApiException e) {
      if (e.status() != 409) throw e;
      throw new UserException(e.getMessage() + "%n  (--replace does that)".formatted(), e);
    }
    if (api.json()) {
      api.print(answer);
      return 0;
    }
    var called = answer.path("name").asText(PipelineYaml.name(document).orElse(""));
    api.out().println("Pipeline " + called + " was accepted.");
    api.out().println("  Its state:     dayu pipeline show " + called);
    api.out().println("  Its results:   dayu results " + called + " --follow");
    return 0;
  }

  @Command(
      name = "diff",
      mixinStandardHelpOptions = true,
      description =
          "What submitting the document with --replace would do; nothing is done. What would be"
              + " refused is told as if it was submitted.")
  int diff(
      @Mixin ApiOptions api,
      @Parameters(paramLabel = "FILE", description = "The document; - reads standard input.")
          String file) {
    var document = read(file);
    var name =
        PipelineYaml.name(document)
            .orElseThrow(() -> new UserException(file + " has no metadata.name"));
    var plan = api.client().send("PUT", path("pipelines", name) + "?dryRun=true", document);
    if (api.json()) {
      api.print(plan);
      return 0;
    }
    long present = plan.path("present").asLong();
    long next = plan.path("next").asLong();
    if (present == next)
      api.out().println("Nothing would change: version %s runs like that.".formatted(present));
    else if (present == 0) api.out().println("Pipeline %s would be new.".formatted(name));
    else
      api.out()
          .println("Pipeline %s would go from version %s to %s.".formatted(name, present, next));
    var table = Table.of("PART", "NAME", "WHAT", "WHY");
    for (var part : plan.path("parts"))
      table.row(
          part.path("kind").asText(),
          part.path("name").asText(),
          part.path("what").asText(),
          part.path("why").asText());
    api.print(table, "");
    return 0;
  }

  @Command(name = "list", mixinStandardHelpOptions = true, description = "All pipelines.")
  int list(@Mixin ApiOptions api) {
    var answer = api.client().get("pipelines");
    if (api.json()) {
      api.print(answer);
      return 0;
    }
    var table = Table.of("NAME", "STATE", ">SOURCES", ">STAGES", "POLICY", ">VERSION");
    for (var each : answer.path("items"))
      table.row(
          each.path("name").asText(),
          each.path("state").asText("-"),
          each.path("sources").asText("-"),
          each.path("stages").asText("-"),
          each.path("policy").asText("-"),
          each.path("version").asText("-"));
    api.print(table, "No pipelines. Start one with: dayu pipeline submit FILE");
    return 0;
  }

  @Command(
      name = "show",
      mixinStandardHelpOptions = true,
      description = "The state of a pipeline: its streams, stages and problems.")
  int show(
      @Mixin ApiOptions api,
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--document", description = "Its document instead, as YAML.")
          boolean document) {
    var answer = api.client().get(path("pipelines", name));
    if (document) api.out().print(PipelineYaml.write(answer.path("document")));
    else if (api.json()) api.print(answer);
    else api.out().print(PipelineText.of(name, answer));
    api.out().flush();
    return 0;
  }

  @Command(
      name = "versions",
      mixinStandardHelpOptions = true,
      description = "The last ten specifications of a pipeline, the present one first.")
  int versions(
      @Mixin ApiOptions api,
      @Parameters(paramLabel = "NAME") String name,
      @Option(
              names = "--document",
              paramLabel = "VERSION",
              description = "The document of this version instead, as YAML.")
          Optional<Long> document) {
    if (document.isPresent()) {
      var version =
          api.client().get(path("pipelines", name, "versions", String.valueOf(document.get())));
      api.out().print(PipelineYaml.write(version.path("document")));
      api.out().flush();
      return 0;
    }
    var answer = api.client().get(path("pipelines", name, "versions"));
    if (api.json()) {
      api.print(answer);
      return 0;
    }
    var table = Table.of(">VERSION", "SINCE", ">SOURCES", ">STAGES", "POLICY");
    for (var each : answer.path("items"))
      table.row(
          each.path("version").asText(),
          each.path("at").asText("-"),
          each.path("sources").asText(),
          each.path("stages").asText(),
          each.path("policy").asText());
    api.print(table, "No versions.");
    return 0;
  }

  @Command(
      name = "rollback",
      mixinStandardHelpOptions = true,
      description = "Change a pipeline back to a specification that it had.")
  int rollback(
      @Mixin ApiOptions api,
      @Parameters(paramLabel = "NAME") String name,
      @Parameters(
              paramLabel = "VERSION",
              arity = "0..1",
              description = "See dayu pipeline versions; without it the one before the present.")
          Optional<Long> version) {
    var body = version.map("{\"version\": %s}"::formatted).orElse("");
    var answer = api.client().send("POST", path("pipelines", name, "rollback"), body);
    if (api.json()) api.print(answer);
    else
      api.out()
          .println(
              "Pipeline %s is as it was, as version %s."
                  .formatted(name, answer.path("version").asText()));
    return 0;
  }

  @Command(
      name = "pause",
      mixinStandardHelpOptions = true,
      description =
          "Read its sources no more. What is in flight is finished, and everything is kept, through"
              + " restarts of nodes too.")
  int pause(@Mixin ApiOptions api, @Parameters(paramLabel = "NAME") String name) {
    return turn(api, name, "pause");
  }

  @Command(
      name = "stop",
      mixinStandardHelpOptions = true,
      description =
          "Pause, and unload its stages with what they have in memory. Its document, positions,"
              + " numbers and results are kept; dayu pipeline resume loads them again.")
  int stop(@Mixin ApiOptions api, @Parameters(paramLabel = "NAME") String name) {
    return turn(api, name, "stop");
  }

  @Command(
      name = "resume",
      mixinStandardHelpOptions = true,
      description =
          "Read the sources of a paused or stopped pipeline on, from where they were left.")
  int resume(@Mixin ApiOptions api, @Parameters(paramLabel = "NAME") String name) {
    return turn(api, name, "resume");
  }

  @Command(
      name = "drain",
      mixinStandardHelpOptions = true,
      description = "Pause, and wait until nothing is in flight.")
  int drain(
      @Mixin ApiOptions api,
      @Parameters(paramLabel = "NAME") String name,
      @Option(
              names = "--timeout",
              paramLabel = "SECONDS",
              defaultValue = "60",
              description = "How long to wait. Default: ${DEFAULT-VALUE}")
          int timeout) {
    var client = api.client();
    var answer = client.send("POST", path("pipelines", name, "drain"), "");
    if (!drained(answer)) {
      long asked = answer.path("version").asLong();
      // Its first events tell how it is now, so nothing is missed in between.
      client.events(
          path("pipelines", name, "events"),
          Duration.ofSeconds(timeout),
          event ->
              event.path("state").asText().matches("drained|deleted")
                  || event.path("version").asLong() > asked);
      answer = client.get(path("pipelines", name));
    }
    if (answer.at("/document/spec/state").asText("running").equals("running"))
      throw new UserException("pipeline %s was resumed meanwhile".formatted(name));
    if (!drained(answer))
      throw new UserException(
          "pipeline %s is %s after %s s; it stays paused. What it waits for: dayu pipeline show %s"
              .formatted(name, PipelineText.state(answer.path("status")), timeout, name));
    tell(api, name, answer);
    return 0;
  }

  private static boolean drained(JsonNode pipeline) {
    return pipeline.path("status").path("drained").asBoolean();
  }

  private static int turn(ApiOptions api, String name, String how) {
    tell(api, name, api.client().send("POST", path("pipelines", name, how), ""));
    return 0;
  }

  private static void tell(ApiOptions api, String name, JsonNode pipeline) {
    if (api.json()) api.print(pipeline);
    else
      api.out()
          .println(
              "Pipeline %s is %s.".formatted(name, PipelineText.state(pipeline.path("status"))));
  }

  @Command(
      name = "delete",
      mixinStandardHelpOptions = true,
      description = "Stop a pipeline; its results stay.")
  int delete(
      @Mixin ApiOptions api,
      @Parameters(paramLabel = "NAME") String name,
      @Mixin OnlyVersion only) {
    var pending = api.client().delete(path("pipelines", name), only.version());
    if (!api.json())
      api.out()
          .println(
              "Pipeline %s %s"
                  .formatted(
                      name,
                      pending.map(what -> "will be deleted: " + what).orElse("was deleted.")));
    return 0;
  }

  static String read(String file) {
    try {
      return file.equals("-")
          ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
          : Files.readString(Path.of(file));
    } catch (NoSuchFileException e) {
      throw new UserException("there is no file " + file, e);
    } catch (CharacterCodingException e) {
      throw new UserException(file + " is not UTF-8 text", e);
    } catch (IOException e) {
      throw new UserException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
