package io.dayu.process;

import io.dayu.element.Element;
import io.dayu.element.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Paths of elements. On the wire a path is a list of steps: a protobuf map of the same content
 * costs three times as much to write and read.
 */
public final class Paths {
  private Paths() {}

  /** The node that runs {@code stage} for this attempt of the element. */
  public static String node(Element element, String stage) {
    for (var step : element.getPathList()) if (step.getStage().equals(stage)) return step.getNode();
    throw new IllegalArgumentException(
        "%s#%s has no way to stage %s".formatted(element.getStream(), element.getSeq(), stage));
  }

  /** The steps for a node by stage. */
  public static List<Step> steps(Map<String, String> nodes) {
    var steps = new ArrayList<Step>(nodes.size());
    nodes.forEach(
        (stage, node) -> steps.add(Step.newBuilder().setStage(stage).setNode(node).build()));
    return steps;
  }
}
