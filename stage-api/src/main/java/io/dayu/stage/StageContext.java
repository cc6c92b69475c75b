package io.dayu.stage;

import java.util.Objects;

/** Where and with what a stage instance runs. */
public record StageContext(String pipeline, String stage, String node, Params params) {
  public StageContext {
    Objects.requireNonNull(pipeline, "pipeline");
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(params, "params");
  }
}
