/**
 * The scheduler: the actors that collect, ask a policy for each stream, turn what it wants into
 * steps that hurt nobody, and keep every decision with what it was made from.
 *
 * <p>The highest of the scheduler's packages, and the only one with actors and I/O. How a stage is
 * rated belongs to {@link io.dayu.policy} and {@link io.dayu.evaluate}; nodes carry decisions out
 * by themselves.
 */
@NullMarked
package io.dayu.realise;

import org.jspecify.annotations.NullMarked;
