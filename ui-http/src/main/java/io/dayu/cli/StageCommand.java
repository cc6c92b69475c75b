package io.dayu.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dayu.conformance.Check;
import io.dayu.conformance.Conformance;
import io.dayu.console.Table;
import io.dayu.console.UserException;
import io.dayu.local.ChildProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Helps those who write stages: makes projects, tests services, lists what a cluster can run. */
@Command(
    name = "stage",
    mixinStandardHelpOptions = true,
    description = "Make, test and list stages.",
    synopsisSubcommandLabel = "COMMAND")
final class StageCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which command: new, test or list?");
  }

  @Command(
      name = "new",
      mixinStandardHelpOptions = true,
      description =
          "Make a project that runs, with a test: a service in Python or Node.js, or Java.")
  int make(
      @Option(
              names = "--lang",
              required = true,
              paramLabel = "LANG",
              description = "One of: ${COMPLETION-CANDIDATES}.")
          StageProject.Language language,
      @Parameters(paramLabel = "NAME", description = "What pipelines call it, as count-above.")
          String name,
      @Parameters(
              paramLabel = "DIR",
              arity = "0..1",
              description = "Where to; a directory of that name if it is left out.")
          Optional<Path> dir) {
    if (!StageProject.isName(name))
      throw new ParameterException(
          spec.commandLine(),
          "\""
              + name
              + "\" is no name of a stage: lower case letters, digits and dashes, as in"
              + " count-above");
    var project = new StageProject(language, name, dir.orElse(Path.of(name)));
    project.write();
    var out = spec.commandLine().getOut();
    out.println("Stage " + name + " is in " + project.dir() + ". What to do next is in its");
    out.println("README.md; first:");
    out.print(project.firstSteps().indent(2));
    out.flush();
    return 0;
  }

  @Command(
      name = "test",
      mixinStandardHelpOptions = true,
      description = {
        "Test whether a service keeps the contract of docs/services.md.",
        "A command is started with DAYU_SERVICE_PORT set, and ended at last. Options stand before"
            + " the URL or command. Exit code 0 only if all is well."
      })
  int test(
      @Option(
              names = "--timeout",
              paramLabel = "D",
              defaultValue = "10s",
              description = "For each answer, and for the service to be ready: ${DEFAULT-VALUE}.")
          Duration timeout,
      @Option(
              names = "--params",
              paramLabel = "JSON",
              description = "Parameters of the stage, as '{\"limit\": 30}'.")
          Optional<String> params,
      @Option(
              names = "--description",
              paramLabel = "FILE",
              description = "The JSON description of a service that tells none itself.")
          Optional<Path> description,
      @Option(
              names = "--transport",
              paramLabel = "T",
              defaultValue = "http",
              description = "How a command is called: http or grpc. Default: ${DEFAULT-VALUE}.")
          String transport,
      @Parameters(paramLabel = "URL|COMMAND", arity = "1..*") List<String> what)
      throws InterruptedException {
    if (timeout.toMillis() < 1 || timeout.compareTo(Duration.ofHours(1)) > 0)
      throw new ParameterException(
          spec.commandLine(), "--timeout is between 1 ms and 1 h, as in 10s");
    if (!transport.equals("http") && !transport.equals("grpc"))
      throw new ParameterException(spec.commandLine(), "--transport is http or grpc");
    var given = parameters(params);
    var document = description.map(StageCommand::read);
    var url = url(what.get(0));
    if (url.isPresent()) {
      if (what.size() > 1)
        throw new ParameterException(
            spec.commandLine(), "options stand before the URL, and nothing behind it");
      return report(
          Conformance.run(
              new Conformance.Trial(url.get(), timeout, given, document, Optional.empty())));
    }
    return report(started(what, transport, timeout, given, document));
  }

  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      description = "The types of stages that the cluster can run.")
  int list(@Mixin ApiOptions api) {
    var answer = api.client().get("stages");
    if (api.json()) {
      api.print(answer);
      return 0;
    }
    var table = Table.of("TYPE", "READS", "OUTPUT", "PARAMETERS", "DESCRIPTION");
    for (var stage : answer.path("items"))
      table.row(
          stage.path("type").asText(),
          reads(stage),
          stage.path("output").asText(),
          names(stage.path("parameters")),
          stage.path("description").asText());
    api.print(table, "No stages are known.");
    return 0;
  }

  private static String reads(JsonNode stage) {
    var words = new ArrayList<String>();
    stage.path("payload").forEach(word -> words.add(word.asText()));
    if (stage.path("namedInputs").isEmpty())
      stage.path("inputs").forEach(word -> words.add(word.asText() + "*"));
    boolean anything = words.size() > 6;
    for (var input : stage.path("namedInputs")) {
      var types = new ArrayList<String>();
      input.path("types").forEach(type -> types.add(type.asText()));
      words.add(
          "%s%s: %s*"
              .formatted(
                  input.path("name").asText(),
                  input.path("required").asBoolean() ? "" : "?",
                  String.join("|", types)));
    }
    return anything ? "anything" : String.join(", ", words);
  }

  private static String names(JsonNode parameters) {
    var names = new ArrayList<String>();
    for (var each : parameters)
      names.add(each.path("name").asText() + (each.path("required").asBoolean() ? "" : "?"));
    return names.isEmpty() ? "-" : String.join(", ", names);
  }

  private static List<Check> started(
      List<String> command,
      String transport,
      Duration timeout,
      Map<String, JsonNode> params,
      Optional<byte[]> description)
      throws InterruptedException {
    int port = freePort();
    var log = log();
    var environment =
        Map.of(
            "DAYU_SERVICE_PORT",
            Integer.toString(port),
            "DAYU_SERVICE_TRANSPORT",
            transport,
            "DAYU_SERVICE_NAME",
            "tested",
            "DAYU_SERVICE_PARALLELISM",
            "1");
    try (var program =
        ChildProcess.start(
            "the service", command, environment, Path.of("").toAbsolutePath(), log)) {
      // A command may be a shell or npm with the program as its child.
      var hook = new Thread(() -> end(program));
      Runtime.getRuntime().addShutdownHook(hook);
      try {
        var url = URI.create(transport + "://127.0.0.1:" + port + "/");
        return Conformance.run(
            new Conformance.Trial(url, timeout, params, description, Optional.of(program)));
      } finally {
        end(program);
        Runtime.getRuntime().removeShutdownHook(hook);
      }
    } finally {
      delete(log);
    }
  }

  private static void end(ChildProcess program) {
    var all = ProcessHandle.of(program.pid()).stream().flatMap(ProcessHandle::descendants).toList();
    if (program.alive()) program.close();
    all.forEach(ProcessHandle::destroyForcibly);
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UserException("there is no free port: " + e.getMessage(), e);
    }
  }

  private static Path log() {
    try {
      return Files.createTempFile("dayu-stage-test", ".log");
    } catch (IOException e) {
      throw new UserException("cannot write a log: " + e.getMessage(), e);
    }
  }

  private static void delete(Path log) {
    try {
      Files.deleteIfExists(log);
    } catch (IOException e) {
      // The system clears its directory of temporary files.
    }
  }

  private int report(List<Check> checks) {
    var out = spec.commandLine().getOut();
    var table = Table.of("", "CHECK", "FOUND");
    for (var check : checks) table.row(check.grade().word(), check.what(), check.found());
    out.print(table.render(""));
    for (var check : checks)
      if (!check.remedy().isEmpty()) out.printf("→ %s: %s%n", check.what(), check.remedy());
    long wrong = checks.stream().filter(c -> c.grade() == Check.Grade.WRONG).count();
    out.println(
        wrong == 0
            ? "The service keeps the contract."
            : "%s of %s checks are wrong.".formatted(wrong, checks.size()));
    out.flush();
    return checks.stream().allMatch(c -> c.grade() == Check.Grade.OK) ? 0 : 1;
  }

  private Optional<URI> url(String text) {
    if (!text.matches("(?i)[a-z]+://.*")) return Optional.empty();
    try {
      var url = URI.create(text);
      if ("http".equalsIgnoreCase(url.getScheme()) && url.getHost() != null)
        return Optional.of(url);
      if ("grpc".equals(url.getScheme()) && url.getHost() != null && url.getPort() > 0)
        return Optional.of(url);
    } catch (IllegalArgumentException e) {
      // Told below.
    }
    throw new ParameterException(
        spec.commandLine(),
        text
            + " is no url of a service; they are as http://127.0.0.1:9000/ or grpc://127.0.0.1:9000");
  }

  private Map<String, JsonNode> parameters(Optional<String> json) {
    var params = new LinkedHashMap<String, JsonNode>();
    if (json.isEmpty()) return params;
    try {
      var tree = new ObjectMapper().readTree(json.get());
      if (tree != null && tree.isObject()) {
        tree.properties().forEach(each -> params.put(each.getKey(), each.getValue()));
        return params;
      }
    } catch (JsonProcessingException e) {
      // Told below.
    }
    throw new ParameterException(
        spec.commandLine(), "--params is no JSON object, as '{\"limit\": 30}'");
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UserException("cannot read " + file, e);
    }
  }
}
