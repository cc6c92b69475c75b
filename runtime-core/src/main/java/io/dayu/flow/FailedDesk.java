package io.dayu.flow;

import com.google.protobuf.ByteString;
import io.dayu.deliver.FailedStore;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.FailedElements;
import io.dayu.facts.FailedElements.Question;
import io.dayu.facts.FailedElements.Why;
import io.dayu.facts.NodeReport.KeptFailed;
import io.dayu.facts.View;
import io.dayu.generate.Generator;
import io.dayu.pipeline.StreamName;
import io.dayu.stage.Causes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers what the cloud asks of the failed elements that this node keeps, and removes those of
 * pipelines that keep none here any more. Part of the {@link Controller}, and on its thread.
 */
final class FailedDesk {
  private static final Logger LOG = LoggerFactory.getLogger(FailedDesk.class);

  private final String node;
  private final FailedStore store;
  private final Generators generators;
  private final Map<StreamName, KeptFailed> reports = new TreeMap<>(); // of streams read here

  FailedDesk(String node, FailedStore store, Generators generators) {
    this.node = node;
    this.store = store;
    this.generators = generators;
  }

  /** Always answers, at once or when the disk does. */
  void ask(Question question, ActorRef<? super FailedElements.Answer> replyTo) {
    var stream = question.stream();
    if (question instanceof FailedElements.Retry retry) {
      if (!generators.tell(stream, new Generator.Retry(retry.pick(), retry.version(), replyTo)))
        replyTo.tell(
            new FailedElements.Refused(
                Why.NOT_READ, "node %s does not read %s now".formatted(node, stream)));
    } else if (question instanceof FailedElements.Page page) {
      var limited =
          new FailedElements.Page(
              stream,
              page.stage(),
              page.after(),
              Math.max(1, Math.min(page.limit(), FailedElements.MOST_ITEMS)));
      answer(stream, store.page(limited), replyTo);
    } else if (question instanceof FailedElements.Part part) {
      answer(stream, store.payload(stream, part.seq()).thenApply(p -> part(part, p)), replyTo);
    } else if (question instanceof FailedElements.Drop drop) {
      answer(
          stream, store.drop(stream, drop.pick()).thenApply(FailedElements.Dropped::new), replyTo);
    }
  }

  private FailedElements.Answer part(FailedElements.Part part, Optional<ByteString> payload) {
    if (payload.isEmpty())
      return new FailedElements.Refused(
          Why.NOT_KEPT, "%s#%s is not kept on %s".formatted(part.stream(), part.seq(), node));
    var bytes = payload.get();
    int from = (int) Math.max(0, Math.min(part.offset(), bytes.size()));
    int to = Math.min(bytes.size(), from + FailedElements.MOST_BYTES);
    return new FailedElements.Bytes(bytes.size(), bytes.substring(from, to));
  }

  /** The callback touches nothing of this actor. */
  private static void answer(
      StreamName stream,
      CompletionStage<? extends FailedElements.Answer> answer,
      ActorRef<? super FailedElements.Answer> replyTo) {
    var unused =
        answer.whenComplete(
            (given, error) ->
                replyTo.tell(
                    error == null
                        ? given
                        : new FailedElements.Refused(
                            Why.NOT_NOW,
                            "what is kept of %s cannot be read or written: %s"
                                .formatted(stream, Causes.words(error)))));
  }

  void heard(KeptFailed report) {
    reports.put(report.stream(), report);
  }

  List<KeptFailed> reports() {
    return List.copyOf(reports.values());
  }

  /**
   * Removes what is kept of streams that are to keep nothing here any more, because their pipeline
   * was deleted or changed. A pipeline that the view does not name may only not be known yet.
   */
  void learn(View view) {
    for (var stream : store.streams()) {
      var pipeline = view.pipelines().get(stream.pipeline());
      boolean over =
          pipeline == null
              ? view.dropped().containsKey(stream.pipeline())
              : !keeps(pipeline, stream);
      if (over) removeAll(stream);
    }
    reports.keySet().removeIf(stream -> !generators.reads(stream));
  }

  private boolean keeps(DesiredPipeline pipeline, StreamName stream) {
    return pipeline.spec().delivery().keepFailed().isPresent()
        && pipeline.spec().sources().stream()
            .anyMatch(
                source ->
                    source.name().equals(stream.source())
                        && source.node().filter(node::equals).isPresent());
  }

  private void removeAll(StreamName stream) {
    LOG.info("{} keeps nothing of what failed here any more", stream);
    var unused =
        store
            .removeAll(stream)
            .whenComplete(
                (done, error) -> {
                  if (error != null)
                    LOG.warn(
                        "failed elements of {} cannot be removed now: {}",
                        stream,
                        Causes.words(error));
                });
  }
}
