/**
 * Stages that do nothing to data: for trying out routes, and for measuring the way itself.
 *
 * <p>Whatever looks at a payload belongs to another package of the catalogue.
 */
@NullMarked
package io.dayu.catalog.flow;

import org.jspecify.annotations.NullMarked;
