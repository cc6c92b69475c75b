package io.dayu.stage;

import org.apache.pekko.actor.typed.Behavior;

/**
 * What a stage author implements; found through {@link java.util.ServiceLoader}. A provider is
 * cheap: it loads natives and models in {@link #create}, never in its constructor or in {@link
 * #descriptor}.
 */
public interface StageProvider {
  StageDescriptor descriptor();

  /**
   * One behaviour is one stage instance on one node. It is called on the instance's own actor, may
   * block while it loads, and may throw: the instance is then restarted with back-off and its
   * elements are retried.
   */
  Behavior<StageCommand> create(StageContext context);
}
