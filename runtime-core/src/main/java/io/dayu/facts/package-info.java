/**
 * What nodes tell each other, as records, and to and from protobuf.
 *
 * <p>No actor, no I/O and no library but protobuf: the lowest package of the runtime, which knows
 * none of the others.
 */
@NullMarked
package io.dayu.facts;

import org.jspecify.annotations.NullMarked;
