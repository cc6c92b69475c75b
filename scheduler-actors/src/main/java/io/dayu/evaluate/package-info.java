/**
 * What an element costs at each place where it could be worked on, learnt from what nodes report.
 *
 * <p>Immutable values, without an actor, a clock or I/O. It knows {@link io.dayu.collect}; it
 * decides nothing.
 */
@NullMarked
package io.dayu.evaluate;

import org.jspecify.annotations.NullMarked;
