package io.dayu.facts;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Which versions of a pipeline's side inputs there are. One number is the version of all of them
 * together: it grows with each value that changes and is never used twice for a pipeline of this
 * name. The latest {@link #KEPT} numbers can be resolved. Immutable.
 *
 * @param edition grows with every change, of problems too
 * @param changes in the order of their numbers
 * @param problems why a side input could not be read the last time, by its name
 */
public record SideVersions(long edition, List<Change> changes, SortedMap<String, String> problems) {
  public static final SideVersions NONE = new SideVersions(0, List.of(), new TreeMap<>());

  /** So many numbers can be resolved, which bounds what nodes keep. */
  public static final int KEPT = 8;

  /**
   * From this number on a side input has this value, until its next change.
   *
   * @param digest SHA-256 in hexadecimal digits; empty if the side input is gone
   * @param bytes of the value
   */
  public record Change(String name, long number, String digest, int bytes) {
    public boolean isGone() {
      return digest.isEmpty();
    }
  }

  public SideVersions {
    changes = List.copyOf(changes);
    problems = Collections.unmodifiableSortedMap(new TreeMap<>(problems));
  }

  /** The newest number; 0 if there is none. */
  public long latest() {
    return changes.isEmpty() ? 0 : changes.get(changes.size() - 1).number();
  }

  /** The change that the side input has at a number, as it is known here; empty if it has none. */
  public Optional<Change> at(String name, long number) {
    // Of a later version it is not known here whether it changes this side input.
    if (number > latest()) return Optional.empty();
    Optional<Change> found = Optional.empty();
    for (var change : changes)
      if (change.number() <= number && change.name().equals(name)) found = Optional.of(change);
    return found.filter(change -> !change.isGone());
  }

  /** Whether all of them have a value at a number, and {@code here} is true of its digest. */
  public boolean resolves(long number, Collection<String> names, Predicate<String> here) {
    return names.stream()
        .allMatch(name -> at(name, number).filter(c -> here.test(c.digest())).isPresent());
  }

  /** The newest number at which {@link #resolves} is true. */
  public OptionalLong newest(Collection<String> names, Predicate<String> here) {
    return changes.stream()
        .mapToLong(Change::number)
        .filter(number -> resolves(number, names, here))
        .max();
  }

  /** Of all values that a number may need. */
  public Set<String> digests() {
    var digests = new HashSet<String>();
    for (var change : changes) if (!change.isGone()) digests.add(change.digest());
    return digests;
  }

  /** The names that have a value now. */
  public SortedSet<String> names() {
    var names = new TreeSet<String>();
    for (var change : changes)
      if (change.isGone()) names.remove(change.name());
      else names.add(change.name());
    return names;
  }

  /**
   * The next edition.
   *
   * @param more all of one number, above those before; may be empty
   */
  public SideVersions next(List<Change> more, Map<String, String> problems) {
    var all = new ArrayList<>(changes);
    all.addAll(more);
    return new SideVersions(edition + 1, resolvable(all), new TreeMap<>(problems));
  }

  /** Without what none of the latest numbers needs. */
  private static List<Change> resolvable(List<Change> changes) {
    var numbers = changes.stream().map(Change::number).distinct().toList();
    if (numbers.isEmpty()) return changes;
    long oldest = numbers.get(Math.max(0, numbers.size() - KEPT));
    var base = new HashMap<String, Long>(); // the number that each has at the oldest one
    for (var change : changes)
      if (change.number() <= oldest) base.merge(change.name(), change.number(), Math::max);
    return changes.stream()
        .filter(
            change -> {
              long from = base.getOrDefault(change.name(), 0L);
              return change.number() > from
                  || change.number() == from && (!change.isGone() || from == oldest);
            })
        .toList();
  }
}
