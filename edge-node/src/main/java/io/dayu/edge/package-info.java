/**
 * The main class of an edge node: streams, and membership when the cloud can be reached.
 *
 * <p>It puts together what {@code runtime-core} offers. Nobody knows it, and it loads nothing of
 * the cloud: no HTTP interface, no scheduler.
 */
@NullMarked
package io.dayu.edge;

import org.jspecify.annotations.NullMarked;
