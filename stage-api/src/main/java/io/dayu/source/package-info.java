/**
 * What the author of a source implements, {@link io.dayu.source.SourceProvider}, and the values it
 * is given and gives.
 *
 * <p>No source lives here, and nothing of how a node reads one.
 */
@NullMarked
package io.dayu.source;

import org.jspecify.annotations.NullMarked;
