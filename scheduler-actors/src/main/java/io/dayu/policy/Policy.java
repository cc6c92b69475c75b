package io.dayu.policy;

/**
 * The function behind decisions. It is pure: the same snapshot gives the same choice, without a
 * clock, I/O or state, so it runs in the scheduler and in a simulator alike. A policy that draws
 * numbers takes a seed from its parameters.
 */
@FunctionalInterface
public interface Policy {
  /**
   * Called for one stream at a time, from any thread. A {@link Choice.Place} names a route for
   * every stage of the pipeline, and only {@link Snapshot#candidates}. Called twice for one step
   * where nodes could load a type. If it throws, the last decision stands.
   */
  Choice choose(Snapshot snapshot);
}
