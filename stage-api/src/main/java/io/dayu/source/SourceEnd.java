package io.dayu.source;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Flow;

/**
 * That an open source is to end by itself, for those parts of it that read or wait: they read no
 * more, and give what they have read. Safe for any thread.
 */
public final class SourceEnd {
  private final Map<Object, Runnable> listeners = new LinkedHashMap<>(); // guarded by this
  private boolean asked; // guarded by this

  /** That of an opening of a source, which then takes part in its end. */
  public static SourceEnd of(SourceContext context) {
    var ending = new SourceEnd();
    context.end().accept(ending::ask);
    return ending;
  }

  /** Asks for the end; listeners are run by this thread. */
  public void ask() {
    List<Runnable> told;
    synchronized (this) {
      asked = true;
      told = new ArrayList<>(listeners.values());
      listeners.clear();
    }
    told.forEach(Runnable::run);
  }

  public synchronized boolean isAsked() {
    return asked;
  }

  /**
   * Runs something once the end is asked for, at once if it was; it must not block.
   *
   * @return takes that back; to be run by whoever ends before
   */
  public Runnable then(Runnable listener) {
    synchronized (this) {
      if (!asked) {
        var name = new Object();
        listeners.put(name, listener);
        return () -> forget(name);
      }
    }
    listener.run();
    return () -> {};
  }

  private synchronized void forget(Object name) {
    listeners.remove(name);
  }

  /**
   * Lets each element pass after a wait, and at once when the end is asked for: one that has been
   * read waits no longer then.
   *
   * @param nanos makes for each stream what says how long an element waits, asked when it comes
   */
  public <T> Flow<T, T, NotUsed> after(Supplier<? extends ToLongFunction<? super T>> nanos) {
    return Flow.fromGraph(new Wait<>(this, nanos));
  }
}
