/** The result store alone, without nodes: the command {@code dayu bench store}. */
@NullMarked
package io.dayu.bench.store;

import org.jspecify.annotations.NullMarked;
