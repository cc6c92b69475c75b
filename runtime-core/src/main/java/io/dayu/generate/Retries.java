package io.dayu.generate;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.deliver.FailedStore;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Ranges;
import io.dayu.element.Element;
import io.dayu.facts.FailedElements;
import io.dayu.facts.FailedElements.Why;
import io.dayu.pipeline.StreamName;
import io.dayu.stage.Causes;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends again on demand what {@link Failures} have kept: as a new element under a number of its
 * own, which waits on the disk as the elements do that were spooled. One demand after the other,
 * and each is answered. Belongs to one actor, which is told by {@link Event events} what the disk
 * did.
 */
final class Retries {
  /** What the disk did. */
  sealed interface Event extends Generator.Command {}

  /** What is to be sent again was read, unless there was an error. */
  record Found(
      Optional<FailedStore.Picked> picked,
      Optional<Throwable> error,
      ActorRef<? super FailedElements.Answer> replyTo)
      implements Event {}

  /** The new elements are on the disk, unless there was an error. */
  record Placed(
      FailedStore.Picked picked,
      List<SourceSpan> spans,
      Optional<Throwable> error,
      ActorRef<? super FailedElements.Answer> replyTo)
      implements Event {}

  private static final Logger LOG = LoggerFactory.getLogger(Retries.class);
  private static final int MOST_EARLY = 8;

  private final StreamName stream;
  private final String node;
  private final FailedStore store;
  private final OutboxStore disk;
  private final Routing routing;
  private final Numbering numbering;
  private final Consumer<List<SourceSpan>> note;
  private final Clock clock;
  private final Consumer<CompletionStage<? extends Event>> later;
  private final ArrayDeque<Generator.Retry> early = new ArrayDeque<>(); // for a version to come
  private CompletionStage<Done> begun = CompletableFuture.completedStage(Done.getInstance());
  private boolean retrying;
  private boolean placing;
  private long count;

  /**
   * @param note is told of numbers that were taken
   * @param later sends the event of the stage to the actor; the stage never fails
   */
  Retries(
      StreamName stream,
      String node,
      FailedStore store,
      OutboxStore disk,
      Routing routing,
      Numbering numbering,
      Consumer<List<SourceSpan>> note,
      Clock clock,
      Consumer<CompletionStage<? extends Event>> later) {
    this.stream = stream;
    this.node = node;
    this.store = store;
    this.disk = disk;
    this.routing = routing;
    this.numbering = numbering;
    this.note = note;
    this.clock = clock;
    this.later = later;
  }

  /** How many elements were sent again. */
  long count() {
    return count;
  }

  /** The stream goes on with this open. What was not sent again after all may be later. */
  void begin(Ranges open) {
    begun = unanswered(store.resume(stream, open));
  }

  /**
   * Reads what is to be sent again, for {@link Found}; or says why nothing is. If it is asked for a
   * later version of the pipeline, that is waited for.
   *
   * @param ending whether the stream is to end here
   */
  void ask(Generator.Retry retry, boolean ending) {
    if (retry.version() > routing.plan().version()) {
      // Who asks gives up after some seconds, so more than these are nobody's.
      if (early.size() == MOST_EARLY) early.remove();
      early.add(retry);
      return;
    }
    var replyTo = retry.replyTo();
    if (routing.plan().isPaused())
      refuse(replyTo, Why.PAUSED, "pipeline %s is paused".formatted(stream.pipeline()));
    else if (ending || !numbering.hasStarted())
      refuse(replyTo, Why.NOT_NOW, "%s is starting or ending on %s".formatted(stream, node));
    else if (retrying)
      refuse(replyTo, Why.NOT_NOW, "others of %s are just being sent again".formatted(stream));
    else {
      retrying = true;
      later.accept(
          begun
              .thenCompose(done -> store.pick(stream, retry.pick()))
              .handle(
                  (picked, error) ->
                      new Found(Optional.ofNullable(picked), Optional.ofNullable(error), replyTo)));
    }
  }

