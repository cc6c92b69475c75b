package io.dayu.catalog.video;

import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.javadsl.Source;

/** Something open that is read by blocking calls of one thread at a time. */
interface BlockingReader extends AutoCloseable {
  /** The next segment; empty at the end. */
  Optional<Segment> next();

  @Override
  void close();

  /**
   * A source that opens a reader when it is first asked and closes it when it ends, is cancelled or
   * fails, on the dispatcher for blocking.
   */
  static Source<Segment, NotUsed> source(Supplier<? extends BlockingReader> open) {
    return Source.unfoldResource(() -> new Opening(open), Opening::next, Opening::close)
        .withAttributes(ActorAttributes.dispatcher(SourceContext.BLOCKING_DISPATCHER));
  }

  /**
   * Opening is a part of the first read: if it fails, which is common for cameras, the stream fails
   * with the cause and nothing else is logged.
   */
  final class Opening {
    private final Supplier<? extends BlockingReader> open;
    private Optional<BlockingReader> reader = Optional.empty();

    private Opening(Supplier<? extends BlockingReader> open) {
      this.open = open;
    }

    private Optional<Segment> next() {
      if (reader.isEmpty()) reader = Optional.of(open.get());
      return reader.get().next();
    }

    private void close() {
      reader.ifPresent(BlockingReader::close);
    }
  }
}
