/**
 * Pipelines that change, pause and lose a service while elements flow, and nodes that get new keys
 * meanwhile: the commands {@code dayu bench change} and {@code dayu bench keys}.
 */
@NullMarked
package io.dayu.bench.change;

import org.jspecify.annotations.NullMarked;
