package io.dayu.cli.install;

import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The part of kubectl that needs no cluster. */
public final class Kubectl {
  private static final int TIMEOUT_SECONDS = 120;

  private Kubectl() {}

  /**
   * What a kustomization renders to.
   *
   * @throws UserException if kubectl is missing, or refuses it, with its own words
   */
  public static String kustomize(Path directory) {
    return run("kustomize", directory.toString());
  }

  private static String run(String... arguments) {
    var command = new ArrayList<>(List.of("kubectl"));
    command.addAll(List.of(arguments));
    try {
      // Files, not pipes: nothing to drain, so neither output can block the other.
      var out = Files.createTempFile("kubectl", ".out");
      var err = Files.createTempFile("kubectl", ".err");
      try {
        var process =
            new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly();
          throw new UserException(
              "%s did not end within %s s".formatted(String.join(" ", command), TIMEOUT_SECONDS));
        }
        if (process.exitValue() != 0)
          throw new UserException(
              "%s: %s".formatted(String.join(" ", command), Files.readString(err).strip()));
        return Files.readString(out);
      } finally {
        Files.delete(out);
        Files.delete(err);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", e);
    } catch (IOException e) {
      throw new UserException(
          "kubectl 1.22 or later is needed to render manifests and cannot be run (%s); install it (Debian: kubernetes-client)"
              .formatted(e.getMessage()),
          e);
    }
  }
}
