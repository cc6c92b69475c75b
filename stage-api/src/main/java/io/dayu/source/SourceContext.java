package io.dayu.source;

import java.net.URI;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * How a source is to be read.
 *
 * @param position where to begin, as given by {@link Segment#position()}; 0 for the beginning
 * @param knobs the knobs now in force; read before every segment, from any thread
 */
public record SourceContext(URI uri, long position, Supplier<Knobs> knobs) {
  /** Configuration path of the dispatcher for reads that block. */
  public static final String BLOCKING_DISPATCHER = "dayu.dispatchers.blocking";

  public SourceContext {
    Objects.requireNonNull(uri, "uri");
    Objects.requireNonNull(knobs, "knobs");
  }
}
