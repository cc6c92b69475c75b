package io.dayu.generate;

import io.dayu.element.Media;
import io.dayu.source.Access;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import io.dayu.stage.CallErrors;
import io.dayu.stage.Causes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.pf.PFBuilder;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.SharedKillSwitch;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Blueprint of reading a source in batches: segments that are read while a batch is being handed
 * over form the next one. A segment takes memory of the node before it may join a batch. Every
 * failure becomes a piece, which comes after the segments that were read before it; so does a
 * source that cannot be opened or lacks a library.
 */
final class SourceBatches {
  /**
   * A segment, or the failure that ends the source.
   *
   * @param bytes taken from the node's memory for it
   * @param shed whether it was given up for want of memory: it has no payload any more
   */
  record Piece(Optional<Segment> segment, Optional<Throwable> failure, long bytes, boolean shed) {
    private static Piece of(Segment segment) {
      return new Piece(
          Optional.of(segment), Optional.empty(), segment.payload().getSerializedSize(), false);
    }

    private static Piece of(Throwable failure) {
      return new Piece(Optional.empty(), Optional.of(failure), 0, false);
    }

    private Piece givenUp() {
      var position = segment.map(Segment::position).orElse(0L);
      return new Piece(
          Optional.of(new Segment(Media.getDefaultInstance(), position)), failure, 0, true);
    }
  }

  /**
   * Where the memory for segments comes from.
   *
   * @param sheds whether a segment is given up for which there is none; otherwise it waits
   */
  record Room(SourceBytes node, SourceBytes.Opening opening, boolean sheds) {
    private CompletionStage<Piece> take(Piece piece) {
      if (piece.bytes() > node.largest()) return CompletableFuture.completedFuture(tooLarge(piece));
      if (sheds)
        return CompletableFuture.completedFuture(
            opening.roomNow(piece.bytes()) ? piece : piece.givenUp());
      return opening.room(piece.bytes()).thenApply(open -> open ? piece : piece.givenUp());
    }

    private Piece tooLarge(Piece piece) {
      var reason =
          "the element has %s bytes, which is too much for this node; %s"
              .formatted(piece.bytes(), node.limits());
      return new Piece(
          piece.segment().map(segment -> Segment.failed(reason, segment.position())),
          Optional.empty(),
          0,
          false);
    }
  }

  private static final long BATCH_BYTES = 256 << 10;

  private SourceBatches() {}

  /**
   * @param elements the most in a batch
   * @param end ends the source, and what it has given until then is still handed over
   */
  static Source<List<Piece>, NotUsed> of(
      SourceProvider provider,
      SourceContext context,
      int elements,
      Room room,
      SharedKillSwitch end) {
    long each = BATCH_BYTES / elements;
    return pieces(provider, context, end)
        .mapAsync(1, room::take)
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

  /**
   * Where not everything may be opened, the check, which may wait for a name service, runs where
   * blocking is allowed, and the source with it. Between there and here pieces are under way as
   * messages, which an end or a failure out here would overtake: both are told in there.
   */
  private static Source<Piece, NotUsed> pieces(
      SourceProvider provider, SourceContext context, SharedKillSwitch end) {
    if (context.access() == Access.ANYTHING) return opened(provider, context, end);
    return Source.lazySource(() -> opened(provider, context, end))
        .mapMaterializedValue(opened -> NotUsed.getInstance())
        .withAttributes(ActorAttributes.dispatcher(SourceContext.BLOCKING_DISPATCHER));
  }

  private static Source<Piece, NotUsed> opened(
      SourceProvider provider, SourceContext context, SharedKillSwitch end) {
    return open(provider, context)
        .via(end.flow())
        .map(Piece::of)
        .recover(new PFBuilder<Throwable, Piece>().matchAny(Piece::of).build());
  }

  private static Source<Segment, NotUsed> open(SourceProvider provider, SourceContext context) {
    try {
      if (context.access() != Access.ANYTHING)
        context.access().check(provider.target(context.uri()));
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
