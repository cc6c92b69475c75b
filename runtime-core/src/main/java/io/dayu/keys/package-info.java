/**
 * Who a node is to other nodes: its key, its certificate and the authority that both sides trust,
 * and how these are made.
 *
 * <p>It knows neither links nor the cluster; they ask it for the engines of their connections. It
 * may know {@link io.dayu.settings} and all below.
 */
@NullMarked
package io.dayu.keys;

import org.jspecify.annotations.NullMarked;
