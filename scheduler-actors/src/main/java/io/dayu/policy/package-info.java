/**
 * Policies: pure functions from a snapshot of the cluster to what is wanted for a stream, and how
 * they are found by name.
 *
 * <p>Nothing here knows an actor, a clock or I/O, so that the same policy runs in the scheduler and
 * in a simulator. Whether and when a choice is carried out belongs to {@link io.dayu.realise}.
 */
@NullMarked
package io.dayu.policy;

import org.jspecify.annotations.NullMarked;
