package io.dayu.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import io.dayu.client.ApiClient;
import io.dayu.console.Table;
import io.dayu.console.UserException;
import io.dayu.local.Home;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Services that are declared over the API. */
@Command(
    name = "services",
    mixinStandardHelpOptions = true,
    description = {
      "Declare services to running nodes.",
      "Needs a token with the role admin where there are tokens."
    },
    synopsisSubcommandLabel = "COMMAND")
final class ServicesCommand {
  private static final String ALL = "services";

  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      description = "The services that are declared, and the nodes that have them.")
  int list(@Mixin ApiOptions api) {
    var answer = api.client().get(ALL);
    if (api.json()) {
      api.print(answer);
      return 0;
    }
    var table = Table.of("SERVICE", ">VERSION", "AT", "READY", "MISSING");
    for (var service : answer.path("items")) {
      var declaration = service.path("declaration");
      table.row(
          service.path("name").asText(),
          service.path("version").asText(),
          declaration.has("url") ? declaration.path("url").asText() : "a program of each node",
          nodes(service, true),
          nodes(service, false));
    }
    api.print(table, "No service is declared over the API.");
    return 0;
  }

  @Command(
      name = "set",
      mixinStandardHelpOptions = true,
      description = {
        "Declare or change the services of a file.",
        "The file is one for \"dayu up --service\": dayu.services.NAME { url = … }, to which nodes = [ … ] or role = edge may be added."
      })
  int set(@Mixin ApiOptions api, @Parameters(paramLabel = "FILE") Path file) {
    read(file)
        .forEach(
            (name, document) -> {
              var answer = api.client().send("PUT", ApiClient.path(ALL, name), document);
              if (api.json()) api.print(answer);
              else
                api.out()
                    .println(
                        "Service %s is declared, version %s; \"dayu services list\" tells which nodes have it."
                            .formatted(name, answer.path("version").asText()));
            });
    return 0;
  }

  @Command(
      name = "delete",
      mixinStandardHelpOptions = true,
      description = "End a service at all nodes.")
  int delete(@Mixin ApiOptions api, @Parameters(paramLabel = "NAME") String name) {
    api.client().delete(ApiClient.path(ALL, name));
    if (!api.json()) api.out().println("Service " + name + " is declared no longer.");
    return 0;
  }

  /** Documents by name. */
  private static Map<String, String> read(Path file) {
    if (!Files.isReadable(file))
      throw new UserException("there is no file %s to read".formatted(file));
    try {
      var config =
          ConfigFactory.parseFile(file.toFile())
              .withFallback(
                  ConfigFactory.parseMap(Map.of("DAYU_HOME", Home.find().root().toString())))
              .resolve();
      if (!config.hasPath("dayu.services") || config.getObject("dayu.services").isEmpty())
        throw new UserException(
            "%s declares no service; write dayu.services.NAME { url = … }".formatted(file));
      var documents = new TreeMap<String, String>();
      config
          .getObject("dayu.services")
          .forEach(
              (name, value) -> documents.put(name, value.render(ConfigRenderOptions.concise())));
      return documents;
    } catch (ConfigException e) {
      throw new UserException(file + ": " + e.getMessage(), e);
    }
  }

  private static String nodes(JsonNode service, boolean ready) {
    var names = new ArrayList<String>();
    for (var node : service.path("nodes"))
      if (node.path("ready").asBoolean() == ready) names.add(node.path("node").asText());
    return names.isEmpty() ? "-" : String.join(", ", names);
  }
}
