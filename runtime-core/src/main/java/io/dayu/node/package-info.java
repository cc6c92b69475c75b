/**
 * What makes a process a node: its settings, how it starts and fails to, the file with its
 * addresses, and the resources it uses.
 *
 * <p>No actor lives here and no element passes. It may know all packages from {@link
 * io.dayu.generate} down, whose settings it reads.
 */
@NullMarked
package io.dayu.node;

import org.jspecify.annotations.NullMarked;
