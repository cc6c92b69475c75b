package io.dayu.k8s.doctor;

import io.dayu.client.ApiAccess;
import io.dayu.client.ApiClient;
import io.dayu.console.Check;
import io.dayu.console.StandardOutput;
import io.dayu.console.UserException;
import io.dayu.local.Home;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.PrintWriter;
import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dayu doctor --kube}: what the API server of a cluster says of an installation. */
@Command(
    name = "dayu doctor",
    mixinStandardHelpOptions = true,
    description = {
      "What in a Kubernetes cluster may keep Dayu from running, and what to do about it.",
      "Asks the API server and changes nothing. Exit codes: 0, 1 if there is a problem, 2 if it was used wrongly."
    })
public final class KubeDoctorCommand implements Callable<Integer> {
  private static final int PATIENCE_MS = 10_000;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-n", "--namespace"},
      defaultValue = "dayu-system",
      showDefaultValue = CommandLine.Help.Visibility.ALWAYS,
      description = "Of the installation.")
  private String namespace;

  @Option(
      names = "--context",
      description = "Of the kubeconfig (KUBECONFIG, ~/.kube/config). Default: its current one.")
  private Optional<String> context = Optional.empty();

  @Option(
      names = "--api",
      paramLabel = "URL",
      defaultValue = "${env:DAYU_API}",
      description = "The API of a cloud node, which then is asked for its members; DAYU_API.")
  private Optional<String> api = Optional.empty();

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      defaultValue = "${env:DAYU_TOKEN}",
      description = "For --api; DAYU_TOKEN if not given.")
  private Optional<String> token = Optional.empty();

  public static void main(String[] args) {
    if (System.getProperty("logback.configurationFile") == null)
      System.setProperty("logback.configurationFile", "io/dayu/k8s/doctor.xml");
    System.exit(StandardOutput.run((out, err) -> run(out, err, args)));
  }

  static int run(PrintWriter out, PrintWriter err, String... args) {
    return new CommandLine(
            CommandSpec.forAnnotatedObject(new KubeDoctorCommand())
                .addOption(
                    OptionSpec.builder("--kube")
                        .required(true)
                        .description("This, and not the machine it runs on.")
                        .build()))
        .setOut(out)
        .setErr(err)
        .setExecutionExceptionHandler(KubeDoctorCommand::failed)
        .execute(args);
  }

  private static int failed(Exception e, CommandLine command, CommandLine.ParseResult parsed)
      throws Exception {
    if (!(e instanceof UserException)) throw e;
    command.getErr().println(e.getMessage());
    return CommandLine.ExitCode.SOFTWARE;
  }

  @Override
  public Integer call() {
    var config = config();
    var out = spec.commandLine().getOut();
    try (var client = new KubernetesClientBuilder().withConfig(config).build()) {
      out.printf("Namespace %s of %s%n", namespace, config.getMasterUrl());
      var now = time(client.getHttpClient(), config);
      var view = new View(client, namespace, now, Home.find().root().resolve("k8s"));
      int code = Check.print(KubeChecks.of(view, members()), out);
      out.println(
          "Not looked at, since the API server does not know: ports, firewalls and settings of the hosts, and whether names and ways lead somewhere."
              + " On a cloud node and on an edge: ./dayu doctor --seeds NAME:25520");
      if (api.isEmpty())
        out.println(
            "Not asked: members, for each other. Give --api URL and --token of a cloud node (kubectl port-forward).");
      out.flush();
      return code;
    }
  }

  private Optional<ApiClient> members() {
    var secret = token.filter(t -> !t.isBlank()).map(t -> read("--token", t, ApiAccess::token));
    return api.filter(a -> !a.isBlank())
        .map(a -> new ApiClient(read("--api", a, ApiAccess::address), secret));
  }

  private <T> T read(String name, String text, Function<String, T> read) {
    try {
      return read.apply(text);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), name + " " + e.getMessage(), e);
    }
  }

  private Config config() {
    var config = Config.autoConfigure(context.orElse(null));
    if (context.isPresent()
        && config.getContexts().stream().noneMatch(c -> context.get().equals(c.getName())))
      throw new UserException(
          "--context: the kubeconfig has no context %s; kubectl config get-contexts"
              .formatted(context.get()));
    config.setRequestRetryBackoffLimit(0);
    config.setConnectionTimeout(PATIENCE_MS);
    config.setRequestTimeout(PATIENCE_MS);
    return config;
  }

  /** The time by the clock of the API server; that of this machine if it does not say. */
  private static Instant time(io.fabric8.kubernetes.client.http.HttpClient http, Config config) {
    var request =
        http.newHttpRequestBuilder()
            .uri(URI.create(config.getMasterUrl()).resolve("version"))
            .build();
    try {
      var answer =
          http.sendAsync(request, String.class)
              .orTimeout(PATIENCE_MS, TimeUnit.MILLISECONDS)
              .join();
      if (answer.code() == 401)
        throw new UserException(
            "The API server at %s does not know who asks (401); kubectl auth whoami"
                .formatted(config.getMasterUrl()));
      return Optional.ofNullable(answer.header("Date"))
          .flatMap(KubeDoctorCommand::date)
          .orElseGet(Clock.systemUTC()::instant);
    } catch (CompletionException e) {
      throw new UserException(
          "The API server at %s does not answer (%s); which one is meant: KUBECONFIG, ~/.kube/config or --context, and kubectl version"
              .formatted(config.getMasterUrl(), View.words(e)),
          e);
    }
  }

  private static Optional<Instant> date(String text) {
    try {
      return Optional.of(
          ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
