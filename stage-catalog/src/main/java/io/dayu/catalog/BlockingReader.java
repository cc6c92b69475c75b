package io.dayu.catalog;

import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceEnd;
import io.dayu.source.SourceException;
import io.dayu.stage.CallErrors;
import io.dayu.stage.Causes;
import java.util.Optional;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Something open that is read by blocking calls of one thread at a time. Nothing can interrupt such
 * a call from outside, so whatever takes long in it asks its {@link Stop} again and again.
 */
public interface BlockingReader extends AutoCloseable {
  /** The next segment; empty at the end, and once the stop is asked for. */
  Optional<Segment> next();

  @Override
  void close();

  /**
   * A source that opens a reader when it is first asked and closes it when it ends, is cancelled or
   * fails, on the dispatcher for blocking. The reader's stop is asked for at the same moment, from
   * another thread, also while the reader is inside a call.
   */
  static Source<Segment, NotUsed> source(Function<Stop, ? extends BlockingReader> open) {
    return source(new SourceEnd(), open);
  }

  /**
   * The same, and the stop is asked for when the source is to end by itself as well: what the
   * reader has given until then, and gives after that, is still handed over.
   */
  static Source<Segment, NotUsed> source(
      SourceEnd ending, Function<Stop, ? extends BlockingReader> open) {
    return Source.fromMaterializer(
            (materializer, attributes) -> {
              var stop = new Stop();
              var forget = ending.then(stop::ask);
              return Source.unfoldResource(
                      () -> new Opening(open, stop), Opening::next, Opening::close)
                  // This makes it an actor of its own, so that what follows runs while it blocks.
                  .withAttributes(ActorAttributes.dispatcher(SourceContext.BLOCKING_DISPATCHER))
                  .watchTermination(Keep.right())
                  .mapMaterializedValue(
                      ended ->
                          ended.whenComplete(
                              (done, cause) -> {
                                forget.run();
                                stop.ask();
                              }));
            })
        .mapMaterializedValue(started -> NotUsed.getInstance());
  }

  /**
   * Opening is a part of the first read: if it fails, which is common for cameras, the stream fails
   * with the cause and nothing else is logged.
   */
  final class Opening {
    private final Function<Stop, ? extends BlockingReader> open;
    private final Stop stop;
    private Optional<BlockingReader> reader = Optional.empty();

    private Opening(Function<Stop, ? extends BlockingReader> open, Stop stop) {
      this.open = open;
      this.stop = stop;
    }

    private Optional<Segment> next() {
      try {
        if (reader.isEmpty()) {
          if (stop.asked()) return Optional.empty();
          reader = Optional.of(open.apply(stop));
        }
        return reader.get().next();
      } catch (SourceException e) {
        // It may fail because it is stopped, which is no failure of what it reads.
        if (stop.asked()) return Optional.empty();
        throw e;
      } catch (Error e) {
        // Natives that get no memory fail this stream; as an error, it would end the node.
        if (!CallErrors.isSurvivable(e)) throw e;
        throw new SourceException(
            "it cannot be read on this node now: " + Causes.words(e), false, e);
      }
    }

    private void close() {
      reader.ifPresent(BlockingReader::close);
    }
  }
}
