package io.dayu.source;

import java.net.URI;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * How a source is to be read.
 *
 * @param stream the stream it is read for, {@code <pipeline>/<source>}; the same after a restart
 * @param position where to begin, as given by {@link Segment#position()}; 0 for the beginning
 * @param knobs the knobs now in force; read before every segment, from any thread
 * @param settled takes a listener that is to hear how far the stream is settled: a position before
 *     which every element was delivered, failed or shed, and that a restarted node would not go
 *     behind. Positions come in order, from any thread, some left out, and also after the source
 *     was closed. A source whose origin keeps what is not acknowledged, such as a message broker,
 *     acknowledges that much; it numbers its positions on from {@link #position()}. The last
 *     listener counts.
 * @param reached to be run, from any thread, by a source that may be silent for long, once it is
 *     able to give something: an earlier failure of the source is then over
 * @param end takes what asks the source to end by itself, because its pipeline is paused: it then
 *     reads no more, gives what it has read, whatever pace it keeps, and completes, all within a
 *     second. It is run once at most, from any thread, at once if that is wanted already, and must
 *     not block. Only a source that {@link Repeat#NONE repeats nothing} is asked, and only one
 *     needs it that reads on another dispatcher than its last stage or has other buffers before
 *     that: one that takes no such part is cut off at its last stage, and what lies before it is
 *     lost. See {@link SourceEnd}
 * @param access what may be opened. The node checks the {@link SourceProvider#target target} of the
 *     URI before it opens the source; a source checks what it opens beyond that: the place to which
 *     it is redirected, and the same host at each new connection
 */
public record SourceContext(
    URI uri,
    String stream,
    long position,
    Supplier<Knobs> knobs,
    Consumer<LongConsumer> settled,
    Runnable reached,
    Consumer<Runnable> end,
    Access access) {
  /** Configuration path of the dispatcher for reads of sources that block. */
  public static final String BLOCKING_DISPATCHER = "dayu.dispatchers.sources";

  public SourceContext {
    Objects.requireNonNull(uri, "uri");
    Objects.requireNonNull(stream, "stream");
    Objects.requireNonNull(knobs, "knobs");
    Objects.requireNonNull(settled, "settled");
    Objects.requireNonNull(reached, "reached");
    Objects.requireNonNull(end, "end");
    Objects.requireNonNull(access, "access");
  }

  /** Without secrets, because it may end in a log. */
  @Override
  public String toString() {
    return "SourceContext[%s, %s at %s]".formatted(stream, ShownUri.of(uri), position);
  }

  /** For a source that need not know what becomes of its elements. */
  public SourceContext(URI uri, long position, Supplier<Knobs> knobs) {
    this(uri, "", position, knobs, listener -> {}, () -> {}, asked -> {}, Access.ANYTHING);
  }

  /** The same, where less may be opened. */
  public SourceContext within(Access access) {
    return new SourceContext(uri, stream, position, knobs, settled, reached, end, access);
  }

  /** The same from another position. */
  public SourceContext at(long position) {
    return new SourceContext(uri, stream, position, knobs, settled, reached, end, access);
  }
}
