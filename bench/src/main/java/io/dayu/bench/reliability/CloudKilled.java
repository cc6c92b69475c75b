package io.dayu.bench.reliability;

import io.dayu.bench.chaos.Arrivals;
import io.dayu.bench.chaos.Fault;
import io.dayu.bench.truth.Load;
import io.dayu.bench.truth.Verdict;
import io.dayu.client.ApiClient;
import io.dayu.console.UserException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The cloud node that makes the decisions and distributes some of the streams is killed. All
 * streams are worked on by one edge; the new decisions that are waited for move them to another.
 */
final class CloudKilled implements Scenario {
  private static final int CLOUDS = 3;
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(3);
  private static final Duration LASTING = Duration.ofSeconds(100);
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** Distributors are spread evenly: of so many the first cloud node has some. */
  private static final int STREAMS = 6;

  private static final int RATE = 20;
  private static final Duration AGAIN = Duration.ofMillis(200);

  /** A stream with what comes of it. */
  private static final class Stream {
    private final Load load;
    private final Arrivals arrivals;
    private long before;
    private Optional<Instant> decided = Optional.empty();

    Stream(Load load, Arrivals arrivals) {
      this.load = load;
      this.arrivals = arrivals;
    }

    boolean delivered(Instant since) {
      return arrivals.first(a -> a.createdAt().isAfter(since)).isPresent();
    }

    Duration resumed(Instant killed) {
      return Duration.between(
          killed, arrivals.first(a -> a.createdAt().isAfter(killed)).orElseThrow().at());
    }

    /** Whether a newer decision than before the kill is in use. */
    boolean decided(ApiClient api) {
      if (decided.isEmpty() && load.decisionInUse(api) > before)
        decided = Optional.of(Instant.now());
      return decided.isPresent();
    }
  }

  @Override
  public String word() {
    return "cloud-killed";
  }

  @Override
  public String fault() {
    return "cloud node with singleton and shards killed (3 cloud nodes, PostgreSQL)";
  }

  @Override
  public String promise() {
    return "deliveries resume ≤ 20 s, edges never stop reading (longest pause ≤ 3 s); new decisions"
        + " ≤ 20 s";
  }

  @Override
  public Fault.Need need() {
    return Fault.Need.STORE;
  }

  @Override
  public Seen run(Context context) {
    return ScenarioRun.run(context, CLOUDS, false, true, LASTING, CloudKilled::run);
  }

  private static Seen run(ScenarioRun run) {
    var streams = new ArrayList<Stream>();
    try {
      for (int i = 1; i <= STREAMS; i++) streams.add(stream(run, "stream-" + i));
      for (var s : streams)
        run.testbed()
            .waiting()
            .until("waiting for " + s.load.name(), PATIENCE, () -> s.delivered(Instant.MIN));
      run.pass("as usual", Duration.ofSeconds(5));
      var distributors = shards(run, "Distributor");
      long orphaned =
          streams.stream()
              .filter(s -> distributors.contains(shard(s.load.stream().toString())))
              .count();
      if (orphaned == 0) throw new UserException(ScenarioRun.CLOUD + " distributes no stream");
      return killed(run, streams, orphaned);
    } finally {
      streams.forEach(s -> s.arrivals.close());
    }
  }

  private static Stream stream(ScenarioRun run, String name) {
    var load =
        Load.live(
            name,
            ScenarioRun.READER,
            everythingOn(ScenarioRun.READER),
            RATE,
            Instant.now().plus(LASTING),
            run.testbed().directory());
    run.testbed().submit(load);
    return new Stream(load, Arrivals.of(run.testbed().apis(), name));
  }

  private static Map<String, Object> everythingOn(String node) {
    var there = List.of(node);
    return Load.fixed(there, there, there, there);
  }

  private static Seen killed(ScenarioRun run, List<Stream> streams, long orphaned) {
    for (var s : streams) s.before = s.load.decisionInUse(run.api());
    run.testbed().kill(ScenarioRun.CLOUD);
    var killed = Instant.now();
    var changes =
        streams.stream()
            .map(s -> CompletableFuture.runAsync(() -> change(run.api(), s.load, killed)))
            .toList();
    run.testbed()
        .waiting()
        .until(
            "waiting for deliveries and new decisions",
            PATIENCE,
            () ->
                streams.stream().filter(s -> !s.decided(run.api())).count() == 0
                    && streams.stream().allMatch(s -> s.delivered(killed)));
    var until = Instant.now();
    changes.forEach(CompletableFuture::join);
    run.testbed().restart(ScenarioRun.CLOUD);
    var resumed = longest(streams.stream().map(s -> s.resumed(killed)).toList());
    var decided =
        longest(
            streams.stream().map(s -> Duration.between(killed, s.decided.orElseThrow())).toList());
    var verdict = run.verdict(run.stored());
    var pause = Duration.ZERO;
    for (var s : streams) {
      verdict = verdict.plus(run.verdict(s.load));
      pause = longest(List.of(pause, s.load.longestPause(killed, until)));
    }
    return seen(orphaned, streams.size(), resumed, decided, pause, verdict);
  }

  private static Seen seen(
      long orphaned, int streams, Duration resumed, Duration decided, Duration pause, Verdict v) {
    return Seen.of(
        ("%s of %s streams distributed by it; all delivered again after %s ms, all on a new decision"
                + " after %s ms; longest pause of a source %s ms, %s shed")
            .formatted(
                orphaned,
                streams,
                resumed.toMillis(),
                decided.toMillis(),
                pause.toMillis(),
                v.ledger().shed()),
        resumed.compareTo(LIMIT) <= 0
            && decided.compareTo(LIMIT) <= 0
            && pause.compareTo(LONGEST_PAUSE) <= 0,
        v);
  }

  /** Moves a stream, as soon as the cloud takes it. */
  private static void change(ApiClient api, Load load, Instant killed) {
    while (true) {
      try {
        load.change(api, everythingOn(ScenarioRun.OTHER));
        return;
      } catch (UserException notYet) {
        if (Duration.between(killed, Instant.now()).compareTo(PATIENCE) > 0) throw notYet;
      }
      try {
        Thread.sleep(AGAIN.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new UserException("interrupted", e);
      }
    }
  }

  private static Duration longest(List<Duration> times) {
    return times.stream().max(Duration::compareTo).orElseThrow();
  }

  /** The shards that {@link ScenarioRun#CLOUD} has. */
  private static List<String> shards(ScenarioRun run, String type) {
    var shards = new ArrayList<String>();
    run.testbed()
        .management(ScenarioRun.CLOUD)
        .get("/cluster/shards/" + type)
        .path("regions")
        .forEach(region -> shards.add(region.path("shardId").asText()));
    return shards;
  }

  /** As sharding computes it. */
  private static String shard(String entity) {
    return Integer.toString(Math.abs(entity.hashCode() % 1_000));
  }
}
