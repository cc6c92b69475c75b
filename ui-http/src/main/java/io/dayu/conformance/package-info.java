/**
 * Whether a service keeps the contract by which nodes call it (docs/services.md): it is called over
 * HTTP as a node calls it, and as nobody should.
 *
 * <p>Knows media types, the local launcher's processes and the console; commands print what it
 * finds.
 */
@NullMarked
package io.dayu.conformance;

import org.jspecify.annotations.NullMarked;
