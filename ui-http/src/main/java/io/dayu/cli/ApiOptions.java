package io.dayu.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.client.ApiAccess;
import io.dayu.client.ApiClient;
import io.dayu.console.Table;
import io.dayu.local.BackgroundCluster;
import io.dayu.local.Home;
import java.io.PrintWriter;
import java.net.URI;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What every command over the HTTP interface can be told. */
final class ApiOptions {
  static final URI DEFAULT = URI.create("http://127.0.0.1:8080");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--api",
      paramLabel = "URL",
      description =
          "Where the cluster is reached; DAYU_API, else the one started with 'dayu up',"
              + " else http://127.0.0.1:8080.")
  private Optional<String> api = Optional.empty();

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      description = "API token, where the cluster wants one; DAYU_TOKEN if not given.")
  private Optional<String> token = Optional.empty();

  @Option(names = "--json", description = "The answer as it came, for other programs.")
  private boolean json;

  ApiClient client() {
    var address = given("--api", api, "DAYU_API", ApiAccess::address);
    var secret = given("--token", token, "DAYU_TOKEN", ApiAccess::token);
    return new ApiClient(address.or(ApiOptions::started).orElse(DEFAULT), secret);
  }

  private <T> Optional<T> given(
      String option, Optional<String> value, String variable, Function<String, T> read) {
    if (value.isPresent()) return value.map(text -> read(option, text, read));
    return Optional.ofNullable(System.getenv(variable))
        .filter(text -> !text.isBlank())
        .map(text -> read(variable, text, read));
  }

  private <T> T read(String name, String text, Function<String, T> read) {
    try {
      return read.apply(text);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), name + " " + e.getMessage(), e);
    }
  }

  private static Optional<URI> started() {
    return BackgroundCluster.read(Home.find()).flatMap(BackgroundCluster::api);
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  boolean json() {
    return json;
  }

  /** Prints an answer as JSON, indented. */
  void print(JsonNode answer) {
    out().println(answer.toPrettyString());
  }

  void print(Table table, String whenEmpty) {
    if (table.isEmpty()) out().println(whenEmpty);
    else out().print(table.render(""));
    out().flush();
  }
}
