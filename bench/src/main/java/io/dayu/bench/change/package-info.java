/**
 * Pipelines that change, pause and lose a service while elements flow: the command {@code dayu
 * bench change}.
 */
@NullMarked
package io.dayu.bench.change;

import org.jspecify.annotations.NullMarked;
