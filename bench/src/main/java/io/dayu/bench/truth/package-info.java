/**
 * Elements that can be recognised again: every one has an index and a checksum, so that what was
 * stored can be compared with what was generated. It knows no other package of the benches.
 *
 * <p>Nodes load {@link io.dayu.bench.truth.ChecksumStage} and {@link
 * io.dayu.bench.truth.CountedSource} from a copy of this package alone, so these two, and what they
 * use of it, may know only the stage API.
 */
@NullMarked
package io.dayu.bench.truth;

import org.jspecify.annotations.NullMarked;
