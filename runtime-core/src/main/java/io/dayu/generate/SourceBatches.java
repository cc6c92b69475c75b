package io.dayu.generate;

import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import io.dayu.stage.CallErrors;
import io.dayu.stage.Causes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.pf.PFBuilder;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Blueprint of reading a source in batches: segments that are read while a batch is being handed
 * over form the next one. Every failure becomes a piece, which comes after the segments that were
 * read before it; so does a source that cannot be opened or lacks a library.
 */
final class SourceBatches {
  /** A segment, or the failure that ends the source. */
  record Piece(Optional<Segment> segment, Optional<Throwable> failure) {
    private static Piece of(Segment segment) {
      return new Piece(Optional.of(segment), Optional.empty());
    }

    private static Piece of(Throwable failure) {
      return new Piece(Optional.empty(), Optional.of(failure));
    }

    private long bytes() {
      return segment.map(s -> (long) s.payload().getSerializedSize()).orElse(0L);
    }
  }

  private static final long BATCH_BYTES = 256 << 10;

  private SourceBatches() {}

  /**
   * @param elements the most in a batch
   */
  static Source<List<Piece>, NotUsed> of(
      SourceProvider provider, SourceContext context, int elements) {
    long each = BATCH_BYTES / elements;
    return open(provider, context)
        .map(Piece::of)
        .recover(new PFBuilder<Throwable, Piece>().matchAny(Piece::of).build())
        .batchWeighted(
            BATCH_BYTES,
            piece -> Math.max(each, piece.bytes()),
            piece -> {
              List<Piece> batch = new ArrayList<>();
              batch.add(piece);
              return batch;
            },
            (batch, piece) -> {
              batch.add(piece);
              return batch;
            });
  }

  private static Source<Segment, NotUsed> open(SourceProvider provider, SourceContext context) {
    try {
      return provider.open(context);
    } catch (RuntimeException e) {
      return Source.failed(e);
    } catch (LinkageError e) {
      // A native library that is missing must not end the node.
      return Source.failed(
          new SourceException(
              "a library of the source cannot be loaded: " + Causes.words(e), true, e));
    } catch (Error e) {
      if (!CallErrors.isSurvivable(e)) throw e;
      return Source.failed(
          new SourceException("the source cannot be opened: " + Causes.words(e), false, e));
    }
  }
}
