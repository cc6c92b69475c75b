/**
 * What the stages and sources of the catalogue share: checks of what they are given, and state by
 * stream.
 *
 * <p>No stage lives here. It knows the stage API alone, as an author's own stages do.
 */
@NullMarked
package io.dayu.catalog;

import org.jspecify.annotations.NullMarked;
