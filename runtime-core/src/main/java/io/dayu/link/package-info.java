/**
 * Handing elements over with credit, on a node and between nodes: {@link io.dayu.link.Inlet} with
 * its two sides, frames, the TCP connection and its back-off.
 *
 * <p>It does not look into an element and keeps none safe: what is lost is sent again by {@code
 * generate}. It may know {@link io.dayu.store} and all below.
 */
@NullMarked
package io.dayu.link;

import org.jspecify.annotations.NullMarked;