  /** There is another version of the pipeline. */
  void changed(boolean ending) {
    var waited = List.copyOf(early);
    early.clear();
    waited.forEach(retry -> ask(retry, ending));
  }

  /** Gives what was read new numbers and puts it on the disk, for {@link Placed}. */
  void found(Found found) {
    if (found.picked().isEmpty()) {
      retrying = false;
      refuse(
          found.replyTo(),
          Why.NOT_NOW,
          "what is kept of %s cannot be read: %s"
              .formatted(stream, found.error().map(Causes::words).orElse("?")));
      return;
    }
    var picked = found.picked().get();
    int count = picked.payloads().size();
    if (!numbering.hasStarted() || !numbering.has(count)) {
      retrying = false;
      refuse(found.replyTo(), Why.NOT_NOW, "%s has no numbers to give now".formatted(stream));
      return;
    }
    var spans = new ArrayList<SourceSpan>();
    var elements = new ArrayList<Element>();
    var marks = new ArrayList<FailedStore.Change>();
    long nowMs = clock.millis();
    picked
        .payloads()
        .forEach(
            (seq, payload) -> {
              var span = SourceSpan.retry(numbering.take(), seq, nowMs);
              spans.add(span);
              marks.add(new FailedStore.Mark(stream, seq, OptionalLong.of(span.seq())));
              elements.add(
                  Element.newBuilder()
                      .setStream(stream.toString())
                      .setSeq(span.seq())
                      .setOrigin(node)
                      .setCreatedAtMs(nowMs)
                      .setRetryOf(seq)
                      .setPayload(payload)
                      .build());
            });
    placing = true;
    if (!spans.isEmpty()) note.accept(spans);
    // Marked first: a mark without an element is noticed at the next start, two elements are not.
    later.accept(
        store
            .write(marks)
            .thenCompose(
                done ->
                    elements.isEmpty()
                        ? CompletableFuture.completedStage(done)
                        : disk.put(OutboxStore.Kind.ELEMENT, elements))
            .handle(
                (done, error) ->
                    new Placed(picked, spans, Optional.ofNullable(error), found.replyTo())));
  }

  /**
   * Whether numbers were taken for elements that are not open yet. Progress that were kept now
   * would have these numbers as used and not open, that is as settled: elements that wait on the
   * disk under them would be removed at the next start, after it was answered that they are sent
   * again.
   */
  boolean isPlacing() {
    return placing;
  }

  /** Returns the elements that are open from now on; they have been answered for. */
  List<SourceSpan> placed(Placed placed) {
    retrying = false;
    placing = false;
    var picked = placed.picked();
    if (placed.error().isPresent()) {
      unanswered(
          store.write(
              placed.spans().stream()
                  .map(s -> new FailedStore.Mark(stream, s.failed(), OptionalLong.empty()))
                  .toList()));
      refuse(
          placed.replyTo(),
          Why.NOT_NOW,
          "%s elements of %s cannot be put on the disk of %s: %s"
              .formatted(placed.spans().size(), stream, node, Causes.words(placed.error().get())));
      return List.of();
    }
    count += placed.spans().size();
    Map<Long, Long> as = new TreeMap<>();
    for (var span : placed.spans()) as.put(span.failed(), span.seq());
    placed
        .replyTo()
        .tell(
            new FailedElements.Retried(
                new TreeMap<>(as),
                picked.notKept(),
                picked.underWay(),
                picked.upTo(),
                picked.last(),
                picked.more()));
    return placed.spans();
  }

  private static void refuse(
      ActorRef<? super FailedElements.Answer> replyTo, Why why, String reason) {
    replyTo.tell(new FailedElements.Refused(why, reason));
  }

  /** A failure is tried again with the next occasion. */
  @CanIgnoreReturnValue
  private CompletionStage<Done> unanswered(CompletionStage<Done> written) {
    return written.exceptionally(
        error -> {
          LOG.debug("{}: failed.mv is not written", stream, error);
          return Done.getInstance();
        });
  }
}
