/**
 * Sources of readings: files, HTTP, MQTT and synthetic bytes. They plug in as {@link
 * io.dayu.source.SourceProvider}.
 *
 * <p>It stands apart: it knows only the stage API, no other package of the runtime, and none knows
 * it. Numbers, windows and acknowledgements of elements belong to {@code generate}.
 */
@NullMarked
package io.dayu.read;

import org.jspecify.annotations.NullMarked;
