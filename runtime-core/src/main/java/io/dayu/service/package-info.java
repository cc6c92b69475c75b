/**
 * Services: programs in any language that do the work of stages. What a node's configuration
 * declares of them, how they describe themselves, the calls over HTTP and gRPC, and programs that
 * the node starts itself.
 *
 * <p>Knows the settings of the runtime and stage-api, and nothing of streams: the flow finds a
 * service's type in its catalog like any other.
 */
@NullMarked
package io.dayu.service;

import org.jspecify.annotations.NullMarked;
