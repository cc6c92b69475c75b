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
 * @param declaredOnly whether its sources may open only what their nodes declare in {@code
 *     dayu.read}: others than the user of the cloud node's machine can submit pipelines
 */
public record DesiredPipeline(
    long version, long stagesVersion, PipelineSpec spec, boolean declaredOnly)
    implements PipelineFact {
  public DesiredPipeline {
    Objects.requireNonNull(spec, "spec");
  }

  /** One that may read all that its nodes can. */
  public DesiredPipeline(long version, long stagesVersion, PipelineSpec spec) {
    this(version, stagesVersion, spec, false);
  }

  /** One whose stages are new. */
  public DesiredPipeline(long version, PipelineSpec spec) {
    this(version, version, spec);
  }

  /** The next version. */
  public DesiredPipeline changed(PipelineSpec to, boolean declaredOnly) {
    return new DesiredPipeline(
        version + 1,
        to.stages().equals(spec.stages()) ? stagesVersion : version + 1,
        to,
        declaredOnly);
  }

  @Override
  public String name() {
    return spec.name();
  }
}
