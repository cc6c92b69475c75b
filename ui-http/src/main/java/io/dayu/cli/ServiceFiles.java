package io.dayu.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import io.dayu.console.UserException;
import io.dayu.local.Home;
import io.dayu.service.ServiceSettings;
import io.dayu.settings.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Files that declare services, as nodes are to read them. */
final class ServiceFiles {
  private ServiceFiles() {}

  /** What files may refer to: the directory of Dayu, in which the examples and packages are. */
  private static final String HOME = "DAYU_HOME";

  /**
   * Reads them as a node would.
   *
   * @throws UserException with what is wrong; better now than in the logs of all nodes
   */
  static void check(List<Path> files, Home home) {
    for (var file : files) {
      if (!Files.isReadable(file))
        throw new UserException("--service: there is no file %s to read".formatted(file));
      try {
        var config =
            ConfigFactory.parseFile(file.toFile())
                .withFallback(ConfigFactory.parseMap(Map.of(HOME, home.root().toString())))
                .resolve();
        if (!config.hasPath("dayu.services"))
          throw new UserException(
              "--service: %s declares no service; write dayu.services.NAME { url = … } or { command = [ … ] }"
                  .formatted(file));
        var unused = ServiceSettings.from(dayu(config));
      } catch (ConfigurationException | ConfigException e) {
        throw new UserException("--service: " + file + ":\n" + e.getMessage(), e);
      }
    }
  }

  private static Config dayu(Config config) {
    return config.withFallback(ConfigFactory.defaultReference()).resolve().getConfig("dayu");
  }

  /** One file below {@code directory} that includes all; empty if there are none. */
  static Optional<Path> together(List<Path> files, Home home, Path directory) {
    if (files.isEmpty()) return Optional.empty();
    var includes =
        files.stream()
            .map(file -> file.toAbsolutePath().normalize().toString())
            .map(file -> "include required(file(%s))\n".formatted(ConfigUtil.quoteString(file)))
            .collect(
                Collectors.joining(
                    "",
                    "%s = %s\n".formatted(HOME, ConfigUtil.quoteString(home.root().toString())),
                    ""));
    try {
      Files.createDirectories(directory);
      return Optional.of(Files.writeString(directory.resolve("services.conf"), includes));
    } catch (IOException e) {
      throw new UserException("cannot write to " + directory + ": " + e.getMessage(), e);
    }
  }
}
