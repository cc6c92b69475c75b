package io.dayu.bench.truth;

import io.dayu.pipeline.StreamName;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** What a stream was given, and what was done to the node that read it. */
public sealed interface Expected {
  /** The stream. */
  StreamName stream();

  /** The text of each reading, in bytes. */
  int bytes();

  /** The stages that add a mark to an element, by each variant that the pipeline had. */
  Set<Set<String>> plans();

  /** When the node that reads the source was killed, in milliseconds since 1970. */
  List<Long> kills();

  /** Readings the stream was given. */
  long given();

  /** Whether such a reading was given. */
  boolean has(String sensor, long index);

  /** A file: {@code count} readings of one sensor. Each must arrive. */
  record Replayed(
      StreamName stream,
      String sensor,
      long count,
      int bytes,
      Set<Set<String>> plans,
      List<Long> kills)
      implements Expected {
    public Replayed {
      Objects.requireNonNull(stream, "stream");
      Objects.requireNonNull(sensor, "sensor");
      plans = Set.copyOf(plans);
      kills = List.copyOf(kills);
    }

    @Override
    public long given() {
      return count;
    }

    @Override
    public boolean has(String name, long index) {
      return name.equals(sensor) && index >= 0 && index < count;
    }
  }

  /**
   * A live sensor. What is missing must have been shed, or was under way on its own node when that
   * was killed.
   *
   * @param journal times of all readings by sensor, see {@link Journal#read}
   */
  record Live(
      StreamName stream,
      Map<String, long[]> journal,
      int bytes,
      Set<Set<String>> plans,
      List<Long> kills)
      implements Expected {
    public Live {
      Objects.requireNonNull(stream, "stream");
      plans = Set.copyOf(plans);
      journal = Map.copyOf(journal);
      kills = List.copyOf(kills);
    }

    @Override
    public long given() {
      return journal.values().stream().mapToLong(times -> times.length).sum();
    }

    @Override
    public boolean has(String name, long index) {
      var times = journal.get(name);
      return times != null && index >= 0 && index < times.length;
    }
  }
}
