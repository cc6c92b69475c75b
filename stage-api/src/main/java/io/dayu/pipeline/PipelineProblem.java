package io.dayu.pipeline;

import java.util.Objects;

/**
 * One thing that is wrong with a pipeline.
 *
 * @param path where, such as {@code spec.stages[2].after[0]}
 * @param message what is wrong
 * @param remedy what to do about it
 */
public record PipelineProblem(String path, String message, String remedy) {
  public PipelineProblem {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(message, "message");
    Objects.requireNonNull(remedy, "remedy");
  }
}
