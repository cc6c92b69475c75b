/**
 * How settings are read from the configuration and checked: everything that is wrong is told at
 * once.
 *
 * <p>What the keys are and mean belongs to the packages that use them. It knows no other package.
 */
@NullMarked
package io.dayu.settings;

import org.jspecify.annotations.NullMarked;
