package io.dayu.process;

import io.dayu.element.Element;
import io.dayu.element.Outputs;
import io.dayu.link.Parcel;
import io.dayu.settings.Budget;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Keeps the branches of forked elements by stream, sequence number and attempt until all have come.
 * A branch that was filtered out or has failed never comes; the other branches are removed when
 * they are older than {@code patience}; their element has ended already. When {@code capacity} is
 * exceeded, or the memory of the node for joins, the oldest partial elements are removed earlier
 * and counted: they are sent again. The capacity must exceed the sum of the streams' windows, so
 * that a join cannot deadlock a fork. Belongs to one actor.
 */
public final class JoinBuffer {
  /**
   * @param stream as the element carries it: a name made of it would be one more object for each
   */
  private record Key(String stream, long seq, int attempt) {}

  private record Partial(Parcel parcel, long sinceNanos) {}

  private final Predicate<Element> complete;
  private final int capacity;
  private final long patienceNanos;
  private final Budget memory;
  private final Map<Key, Partial> partials = new LinkedHashMap<>();
  private long bytes; // of these
  private long crowdedOut;
  private long told; // of those

  /**
   * @param complete whether nothing is missing from an element
   * @param memory of the node, on which the joins draw
   */
  public JoinBuffer(Predicate<Element> complete, int capacity, Duration patience, Budget memory) {
    this.memory = memory;
    this.complete = complete;
    this.capacity = capacity;
    this.patienceNanos = patience.toNanos();
  }

  /** The whole element if this branch was the last one. */
  public Optional<Parcel> add(Parcel branch, long nowNanos) {
    var element = branch.element();
    var key = new Key(element.getStream(), element.getSeq(), element.getAttempt());
    if (complete.test(element)) {
      remove(key); // of branches that have met before this stage as well
      return Optional.of(branch);
    }
    var earlier = partials.get(key);
    var merged = earlier == null ? branch : merge(earlier.parcel(), branch);
    if (complete.test(merged.element())) {
      remove(key);
      return Optional.of(merged);
    }
    // A partial element keeps its place in the order: it is as old as its first branch.
    partials.put(key, new Partial(merged, earlier == null ? nowNanos : earlier.sinceNanos()));
    changed(merged.weight() - (earlier == null ? 0 : earlier.parcel().weight()));
    expire(nowNanos);
    return Optional.empty();
  }

  public int size() {
    return partials.size();
  }

  /** Partial elements that were given up because the buffer was full. */
  public long crowdedOut() {
    return crowdedOut;
  }

  /** For people, if elements were given up since the last call because the buffer was full. */
  public Optional<String> tooSmall() {
    long more = crowdedOut - told;
    told = crowdedOut;
    return more == 0
        ? Optional.empty()
        : Optional.of(
            "more than %s elements (dayu.process.join-capacity) or %s MB (dayu.memory.stages) wait in the join for other branches; %s were given up and are sent again"
                .formatted(capacity, memory.limit() >> 20, more));
  }

  public void expire(long nowNanos) {
    for (Iterator<Partial> oldest = partials.values().iterator(); oldest.hasNext(); ) {
      var partial = oldest.next();
      boolean young = nowNanos - partial.sinceNanos() < patienceNanos;
      if (young && !isCrowded()) return;
      oldest.remove();
      changed(-partial.parcel().weight());
      if (young) crowdedOut++;
    }
  }

  /** One partial element stays in any case, so that a join can always go on. */
  private boolean isCrowded() {
    return partials.size() > capacity || memory.isFull() && partials.size() > 1;
  }

  /** Nothing is waited for any more. */
  public void close() {
    partials.clear();
    changed(-bytes);
  }

  private void remove(Key key) {
    var partial = partials.remove(key);
    if (partial != null) changed(-partial.parcel().weight());
  }

  private void changed(long more) {
    bytes += more;
    memory.add(more);
  }

  private static Parcel merge(Parcel a, Parcel b) {
    var first = a.element();
    var second = b.element();
    var merged = first.toBuilder();
    for (var output : second.getOutputsList())
      if (!Outputs.has(first, output.getStage())) merged.addOutputs(output);
    if (!first.hasPayload() && second.hasPayload()) merged.setPayload(second.getPayload());
    var known = first.getTraceList().stream().map(h -> h.getStage()).collect(Collectors.toSet());
    for (var hop : second.getTraceList()) if (!known.contains(hop.getStage())) merged.addTrace(hop);
    long born = a.bornNanos() - b.bornNanos() < 0 ? a.bornNanos() : b.bornNanos();
    return new Parcel(merged.build(), born, Math.max(a.transferUs(), b.transferUs()));
  }
}
