package io.dayu.stage;

import java.util.Objects;

/**
 * Where and with what a stage instance runs.
 *
 * @param inputs its named inputs, if it has any
 * @param models that the node lets it load
 * @param side the side inputs that the pipeline names for it, if any
 */
public record StageContext(
    String pipeline,
    String stage,
    String node,
    Params params,
    Inputs inputs,
    ModelFiles models,
    SideInputs side) {
  public StageContext {
    Objects.requireNonNull(pipeline, "pipeline");
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(params, "params");
    Objects.requireNonNull(inputs, "inputs");
    Objects.requireNonNull(models, "models");
    Objects.requireNonNull(side, "side");
  }

  /** Of a stage without side inputs. */
  public StageContext(
      String pipeline, String stage, String node, Params params, Inputs inputs, ModelFiles models) {
    this(pipeline, stage, node, params, inputs, models, SideInputs.NONE);
  }

  /** Of a stage without named inputs and models. */
  public StageContext(String pipeline, String stage, String node, Params params) {
    this(pipeline, stage, node, params, Inputs.NONE, ModelFiles.NONE);
  }
}
