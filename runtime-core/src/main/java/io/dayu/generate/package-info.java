/**
 * A source becomes numbered elements, and the node that reads it answers for them until each is
 * acknowledged: cutting, numbering, the window, sending and sending again, and progress on the
 * disk.
 *
 * <p>How a source is read belongs to its provider, what a stage does to {@link io.dayu.process}. It
 * may know {@link io.dayu.deliver} and all below.
 */
@NullMarked
package io.dayu.generate;

import org.jspecify.annotations.NullMarked;
