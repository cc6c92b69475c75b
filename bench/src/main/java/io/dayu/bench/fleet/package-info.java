/** Many edges at ordinary load: the command {@code dayu bench fleet}, and what it measures. */
@NullMarked
package io.dayu.bench.fleet;

import org.jspecify.annotations.NullMarked;
