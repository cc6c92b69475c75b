/**
 * An edge node that has nothing to do: the command {@code dayu bench idle} and what it measures.
 */
@NullMarked
package io.dayu.bench.idle;

import org.jspecify.annotations.NullMarked;
