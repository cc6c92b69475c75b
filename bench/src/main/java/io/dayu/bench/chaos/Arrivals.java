package io.dayu.bench.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.client.ApiClient;
import io.dayu.console.UserException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Notes when the results of one pipeline come, repeated ones as well. It listens to every cloud
 * node, each on a thread of its own, since any of them may die. A connection that breaks is opened
 * again at once.
 */
public final class Arrivals implements AutoCloseable {
  private static final long AGAIN_MS = 100;

  /**
   * A result that came.
   *
   * @param nodes that worked on it
   */
  public record Arrival(Instant at, Instant createdAt, int attempt, Set<String> nodes) {}

  private final List<Arrival> arrivals = new ArrayList<>(); // guarded by this
  private final List<Thread> threads;
  private volatile boolean closed;

  private Arrivals(List<ApiClient> clouds, String pipeline) {
    threads = clouds.stream().map(api -> listener(api, pipeline)).toList();
  }

  public static Arrivals of(List<ApiClient> clouds, String pipeline) {
    var arrivals = new Arrivals(clouds, pipeline);
    arrivals.threads.forEach(Thread::start);
    return arrivals;
  }

  private Thread listener(ApiClient api, String pipeline) {
    var thread = new Thread(() -> listen(api, pipeline), "arrivals-" + pipeline);
    thread.setDaemon(true);
    return thread;
  }

  private void listen(ApiClient api, String pipeline) {
    while (!closed) {
      try {
        api.events("pipelines/" + pipeline + "/results/stream", this::note);
      } catch (UserException broken) {
        if (closed) return;
      }
      try {
        Thread.sleep(AGAIN_MS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private synchronized void note(JsonNode result) {
    var nodes = new TreeSet<String>();
    result.path("trace").forEach(hop -> nodes.add(hop.path("node").asText()));
    arrivals.add(
        new Arrival(
            Instant.now(),
            Instant.parse(result.path("createdAt").asText()),
            result.path("attempt").asInt(),
            nodes));
  }

  /**
   * The longest time between two results that overlaps [from, until]; empty if there is none,
   * because nothing came after {@code from}.
   */
  public synchronized Optional<Duration> longestGap(Instant from, Instant until) {
    return longestGap(arrivals.stream().map(Arrival::at).toList(), from, until);
  }

  static Optional<Duration> longestGap(List<Instant> times, Instant from, Instant until) {
    var longest = Optional.<Duration>empty();
    for (int i = 1; i < times.size(); i++) {
      var begin = times.get(i - 1);
      var end = times.get(i);
      if (end.isBefore(from) || begin.isAfter(until)) continue;
      var gap = Duration.between(begin, end);
      if (longest.isEmpty() || gap.compareTo(longest.get()) > 0) longest = Optional.of(gap);
    }
    return longest;
  }

  /** The first such result. */
  public synchronized Optional<Arrival> first(Predicate<Arrival> wanted) {
    return arrivals.stream().filter(wanted).findFirst();
  }

  @Override
  public void close() {
    closed = true;
    threads.forEach(Thread::interrupt);
  }
}
