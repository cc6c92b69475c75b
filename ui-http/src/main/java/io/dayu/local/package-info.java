/**
 * Clusters of processes on this machine: where the nodes' programs are found, how a node is
 * started, watched, killed and started again, and what is left running in the background. {@code
 * dayu up}, {@code dayu demo}, benches and tests start their nodes with it.
 *
 * <p>It knows {@link io.dayu.client} and {@link io.dayu.console}, and no command: nothing here
 * prints, but through {@link io.dayu.console.Progress}. It loads no class of a node either; a node
 * is a program with a class path of its own.
 */
@NullMarked
package io.dayu.local;

import org.jspecify.annotations.NullMarked;
