/**
 * Models that stages run, shipped or of one's own: how they are chosen, read, shared by the
 * instances of a node, and run by ONNX Runtime or TensorFlow Lite. What goes in and comes out is
 * numbers; what they mean is known to the stages.
 */
@NullMarked
package io.dayu.catalog.model;

import org.jspecify.annotations.NullMarked;
