/**
 * The {@code flow} system of a node: the controller with its generators, processors and links to
 * peers, what crashed, and what the node knew last.
 *
 * <p>It puts actors of the packages below together, and what each of them does to an element
 * belongs there. It knows all packages below, from {@link io.dayu.node} on, and not {@code member}:
 * a node goes on without a cluster.
 */
@NullMarked
package io.dayu.flow;

import org.jspecify.annotations.NullMarked;
