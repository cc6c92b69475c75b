package io.dayu.generate;

import io.dayu.deliver.FailedStore;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Ranges;
import io.dayu.element.Element;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.FailureCause;
import io.dayu.facts.NodeReport.KeptFailed;
import io.dayu.pipeline.PipelineSpec.KeepFailed;
import io.dayu.pipeline.StreamName;
import io.dayu.stage.Causes;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.pekko.Done;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the elements of a stream that fail, where its pipeline says so. An element that is to be
 * kept stays open until it is on the disk, so that a node which is killed meanwhile has it again;
 * where the disk does not take it, it is settled all the same, and counted.
 *
 * <p>What {@link Retries} send again is a new element. What that stands for is removed when it is
 * delivered, and takes its number when it fails again; until that is durable the new one stays open
 * too, so that no crash makes one of two that are delivered.
 *
 * <p>Belongs to one actor, which is told by {@link Event events} what the disk did.
 */
final class Failures {
  /** What the disk did. */
  sealed interface Event extends Generator.Command {}

  /**
   * @param kept elements that failed; they are settled whether they could be kept or not
   * @param results whether the results of these wait in the outbox
   * @param delivered others, which are settled only if there was no error
   * @param failed others, which are settled only if there was no error
   */
  record Written(
      List<Long> kept,
      boolean results,
      List<Long> delivered,
      List<Long> failed,
      Optional<Throwable> error)
      implements Event {}

  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

  private final StreamName stream;
  private final FailedStore store;
  private final OutboxStore disk;
  private final Unsettled unsettled;
  private final Clock clock;
  private final Consumer<CompletionStage<? extends Event>> later;
  private final Set<Long> writing = new HashSet<>(); // bounded by what is open
  private boolean keepable = true;
  private long notKept;
  private Optional<String> problem = Optional.empty();

  /**
   * @param later sends the event of the stage to the actor; the stage never fails
   */
  Failures(
      StreamName stream,
      FailedStore store,
      OutboxStore disk,
      Unsettled unsettled,
      Clock clock,
      Consumer<CompletionStage<? extends Event>> later) {
    this.stream = stream;
    this.store = store;
    this.disk = disk;
    this.unsettled = unsettled;
    this.clock = clock;
    this.later = later;
  }

  /**
   * Keeps what failed.
   *
   * @param wanted how much is kept, if anything is
   * @return what can be settled at once; the rest can when it is {@link Written}
   */
  Acknowledgement hold(Acknowledgement ack, Optional<KeepFailed> wanted) {
    boolean nothing =
        ack.failed().length == 0
            && writing.isEmpty()
            && unsettled.retries().isEmpty()
            && store.isEmpty(stream);
    if (nothing) return ack;
    var held = new Held(wanted, false);
    var delivered = new ArrayList<Long>();
    var failed = new ArrayList<Long>();
    for (long seq : ack.delivered()) if (!held.delivered(seq)) delivered.add(seq);
    for (long seq : ack.failed()) if (!held.failed(seq, ack.cause(seq))) failed.add(seq);
    held.write();
    return acknowledgement(delivered, failed);
  }

  /**
   * Results are safe in the outbox, and some of them failed. Whether they stay failed is known only
   * when they are stored; but their payloads are here now.
   *
   * @return of which this can be noted at once
   */
  Ranges holdResults(Generator.Kept results, Optional<KeepFailed> wanted) {
    if (results.failed().isEmpty() || wanted.isEmpty()) return results.seqs();
    var held = new Held(wanted, true);
    var atOnce =
        results
            .seqs()
            .where(
                seq -> {
                  if (unsettled.retries().containsKey(seq)) return true;
                  var cause = results.failed().get(seq);
                  return cause == null || !held.failed(seq, cause);
                });
    held.write();
    return atOnce;
  }

  /** What comes of an acknowledgement, as far as it waits for the disk. */
  private final class Held {
    private final Optional<KeepFailed> wanted;
    private final boolean results;
    private final Instant now = clock.instant();
    private final List<FailedStore.Change> changes = new ArrayList<>();
    private final List<Long> kept = new ArrayList<>();
    private final List<Long> delivered = new ArrayList<>();
    private final List<Long> failed = new ArrayList<>();

    Held(Optional<KeepFailed> wanted, boolean results) {
      this.wanted = wanted;
      this.results = results;
    }

    /** Whether it waits. */
    boolean delivered(long seq) {
      if (writing.contains(seq)) return true;
      var retry = unsettled.retries().get(seq);
      // An earlier result of the element itself may have been on its way to the cloud as failed.
      long there = retry == null ? seq : retry.failed();
      if (!store.contains(stream, there)) return false;
      changes.add(new FailedStore.Remove(stream, there));
      delivered.add(seq);
      return true;
    }

