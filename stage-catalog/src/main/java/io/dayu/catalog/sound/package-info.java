/**
 * Sources and stages of sound. Samples are numbers from -1 to 1 here and 16 bits wide in elements.
 *
 * <p>WAV files need no natives; everything else is decoded by FFmpeg, as videos are. Speech is
 * found in ONNX Runtime.
 */
@NullMarked
package io.dayu.catalog.sound;

import org.jspecify.annotations.NullMarked;
