package io.dayu.bench.chaos;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Commands of the system, run to their end. */
final class Shell {
  private record Ended(int code, String output) {}

  private Shell() {}

  /**
   * @return what it wrote
   * @throws UserException if it cannot be run or fails
   */
  @CanIgnoreReturnValue
  static String run(String... command) {
    var ended = execute(command);
    if (ended.code() != 0)
      throw new UserException(
          "'%s' failed: %s".formatted(String.join(" ", command), ended.output().strip()));
    return ended.output();
  }

  /** Whether it could be run and succeeded. */
  @CanIgnoreReturnValue
  static boolean succeeds(String... command) {
    try {
      return execute(command).code() == 0;
    } catch (UserException e) {
      return false;
    }
  }

  private static Ended execute(String... command) {
    try {
      var process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Ended(process.waitFor(), output);
    } catch (IOException e) {
      throw new UserException("cannot run %s: %s".formatted(List.of(command), e.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", e);
    }
  }

  /** Whether this process is root's. */
  static boolean isRoot() {
    try {
      return Integer.valueOf(0)
          .equals(
              java.nio.file.Files.getAttribute(java.nio.file.Path.of("/proc/self"), "unix:uid"));
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }
}