    /** Whether it waits. */
    boolean failed(long seq, FailureCause cause) {
      if (writing.contains(seq)) return true;
      var retry = unsettled.retries().get(seq);
      if (retry != null) {
        if (!store.contains(stream, retry.failed())) return false;
        changes.add(new FailedStore.KeepAgain(stream, retry.failed(), seq, cause, now));
        failed.add(seq);
        return true;
      }
      if (wanted.isEmpty() || store.contains(stream, seq)) return false;
      // It is cut again soon, and its acknowledgement comes again then.
      if (unsettled.replayed().contains(seq)) return true;
      var element = unsettled.element(seq);
      if (element.isPresent()) return keep(element.get(), cause);
      if (unsettled.spooled().contains(seq)) {
        fromDisk(seq, cause);
        return true;
      }
      // What is lost with an earlier run has no payload either, and nobody expects one.
      if (unsettled.isOpen(seq) && !unsettled.lost().containsKey(seq))
        notKept(1, "its payload is no longer there");
      return false;
    }

    private boolean keep(Element element, FailureCause cause) {
      if (!element.hasPayload()) return false; // it failed at its source
      if (element.getPayload().getSerializedSize() > store.quota()) {
        notKept(
            1,
            "it has %s bytes, dayu.failed.quota is %s"
                .formatted(element.getPayload().getSerializedSize(), store.quota()));
        return false;
      }
      changes.add(new FailedStore.Keep(stream, element, cause, now, atMost(wanted)));
      kept.add(element.getSeq());
      return true;
    }

    private void fromDisk(long seq, FailureCause cause) {
      writing.add(seq);
      later.accept(
          disk.read(OutboxStore.Kind.ELEMENT, stream, seq, 1, 1)
              .thenCompose(found -> write(found, seq, cause))
              .handle(
                  (done, error) ->
                      new Written(
                          List.of(seq),
                          results,
                          List.of(),
                          List.of(),
                          Optional.ofNullable(error))));
    }

    /** What has no payload failed at its source. */
    private CompletionStage<Done> write(List<Element> found, long seq, FailureCause cause) {
      var element = found.stream().filter(e -> e.getSeq() == seq).findFirst();
      if (element.isEmpty())
        return CompletableFuture.failedStage(
            new IllegalStateException("element %s is no longer on the disk".formatted(seq)));
      return store.write(
          element
              .filter(Element::hasPayload)
              .map(e -> new FailedStore.Keep(stream, e, cause, now, atMost(wanted)))
              .stream()
              .toList());
    }

    void write() {
      if (changes.isEmpty()) return;
      writing.addAll(kept);
      writing.addAll(delivered);
      writing.addAll(failed);
      later.accept(
          store
              .write(changes)
              .handle(
                  (done, error) ->
                      new Written(kept, results, delivered, failed, Optional.ofNullable(error))));
    }
  }

  private static long atMost(Optional<KeepFailed> wanted) {
    return wanted.flatMap(KeepFailed::atMost).orElse(KeepFailed.MOST);
  }

  /**
   * @return what is settled now; without those whose results wait in the outbox
   */
  Acknowledgement written(Written written) {
    written.kept().forEach(writing::remove);
    written.delivered().forEach(writing::remove);
    written.failed().forEach(writing::remove);
    var kept = written.results() ? List.<Long>of() : written.kept();
    if (written.error().isEmpty()) {
      if (!keepable) LOG.info("{}: what fails can be kept again", stream);
      keepable = true;
      var failed = new ArrayList<>(kept);
      failed.addAll(written.failed());
      return acknowledgement(written.delivered(), failed);
    }
    var why = Causes.words(written.error().get());
    if (keepable) LOG.warn("{}: what fails cannot be kept on the disk now: {}", stream, why);
    keepable = false;
    if (!written.kept().isEmpty()) notKept(written.kept().size(), why);
    // The others are answered again when they are sent again, and tried again then.
    return acknowledgement(List.of(), kept);
  }

  private void notKept(int count, String why) {
    notKept += count;
    problem =
        Optional.of(
            "the latest of %s failed elements that were not kept: %s".formatted(notKept, why));
  }

  private Acknowledgement acknowledgement(List<Long> delivered, List<Long> failed) {
    return new Acknowledgement(
        stream,
        delivered.stream().mapToLong(Long::longValue).toArray(),
        failed.stream().mapToLong(Long::longValue).toArray());
  }

  /** Removes what is kept longer, or is more, than is wanted. */
  void trim(Optional<KeepFailed> wanted) {
    if (wanted.isEmpty()) return; // the owner removes all
    var since = wanted.get().age().map(age -> clock.instant().minus(age)).orElse(Instant.EPOCH);
    if (store.exceeds(stream, atMost(wanted), since))
      store
          .write(List.of(new FailedStore.Trim(stream, atMost(wanted), since)))
          .whenComplete(
              (done, error) -> {
                // Tried again with the next occasion.
                if (error != null) LOG.debug("{}: failed.mv is not trimmed", stream, error);
              });
  }

  /**
   * Empty if there is nothing to tell.
   *
   * @param retried how many were sent again
   */
  Optional<KeptFailed> report(long retried) {
    var usage = store.usage(stream);
    if (usage.kept() == 0 && notKept == 0 && retried == 0) return Optional.empty();
    return Optional.of(
        new KeptFailed(stream, usage.kept(), usage.bytes(), notKept, retried, problem));
  }
}
