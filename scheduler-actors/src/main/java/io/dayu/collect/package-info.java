/**
 * The cluster as the scheduler sees it at one moment: what the nodes reported, how old it is, and
 * which of them come and go.
 *
 * <p>Values and plain state, without an actor, a clock or I/O. What is made of them belongs to
 * {@link io.dayu.evaluate} and {@link io.dayu.policy}.
 */
@NullMarked
package io.dayu.collect;

import org.jspecify.annotations.NullMarked;
