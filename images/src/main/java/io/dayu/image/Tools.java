package io.dayu.image;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs programs of this machine, and programs of a root file system in it. */
final class Tools {
  /**
   * In a mount namespace of its own, so that nothing stays mounted: the root with the kernel's
   * views, and a directory of this machine as its {@code /tmp}.
   */
  private static final String IN_ROOT =
      """
      set -e
      root=$1; tmp=$2; shift 2
      mount --rbind /proc "$root/proc"
      mount --bind "$tmp" "$root/tmp"
      exec chroot "$root" "$@"
      """;

  private Tools() {}

  /**
   * Runs a program to its end and returns what it has printed to both outputs.
   *
   * @throws UserException if it cannot be started or fails; with its output
   */
  @CanIgnoreReturnValue
  static String run(Path directory, Map<String, String> environment, List<String> command) {
    try {
      var builder =
          new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
      builder.environment().putAll(environment);
      var process = builder.start();
      process.getOutputStream().close();
      var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      if (code != 0)
        throw new UserException(
            "%s failed with exit code %s:\n%s"
                .formatted(String.join(" ", command), code, output.strip()));
      return output;
    } catch (IOException e) {
      throw new UserException(
          "%s cannot be run (%s); images are built on Debian or Ubuntu"
              .formatted(command.get(0), e.getMessage()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", e);
    }
  }

  @CanIgnoreReturnValue
  static String run(Path directory, String... command) {
    return run(directory, Map.of(), List.of(command));
  }

  /**
   * Runs a program of a root file system, which must have been made for this machine's processor.
   *
   * @param tmp a directory that the program sees as {@code /tmp}
   */
  @CanIgnoreReturnValue
  static String runIn(Path root, Path tmp, List<String> command) {
    var all = new ArrayList<>(List.of("unshare", "--mount"));
    if (!"root".equals(System.getProperty("user.name")))
      all.addAll(List.of("--user", "--map-root-user"));
    all.addAll(List.of("sh", "-c", IN_ROOT, "sh", root.toString(), tmp.toString()));
    all.addAll(command);
    return run(tmp, Map.of(), all);
  }
}
