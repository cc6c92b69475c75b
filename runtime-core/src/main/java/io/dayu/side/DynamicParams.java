package io.dayu.side;

import io.dayu.element.Element;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.stage.Params;
import io.dayu.stage.StageDescriptor;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of one stage in the version that an element has. What the pipeline says is dynamic
 * goes to nodes as side inputs do, under {@link StageSpec#dynamicName}. Safe for any thread.
 */
public final class DynamicParams implements Function<Element, Params> {
  private record Version(String digest, Params params) {}

  private final Sides sides;
  private final String pipeline;
  private final String name;
  private final Map<String, Object> fixed;
  private final StageDescriptor descriptor;
  private volatile @Nullable Version last; // mostly all elements have the same

  private DynamicParams(Sides sides, String pipeline, StageSpec stage, StageDescriptor descriptor) {
    this.sides = sides;
    this.pipeline = pipeline;
    this.name = stage.dynamicName();
    this.fixed = stage.lasting().params();
    this.descriptor = descriptor;
  }

  /** Those of a stage, which may have no dynamic ones. */
  public static Function<Element, Params> of(
      Sides sides, String pipeline, StageSpec stage, StageDescriptor descriptor) {
    if (!stage.dynamic().isEmpty()) return new DynamicParams(sides, pipeline, stage, descriptor);
    var params = Params.of(descriptor, stage.params());
    return element -> params;
  }

  @Override
  public Params apply(Element element) {
    var input = sides.get(pipeline, element.getSide(), name);
    var known = last;
    if (known != null && known.digest().equals(input.digest())) return known.params();
    var values = new TreeMap<>(fixed);
    ((Map<?, ?>) input.value()).forEach((key, value) -> values.put((String) key, value));
    var params = Params.of(descriptor, values);
    last = new Version(input.digest(), params);
    return params;
  }
}
