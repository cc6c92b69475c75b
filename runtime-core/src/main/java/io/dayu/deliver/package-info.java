/**
 * The way of results out of a node: the outbox, with its disk while the cloud is away, replay,
 * ingress and distributor, up to the store and the acknowledgement. {@link io.dayu.deliver.Uplink}
 * is the port through which streams ask for what needs membership.
 *
 * <p>Who acknowledges what to a source belongs to {@code generate}. It may know {@link
 * io.dayu.process} and all below.
 */
@NullMarked
package io.dayu.deliver;

import org.jspecify.annotations.NullMarked;
