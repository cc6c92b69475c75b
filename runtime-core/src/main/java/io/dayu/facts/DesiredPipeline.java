package io.dayu.facts;

import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.RunState;
import java.util.Objects;

/**
 * A pipeline that is to run.
 *
 * @param version grows with every change of the pipeline
 * @param stagesVersion the version that brought its present stages: a change of anything else, such
 *     as the policy or a dynamic parameter, goes on with the instances that run
 * @param spec every source has a node
 * @param declaredOnly whether its sources may open only what their nodes declare in {@code
 *     dayu.read}: others than the user of the cloud node's machine can submit pipelines
 * @param state whether its sources are to be read
 * @param side the versions of its side inputs, which grow by themselves
 */
public record DesiredPipeline(
    long version,
    long stagesVersion,
    PipelineSpec spec,
    boolean declaredOnly,
    RunState state,
    SideVersions side)
    implements PipelineFact {
  public DesiredPipeline {
    Objects.requireNonNull(spec, "spec");
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(side, "side");
  }

  /** One without side inputs. */
  public DesiredPipeline(
      long version, long stagesVersion, PipelineSpec spec, boolean declaredOnly, RunState state) {
    this(version, stagesVersion, spec, declaredOnly, state, SideVersions.NONE);
  }

  /** One that runs. */
  public DesiredPipeline(
      long version, long stagesVersion, PipelineSpec spec, boolean declaredOnly) {
    this(version, stagesVersion, spec, declaredOnly, RunState.RUNNING);
  }

  /** One that may read all that its nodes can. */
  public DesiredPipeline(long version, long stagesVersion, PipelineSpec spec) {
    this(version, stagesVersion, spec, false);
  }

  /** One whose stages are new. */
  public DesiredPipeline(long version, PipelineSpec spec) {
    this(version, version, spec);
  }

  /** The next version, which goes on or stays paused as this one. */
  public DesiredPipeline changed(PipelineSpec to, boolean declaredOnly) {
    return new DesiredPipeline(
        version + 1,
        to.goesOnWithStagesOf(spec) ? stagesVersion : version + 1,
        to,
        declaredOnly,
        state,
        side);
  }

  /** The next version, which differs in nothing else. */
  public DesiredPipeline turned(RunState to) {
    return new DesiredPipeline(version + 1, stagesVersion, spec, declaredOnly, to, side);
  }

  /** The same version in another state. */
  public DesiredPipeline in(RunState to) {
    return new DesiredPipeline(version, stagesVersion, spec, declaredOnly, to, side);
  }

  /** The same version with these side inputs. */
  public DesiredPipeline with(SideVersions now) {
    return new DesiredPipeline(version, stagesVersion, spec, declaredOnly, state, now);
  }

  /** Whether what {@code other} tells was true before this. */
  public boolean isNewerThan(DesiredPipeline other) {
    return version == other.version
        ? side.edition() > other.side.edition()
        : version > other.version;
  }

  /** Whether its sources are not to be read; also of one that is stopped. */
  public boolean isPaused() {
    return state != RunState.RUNNING;
  }

  /** Whether its stages are to be unloaded, too. */
  public boolean isStopped() {
    return state == RunState.STOPPED;
  }

  @Override
  public String name() {
    return spec.name();
  }
}
