package io.dayu.facts;

import io.dayu.pipeline.PipelineSpec;
import java.util.Objects;

/**
 * A pipeline that is to run.
 *
 * @param version grows with every change of the pipeline
 * @param stagesVersion the version that brought its present stages: a change of anything else, such
 *     as the policy, goes on with the instances that run
 * @param spec every source has a node
 */
public record DesiredPipeline(long version, long stagesVersion, PipelineSpec spec)
    implements PipelineFact {
  public DesiredPipeline {
    Objects.requireNonNull(spec, "spec");
  }

  /** One whose stages are new. */
  public DesiredPipeline(long version, PipelineSpec spec) {
    this(version, version, spec);
  }

  /** The next version. */
  public DesiredPipeline changed(PipelineSpec to) {
    return new DesiredPipeline(
        version + 1, to.stages().equals(spec.stages()) ? stagesVersion : version + 1, to);
  }

  @Override
  public String name() {
    return spec.name();
  }
}
