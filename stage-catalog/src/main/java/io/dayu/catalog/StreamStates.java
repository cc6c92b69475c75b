package io.dayu.catalog;

import io.dayu.element.Element;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What a stage remembers per stream, such as a background or the objects in sight. It is a cache: a
 * stage that moved to another node begins anew there. At most {@code bound} streams are remembered,
 * the one that was unused for longest is forgotten.
 *
 * <p>Elements may arrive late or twice, because a lost one is sent again. Those are answered from
 * the state but must not change it; {@link Turn#fresh()} tells. Not thread-safe: it belongs to one
 * stage instance.
 */
public final class StreamStates<S> implements AutoCloseable {
  /**
   * One element's turn at its stream's state.
   *
   * @param fresh whether the element is newer than all before it, so that the state may learn
   * @param step how many elements newer than the newest before, 1 for the next one and for the
   *     first of a stream, 0 if not fresh
   */
  public record Turn<S>(S state, boolean fresh, long step) {}

  private static final class Entry<S> {
    private final S state;
    private long seq = -1;

    private Entry(S state) {
      this.state = state;
    }
  }

  private final int bound;
  private final Supplier<S> create;
  private final Consumer<S> dispose;
  private final Map<String, Entry<S>> streams = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * @param dispose called for every state that is given up, for those that hold natives
   */
  public StreamStates(int bound, Supplier<S> create, Consumer<S> dispose) {
    if (bound < 1) throw new IllegalArgumentException("bound must be at least 1, was " + bound);
    this.bound = bound;
    this.create = create;
    this.dispose = dispose;
  }

  /** The state of the element's stream, made when the stream is new. */
  public Turn<S> turn(Element element) {
    // A stream that begins again, for example after its pipeline was submitted anew.
    if (element.getSeq() == 0 && element.getAttempt() <= 1) forget(element.getStream());
    var entry = streams.get(element.getStream());
    if (entry == null) {
      entry = new Entry<>(create.get());
      streams.put(element.getStream(), entry);
      trim();
    }
    var step = entry.seq < 0 ? 1 : Math.max(0, element.getSeq() - entry.seq);
    entry.seq = Math.max(entry.seq, element.getSeq());
    return new Turn<>(entry.state, step > 0, step);
  }

  /** How many streams are remembered. */
  public int size() {
    return streams.size();
  }

  @Override
  public void close() {
    streams.values().forEach(e -> dispose.accept(e.state));
    streams.clear();
  }

  private void forget(String stream) {
    var entry = streams.remove(stream);
    if (entry != null) dispose.accept(entry.state);
  }

  private void trim() {
    var oldest = streams.keySet().iterator();
    if (streams.size() > bound) forget(oldest.next());
  }
}
