package io.dayu.facts;

/**
 * What gossip says of a pipeline. That a pipeline is absent means nothing: after a restart of the
 * cloud facts come back one by one, and streams must not stop meanwhile. Only {@link
 * DroppedPipeline} stops one.
 */
public sealed interface PipelineFact extends Wire permits DesiredPipeline, DroppedPipeline {
  String name();

  /** Grows with every change of the pipeline. */
  long version();
}
