/**
 * Revisions of a service in containers that change while elements flow, with the operator, an API
 * server in memory and a stand-in for the kubelet: the command {@code dayu bench revision}.
 */
@NullMarked
package io.dayu.bench.revision;

import org.jspecify.annotations.NullMarked;
