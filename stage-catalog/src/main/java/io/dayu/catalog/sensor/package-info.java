/**
 * Stages for readings of sensors: moving averages and anomalies.
 *
 * <p>They need no natives, and no class of {@code io.dayu.catalog.video}.
 */
@NullMarked
package io.dayu.catalog.sensor;

import org.jspecify.annotations.NullMarked;
