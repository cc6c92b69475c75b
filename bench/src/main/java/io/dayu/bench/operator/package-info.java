/** The Kubernetes operator with a large cluster: the command {@code dayu bench operator}. */
@NullMarked
package io.dayu.bench.operator;

import org.jspecify.annotations.NullMarked;
