package io.dayu.stage;

import java.util.Objects;

/**
 * Where and with what a stage instance runs.
 *
 * @param inputs its named inputs, if it has any
 * @param models that the node lets it load
 */
public record StageContext(
    String pipeline, String stage, String node, Params params, Inputs inputs, ModelFiles models) {
  public StageContext {
    Objects.requireNonNull(pipeline, "pipeline");
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(params, "params");
    Objects.requireNonNull(inputs, "inputs");
    Objects.requireNonNull(models, "models");
  }

  /** Of a stage without named inputs and models. */
  public StageContext(String pipeline, String stage, String node, Params params) {
    this(pipeline, stage, node, params, Inputs.NONE, ModelFiles.NONE);
  }
}
