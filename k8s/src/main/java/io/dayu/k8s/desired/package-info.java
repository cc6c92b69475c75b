/** Pure functions from what is there to what should be: no client, no clock, no state. */
@NullMarked
package io.dayu.k8s.desired;

import org.jspecify.annotations.NullMarked;
