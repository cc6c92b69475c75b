/**
 * The {@code member} system of a node: membership with its rejoiner and watch, gossip, gateway,
 * shards of pipelines and distributors, and the serializer of all that members tell each other. It
 * comes and goes with the network while streams go on.
 *
 * <p>Nothing here carries an element. The top of the runtime: it knows all packages but {@link
 * io.dayu.read}, and none of them knows it; streams reach it through {@link
 * io.dayu.deliver.Uplink}.
 */
@NullMarked
package io.dayu.member;

import org.jspecify.annotations.NullMarked;
