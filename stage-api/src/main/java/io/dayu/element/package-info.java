/**
 * The element, the unit that travels through a pipeline, as protobuf generates it from {@code
 * element.proto}, and the kinds of payloads and outputs.
 *
 * <p>Stored results and links between nodes of different versions read these messages, so fields
 * are added and never changed. Nothing here knows a pipeline, an actor or another package of ours.
 */
@NullMarked
package io.dayu.element;

import org.jspecify.annotations.NullMarked;
