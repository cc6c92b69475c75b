package io.dayu.bench.service;

import io.dayu.console.UserException;
import io.dayu.local.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** In what the service of the bench is written. */
public enum Program {
  JAVA {
    @Override
    public List<String> command(Home home, Path directory, Way way) {
      var command =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:+UseSerialGC",
                  FIRST_COMPILER,
                  "-Xms128m",
                  "-Xmx128m",
                  "-cp",
                  home.program("bench", IdentityServer.class.getName()).classPath()));
      if (way == Way.GRPC) command.add(GrpcIdentity.class.getName());
      else command.addAll(List.of(IdentityServer.class.getName(), batch(way)));
      return List.copyOf(command);
    }
  },
  PYTHON {
    @Override
    public List<String> command(Home home, Path directory, Way way) {
      return List.of(
          "python3",
          file(directory, "identity.py").toString(),
          home.root().resolve("sdk/python").toString(),
          Integer.toString(IdentityServer.PARALLELISM),
          batch(way));
    }
  },
  NODE {
    @Override
    public List<String> command(Home home, Path directory, Way way) {
      return List.of(
          "node",
          file(directory, "identity.mjs").toString(),
          home.root().resolve("sdk/node").toString(),
          Integer.toString(IdentityServer.PARALLELISM),
          batch(way));
    }
  };

  /** As {@code ./dayu up} starts nodes. */
  static final String FIRST_COMPILER = "-XX:TieredStopAtLevel=1";

  /**
   * How a node starts it.
   *
   * @param directory for files of it; made if it is not there
   * @param way of a service
   */
  public abstract List<String> command(Home home, Path directory, Way way);

  private static String batch(Way way) {
    return Integer.toString(way.batch().orElse(1));
  }

  private static Path file(Path directory, String name) {
    try (var from = Program.class.getResourceAsStream(name)) {
      var bytes = Objects.requireNonNull(from, name).readAllBytes();
      Files.createDirectories(directory);
      return Files.write(directory.resolve(name), bytes);
    } catch (IOException e) {
      throw new UserException("cannot write to " + directory + ": " + e.getMessage(), e);
    }
  }
}
