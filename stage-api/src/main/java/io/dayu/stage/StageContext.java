package io.dayu.stage;

import io.dayu.element.Element;
import java.util.Objects;
import java.util.function.Function;

/**
 * Where and with what a stage instance runs.
 *
 * @param params its parameters; where the pipeline says that some are dynamic, these have the
 *     values of the time when the instance was planned, and {@link #params(Element)} those that
 *     count
 * @param inputs its named inputs, if it has any
 * @param models that the node lets it load
 * @param side the side inputs that the pipeline names for it, if any
 * @param paramsOf see {@link #params(Element)}
 */
public record StageContext(
    String pipeline,
    String stage,
    String node,
    Params params,
    Inputs inputs,
    ModelFiles models,
    SideInputs side,
    Function<Element, Params> paramsOf) {
  public StageContext {
    Objects.requireNonNull(pipeline, "pipeline");
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(params, "params");
    Objects.requireNonNull(inputs, "inputs");
    Objects.requireNonNull(models, "models");
    Objects.requireNonNull(side, "side");
    Objects.requireNonNull(paramsOf, "paramsOf");
  }

  /** Of a stage whose parameters do not change. */
  public StageContext(
      String pipeline,
      String stage,
      String node,
      Params params,
      Inputs inputs,
      ModelFiles models,
      SideInputs side) {
    this(pipeline, stage, node, params, inputs, models, side, element -> params);
  }

  /**
   * The parameters in the version that the element has, defaults filled in; all stages see the same
   * version for one attempt of an element. Quick, but for the first time of a version, which may
   * read a small file. Safe for any thread. A stage that answers later asks before it begins, since
   * the node keeps the latest eight versions.
   *
   * @throws java.util.NoSuchElementException if the node does not keep the version any more; an
   *     element that fails by it is tried again
   */
  public Params params(Element element) {
    return paramsOf.apply(element);
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
