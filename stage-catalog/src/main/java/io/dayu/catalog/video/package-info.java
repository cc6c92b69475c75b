/**
 * Stages and sources of video. Natives are loaded when a stage is created or a frame has to be
 * decoded, never before. Frames are JPEG; boxes are fractions of the frame.
 */
@NullMarked
package io.dayu.catalog.video;

import org.jspecify.annotations.NullMarked;
