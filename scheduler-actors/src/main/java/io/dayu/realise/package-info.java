/**
 * The scheduler: the actors that collect, ask a policy for each stream, turn what it wants into
 * steps that do not disturb the stream, and keep every decision with the figures behind it.
 *
 * <p>The highest of the scheduler's packages, and the only one with actors and I/O. How a stage is
 * rated belongs to {@link io.dayu.policy} and {@link io.dayu.evaluate}; nodes carry decisions out
 * by themselves.
 */
@NullMarked
package io.dayu.realise;

import org.jspecify.annotations.NullMarked;
