package io.dayu.policy;

import io.dayu.pipeline.PipelineSpec;

/**
 * Makes policies of one kind; found through {@link java.util.ServiceLoader}. Cheap to construct.
 */
public interface PolicyProvider {
  PolicyDescriptor descriptor();

  /**
   * The policy of a pipeline. What is wrong with its parameters is told to {@code params}, all of
   * it; the policy is then not used.
   */
  Policy create(PolicyParams params, PipelineSpec pipeline);
}
