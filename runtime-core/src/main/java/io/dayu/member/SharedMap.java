package io.dayu.member;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.apache.pekko.cluster.ddata.Key;
import org.apache.pekko.cluster.ddata.LWWMap;
import org.apache.pekko.cluster.ddata.LWWMapKey;
import org.apache.pekko.cluster.ddata.typed.javadsl.Replicator;

/**
 * A map of which every node has a copy, in parts: each is an entry of Distributed Data, which is
 * sent as a whole, in one message. What is larger than a message is dropped on the way, and so is
 * all that the part gets later; so nothing may be put into a part that has no {@link #room}.
 * Belongs to one actor.
 *
 * @param <V> a value as it is sent
 */
final class SharedMap<V> {
  /** Parts that nothing was put into cost nothing. */
  static final int PARTS = 256;

  /**
   * Bytes of a part. The rest of {@code maximum-frame-size} in {@code dayu-member.conf} is for what
   * the replicator adds, such as the versions of entries.
   */
  static final int MAX_BYTES = 192 << 10;

  /** What an entry takes besides its name and its value. */
  private static final int OVERHEAD = 128;

  private final List<Key<LWWMap<String, V>>> keys;
  private final Map<String, Integer> parts = new HashMap<>(); // by the key's id
  private final List<Map<String, V>> heard = new ArrayList<>(Collections.nCopies(PARTS, Map.of()));
  private final ToIntFunction<V> size;

  /**
   * @param size of a value in bytes
   */
  SharedMap(String name, ToIntFunction<V> size) {
    this.keys =
        IntStream.range(0, PARTS).mapToObj(i -> LWWMapKey.<String, V>create(name + i)).toList();
    for (int i = 0; i < PARTS; i++) parts.put(keys.get(i).id(), i);
    this.size = size;
  }

  List<Key<LWWMap<String, V>>> keys() {
    return keys;
  }

  /** The key of the part that an entry is in. */
  Key<LWWMap<String, V>> key(String entry) {
    return keys.get(part(entry));
  }

  static int part(String entry) {
    return Math.floorMod(entry.hashCode(), PARTS);
  }

  /** Takes in the news of a part; returns whether it is one of this map. */
  boolean hear(Replicator.Changed<?> changed) {
    var part = parts.get(changed.key().id());
    if (part == null) return false;
    heard.set(part, Map.copyOf(changed.get(keys.get(part)).getEntries()));
    return true;
  }

  /** All that was heard. */
  void forEach(BiConsumer<String, V> action) {
    heard.forEach(part -> part.forEach(action));
  }

  /** Bytes that a value under this name may have, by what was heard. */
  int room(String entry) {
    int room = MAX_BYTES - cost(entry, 0);
    for (var other : heard.get(part(entry)).entrySet())
      if (!other.getKey().equals(entry))
        room -= cost(other.getKey(), size.applyAsInt(other.getValue()));
    return room;
  }

  /** Whether a value under this name can be sent, by what was heard. */
  boolean fits(String entry, V value) {
    return size.applyAsInt(value) <= room(entry);
  }

  static int cost(String entry, int bytes) {
    return OVERHEAD + entry.length() + bytes;
  }
}
