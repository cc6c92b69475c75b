/** Stages for readings of sensors. They need no natives. */
package io.dayu.catalog.sensor;
