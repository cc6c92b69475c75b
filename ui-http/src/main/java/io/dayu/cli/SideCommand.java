package io.dayu.cli;

import static io.dayu.client.ApiClient.path;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Gives a side input of a pipeline a value. */
@Command(
    name = "side",
    mixinStandardHelpOptions = true,
    description =
        "Give a side input of a pipeline a value, which its stages see from the next elements on.")
final class SideCommand implements Callable<Integer> {
  @Mixin private ApiOptions api;

  @Parameters(index = "0", paramLabel = "NAME", description = "The pipeline.")
  private String name;

  @Parameters(index = "1", paramLabel = "INPUT", description = "Of its sideInputs.")
  private String input;

  @Parameters(
      index = "2",
      paramLabel = "FILE",
      description = "JSON, 256 KiB at most; - reads standard input.")
  private String file;

  @Override
  public Integer call() {
    var answer =
        api.client().put(path("pipelines", name, "side-inputs", input), PipelineCommand.read(file));
    if (api.json()) api.print(answer);
    else
      api.out()
          .println(
              "Side input %s of pipeline %s has this value from version %s on."
                  .formatted(input, name, answer.path("version").asText()));
    return 0;
  }
}
