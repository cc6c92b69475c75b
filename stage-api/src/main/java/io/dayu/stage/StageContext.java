package io.dayu.stage;

import java.util.Objects;

/**
 * Where and with what a stage instance runs.
 *
 * @param inputs its named inputs, if it has any
 */
public record StageContext(
    String pipeline, String stage, String node, Params params, Inputs inputs) {
  public StageContext {
    Objects.requireNonNull(pipeline, "pipeline");
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(params, "params");
    Objects.requireNonNull(inputs, "inputs");
  }

  /** Of a stage without named inputs. */
  public StageContext(String pipeline, String stage, String node, Params params) {
    this(pipeline, stage, node, params, Inputs.NONE);
  }
}
