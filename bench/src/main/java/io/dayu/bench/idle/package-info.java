/**
 * An edge node that has nothing to do: the command {@code dayu bench idle} and what it measures.
 */
package io.dayu.bench.idle;
