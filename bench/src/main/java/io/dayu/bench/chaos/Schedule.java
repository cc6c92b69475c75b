package io.dayu.bench.chaos;

import io.dayu.bench.chaos.Fault.Victim;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is done to whom and when, all of it drawn from a seed before anything begins: the same seed,
 * duration, nodes and kinds give the same schedule. Every kind has its turn before one comes again;
 * at most {@link #AT_ONCE} faults last at the same time, on different nodes and at most one of them
 * on a cloud node, for a majority of these must live; pipelines are changed whatever is broken, one
 * change at a time each; all is healed before the end.
 *
 * @param faults in the order of their beginnings
 */
record Schedule(List<Planned> faults) {
  static final int AT_ONCE = 2;

  /** How many pipelines there are. */
  static final int PIPELINES = 4;

  /** Before the first fault and after the last. */
  static final Duration QUIET = Duration.ofSeconds(2);

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(500);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** No fault takes more of the run than this. */
  private static final int SHARE = 5;

  /**
   * @param at from the start of the run
   * @param rank of the node or pipeline among its kind, from 0
   */
  record Planned(Fault fault, int rank, Duration at, Duration lasting) {
    Planned {
      Objects.requireNonNull(fault, "fault");
      Objects.requireNonNull(at, "at");
      Objects.requireNonNull(lasting, "lasting");
    }

    Duration healed() {
      return at.plus(lasting);
    }

    private Duration over() {
      return healed().plus(fault.recovery());
    }
  }

  private record Target(Victim victim, int rank) {}

  Schedule {
    faults = List.copyOf(faults);
  }

  static Schedule draw(
      long seed, Duration duration, Collection<Fault> kinds, int clouds, int edges) {
    var random = new Random(seed);
    var deck = new ArrayList<Fault>();
    var faults = new ArrayList<Planned>();
    var busy = new HashMap<Target, Duration>(); // all cloud nodes are one
    var limit = duration.minus(QUIET);
    for (var at = QUIET; !kinds.isEmpty(); at = at.plus(pause(random))) {
      if (deck.isEmpty()) {
        deck.addAll(new TreeSet<>(kinds));
        Collections.shuffle(deck, random);
      }
      var fault = deck.remove(deck.size() - 1);
      int victims =
          switch (fault.victim()) {
            case CLOUD -> clouds;
            case EDGE -> edges;
            case PIPELINE -> PIPELINES;
          };
      var target = new Target(fault.victim(), random.nextInt(victims));
      var lasting = lasting(fault, duration, random);
      var place = fault.victim() == Victim.CLOUD ? new Target(Victim.CLOUD, 0) : target;
      at = later(at, busy.getOrDefault(place, Duration.ZERO));
      if (fault.victim() != Victim.PIPELINE) at = later(at, roomFrom(faults, at));
      var planned = new Planned(fault, target.rank(), at, lasting);
      if (planned.healed().compareTo(limit) > 0) break;
      faults.add(planned);
      busy.put(place, planned.over());
    }
    return new Schedule(faults);
  }

  private static Duration lasting(Fault fault, Duration duration, Random random) {
    long shortest = fault.shortest().toMillis();
    long longest =
        Math.max(shortest, Math.min(fault.longest().toMillis(), duration.toMillis() / SHARE));
    return Duration.ofMillis(shortest + random.nextInt((int) (longest - shortest) + 1));
  }

  private static Duration pause(Random random) {
    long span = LONGEST_PAUSE.minus(SHORTEST_PAUSE).toMillis();
    return SHORTEST_PAUSE.plusMillis(random.nextInt((int) span + 1));
  }

  /** When few enough last that another one may begin. */
  private static Duration roomFrom(List<Planned> faults, Duration at) {
    var ends =
        faults.stream()
            .filter(planned -> planned.fault().victim() != Victim.PIPELINE)
            .map(Planned::over)
            .filter(over -> over.compareTo(at) > 0)
            .sorted(Collections.reverseOrder())
            .toList();
    return ends.size() < AT_ONCE ? at : ends.get(AT_ONCE - 1);
  }

  private static Duration later(Duration a, Duration b) {
    return a.compareTo(b) > 0 ? a : b;
  }

  /** How often each kind occurs. */
  Map<Fault, Long> counts() {
    var counts = new TreeMap<Fault, Long>();
    faults.forEach(f -> counts.merge(f.fault(), 1L, Long::sum));
    return counts;
  }
}
