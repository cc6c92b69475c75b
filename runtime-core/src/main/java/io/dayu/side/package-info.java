/**
 * Side inputs: what cloud nodes read them from, and what a node keeps of their versions. No actor.
 */
@NullMarked
package io.dayu.side;

import org.jspecify.annotations.NullMarked;
