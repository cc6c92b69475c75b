package io.dayu.cli;

import java.util.Optional;
import picocli.CommandLine.Option;

/** Which version of a pipeline a command is meant for. */
final class OnlyVersion {
  @Option(
      names = "--if-version",
      paramLabel = "N",
      description =
          "Only if the pipeline has this version now (dayu pipeline versions); otherwise somebody has"
              + " changed it, and nothing is done.")
  private Optional<Long> version = Optional.empty();

  Optional<Long> version() {
    return version;
  }
}
