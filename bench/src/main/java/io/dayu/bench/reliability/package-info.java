/**
 * What Dayu promises when something breaks, each promise tried on real nodes: the command {@code
 * dayu reliability}, one {@code Scenario} for each fault, and the table they fill. How something is
 * broken belongs to {@link io.dayu.bench.chaos}.
 */
@NullMarked
package io.dayu.bench.reliability;

import org.jspecify.annotations.NullMarked;
