/**
 * Elements that can be recognised again: every one has an index and a checksum, so that what was
 * stored can be compared with what was generated.
 */
package io.dayu.bench.truth;
