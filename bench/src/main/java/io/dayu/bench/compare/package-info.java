/**
 * The same work by Dayu and by general engines, side by side: the command {@code dayu bench
 * compare}. The engines are not on this module's class path; their programs are in {@code
 * bench/compare}.
 */
@NullMarked
package io.dayu.bench.compare;

import org.jspecify.annotations.NullMarked;
