/**
 * A stage at work on a node: the processor that hosts it, the router to the next stage, the plan
 * they follow, and the join of branches.
 *
 * <p>Where a stage runs is decided elsewhere and stands in the element's path. It may know {@link
 * io.dayu.link}, {@link io.dayu.store}, {@link io.dayu.disk} and {@link io.dayu.facts}.
 */
@NullMarked
package io.dayu.process;

import org.jspecify.annotations.NullMarked;
