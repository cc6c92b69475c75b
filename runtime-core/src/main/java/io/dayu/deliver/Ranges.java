package io.dayu.deliver;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import java.util.stream.Stream;

/**
 * A set of sequence numbers, small where they follow each other. Belongs to one thread, or is
 * changed no more.
 */
public final class Ranges {
  private final TreeMap<Long, Long> lasts = new TreeMap<>(); // by first; they do not touch
  private long size;

  public static Ranges of(long... numbers) {
    var ranges = new Ranges();
    for (long number : numbers) ranges.add(number);
    return ranges;
  }

  public static Ranges copyOf(Ranges other) {
    var copy = new Ranges();
    copy.lasts.putAll(other.lasts);
    copy.size = other.size;
    return copy;
  }

  /**
   * The inverse of {@link #bounds}.
   *
   * @throws IllegalArgumentException if {@code bounds} are not such
   */
  public static Ranges ofBounds(List<Long> bounds) {
    if (bounds.size() % 2 != 0) throw new IllegalArgumentException("a bound is missing");
    var ranges = new Ranges();
    for (int i = 0; i < bounds.size(); i += 2) {
      long first = bounds.get(i);
      long last = bounds.get(i + 1);
      if (last < first || i > 0 && first <= bounds.get(i - 1) + 1)
        throw new IllegalArgumentException("bounds out of order");
      ranges.lasts.put(first, last);
      ranges.size += last - first + 1;
    }
    return ranges;
  }

  /** First and last of every run, in order. */
  public List<Long> bounds() {
    return lasts.entrySet().stream().flatMap(e -> Stream.of(e.getKey(), e.getValue())).toList();
  }

  /** False if it was there. */
  @CanIgnoreReturnValue
  public boolean add(long number) {
    var before = lasts.floorEntry(number);
    if (before != null && before.getValue() >= number) return false;
    long first = number;
    if (before != null && before.getValue() == number - 1) first = before.getKey();
    var after = lasts.remove(number + 1);
    lasts.put(first, after == null ? number : after);
    size++;
    return true;
  }

  /** False if it was not there. */
  @CanIgnoreReturnValue
  public boolean remove(long number) {
    var run = lasts.floorEntry(number);
    if (run == null || run.getValue() < number) return false;
    if (run.getKey() == number) lasts.remove(number);
    else lasts.put(run.getKey(), number - 1);
    if (run.getValue() > number) lasts.put(number + 1, run.getValue());
    size--;
    return true;
  }

  public boolean contains(long number) {
    var run = lasts.floorEntry(number);
    return run != null && run.getValue() >= number;
  }

  public long size() {
    return size;
  }

  public boolean isEmpty() {
    return size == 0;
  }

  /**
   * @throws NoSuchElementException if there is none
   */
  public long last() {
    return lasts.lastEntry() == null ? none() : lasts.lastEntry().getValue();
  }

  /** The lowest number from {@code from} on. */
  public OptionalLong ceiling(long from) {
    if (contains(from)) return OptionalLong.of(from);
    var run = lasts.ceilingKey(from);
    return run == null ? OptionalLong.empty() : OptionalLong.of(run);
  }

  /** In order. */
  public void forEach(LongConsumer each) {
    for (Map.Entry<Long, Long> run : lasts.entrySet())
      for (long n = run.getKey(); n <= run.getValue(); n++) each.accept(n);
  }

  /** Those that {@code wanted} takes. */
  public Ranges where(LongPredicate wanted) {
    var some = new Ranges();
    forEach(
        n -> {
          if (wanted.test(n)) some.add(n);
        });
    return some;
  }

  public Ranges plus(Ranges other) {
    var both = copyOf(this);
    other.forEach(both::add);
    return both;
  }

  private static long none() {
    throw new NoSuchElementException("no number");
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Ranges ranges && lasts.equals(ranges.lasts);
  }

  @Override
  public int hashCode() {
    return lasts.hashCode();
  }

  @Override
  public String toString() {
    return lasts.toString();
  }
}
