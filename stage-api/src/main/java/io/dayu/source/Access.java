package io.dayu.source;

/** What a node lets the sources of a pipeline open. Safe for any thread. */
@FunctionalInterface
public interface Access {
  /** All that the node itself can open. */
  Access ANYTHING = target -> {};

  /**
   * To be called right before {@code target} is opened; may block while a name is resolved.
   *
   * @throws SourceException if it may not be opened, with what to do; or if that is not known,
   *     because a name cannot be resolved
   */
  void check(Target target);
}
