/**
 * The HTTP interface of a cloud node: endpoints, their JSON, errors, event streams, metrics, tokens
 * and the live page. It reaches the cluster through {@link io.dayu.http.ControlPlane} only, which
 * the node implements.
 *
 * <p>Nothing here is a client of the interface, or knows the command line: those are in {@link
 * io.dayu.client} and {@link io.dayu.cli}. No decision about a pipeline or a stream is made here.
 */
@NullMarked
package io.dayu.http;

import org.jspecify.annotations.NullMarked;
