package io.dayu.bench.store;

import io.dayu.console.Progress;
import io.dayu.pipeline.StreamName;
import io.dayu.store.JdbcResultStore;
import io.dayu.store.Pruner;
import io.dayu.store.ResultStore;
import io.dayu.store.StoredResult;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntToLongFunction;
import java.util.stream.LongStream;

/**
 * Fills a new database with small results of many streams, as many in a commit as a node has under
 * load, and looks at what could depend on how many there are: the rate, pages of results, a
 * restart. One thread.
 */
final class FillBench {
  static final long FEWEST = 20_000; // a page of each kind is somewhere else then

  private static final String NAME = "filled";
  private static final int COMMIT = 1_000;
  private static final int ROUND = 16; // commits, made beforehand at a time
  private static final long MILLION = 1_000_000;
  private static final int TENTHS = 10;
  private static final int WARM_UP = 400_000;
  private static final int PAGES = 200; // of each kind
  private static final int PAGE = 100; // as many has one whose reader says nothing else
  private static final int CURSOR_RADIX = 36;

  /** As a cloud node has it, but nothing is pruned, however much is asked for. */
  private static final Pruner.Limits LIMITS =
      new Pruner.Limits(Duration.ofDays(30), Long.MAX_VALUE, Long.MAX_VALUE);

  private final Target target;
  private final Results results;
  private final Progress progress;

  /**
   * @param streams that have results at the same pace
   * @param bytes of an output of each result
   */
  FillBench(Target target, int streams, int bytes, Progress progress) {
    this.target = target;
    this.results = new Results(streams, bytes);
    this.progress = progress;
  }

  /**
   * @param rows at least {@link #FEWEST}; rounded down, so that every tenth has whole commits
   */
  FillReport run(long rows) throws IOException {
    warmUp();
    long commits = rows / COMMIT / TENTHS * TENTHS;
    long stored = commits * COMMIT;
    var usages = new TreeMap<Long, Usage>();
    var store = target.open(NAME);
    double closeSeconds;
    try {
      usages.putAll(fill(store, commits));
    } finally {
      long begun = System.nanoTime();
      store.close();
      closeSeconds = seconds(begun);
    }
    double bytesPerRow = (double) target.bytes(NAME) / stored;
    long begun = System.nanoTime();
    try (var again = target.open(NAME)) {
      double openSeconds = seconds(begun);
      begun = System.nanoTime();
      askAsANodeDoes(again, stored);
      var restart = new FillReport.Restart(closeSeconds, openSeconds, seconds(begun));
      progress.line(restart.text());
      long ends = ends(commits);
      return new FillReport(
          stored,
          results.streams(),
          at(usages, ends),
          at(usages, commits).minus(at(usages, commits - ends)),
          tenths(usages, commits),
          bytesPerRow,
          pages(again, stored),
          restart);
    }
  }

  /** The first million would be slow for no other reason than that nothing is compiled yet. */
  private void warmUp() throws IOException {
    progress.now("Warming up");
    try (var store = target.open("warm")) {
      var meter = new Meter(target);
      while (meter.total().rows() < WARM_UP) meter.store(store, round(meter.total().rows(), ROUND));
    }
    target.remove("warm");
  }

  /** Commits of the first and of the last rows, a million of them if there are two. */
  private static long ends(long commits) {
    return Math.min(MILLION / COMMIT, commits / 2);
  }

  /** What it has taken until so many commits: each tenth, and the border of either end. */
  private Map<Long, Usage> fill(ResultStore store, long commits) {
    var usages = new TreeMap<Long, Usage>();
    for (int tenth = 0; tenth <= TENTHS; tenth++) usages.put(commits / TENTHS * tenth, Usage.NONE);
    usages.put(ends(commits), Usage.NONE);
    usages.put(commits - ends(commits), Usage.NONE);
    var meter = new Meter(target);
    long done = 0;
    for (long border : List.copyOf(usages.tailMap(1L).keySet())) {
      while (done < border) {
        int count = (int) Math.min(ROUND, border - done);
        meter.store(store, round(done * COMMIT, count));
        done += count;
        progress.now(
            String.format(Locale.ROOT, "%,d of %,d rows", done * COMMIT, commits * COMMIT));
      }
      usages.put(border, meter.total());
      progress.line(
          String.format(
              Locale.ROOT,
              "%,d rows, %,.0f a second so far",
              done * COMMIT,
              meter.total().rowsPerSecond()));
    }
    return usages;
  }

  private static List<Usage> tenths(Map<Long, Usage> usages, long commits) {
    var tenths = new ArrayList<Usage>();
    long each = commits / TENTHS;
    for (long end = each; end <= commits; end += each)
      tenths.add(at(usages, end).minus(at(usages, end - each)));
    return tenths;
  }

  private static Usage at(Map<Long, Usage> usages, long commits) {
    return Objects.requireNonNull(usages.get(commits), "every border was noted");
  }

  private List<List<StoredResult>> round(long from, int commits) {
    return LongStream.range(0, commits)
        .mapToObj(i -> results.batch(from + i * COMMIT, COMMIT))
        .toList();
  }

  /** All that a cloud node and the streams' generators and distributors want to know at a start. */
  private void askAsANodeDoes(JdbcResultStore store, long stored) {
    var pruner = store.pruner(LIMITS);
    while (pruner.work(Instant.now(), Map.of()).isPresent()) {
      // It has more to do; a node would let it rest in between.
    }
    for (int i = 0; i < results.streams(); i++) {
      var stream = StreamName.parse(results.stream(i));
      long highest = store.highestSeq(stream);
      // What was sent and not acknowledged before is sent again.
      var again = LongStream.rangeClosed(Math.max(0, highest - PAGE), highest).boxed().toList();
      if (store.outcomes(stream, again).size() != again.size())
        throw new IllegalStateException("not all results of " + stream + " are there");
    }
    long counted =
        store.counts(Results.PIPELINE).values().stream()
            .mapToLong(ResultStore.Counts::delivered)
            .sum();
    if (counted != stored)
      throw new IllegalStateException(counted + " of " + stored + " results are there");
  }

  private List<FillReport.Pages> pages(ResultStore store, long stored) {
    var random = new Random(1);
    return List.of(
        pages("first", store, page -> (long) page * PAGE),
        pages("middle", store, page -> random.nextLong(stored / 4, stored * 3 / 4)),
        pages("last", store, page -> stored - (long) (page + 1) * PAGE));
  }

  /**
   * @param first the index of the first result of each page, by the number of the page
   */
  private FillReport.Pages pages(String where, ResultStore store, IntToLongFunction first) {
    var millis = new double[PAGES];
    for (int i = 0; i < PAGES; i++) {
      long index = first.applyAsLong(i);
      var after = cursor(store, index);
      long begun = System.nanoTime();
      var items = store.page(Results.PIPELINE, after, PAGE).items();
      millis[i] = seconds(begun) * 1_000;
      // In a commit results are in the order of their streams.
      if (items.size() != PAGE || Results.index(items.get(0).element()) / COMMIT != index / COMMIT)
        throw new IllegalStateException("the page at " + index + " has other results");
    }
    return FillReport.Pages.of(where, millis);
  }

  /**
   * Of the page that begins there. Cursors are numbers, one after the other in the order of
   * storing; to be given them all, one would have to read all pages. Each page is looked at.
   */
  private static Optional<String> cursor(ResultStore store, long index) {
    if (index == 0) return Optional.empty();
    var one = store.page(Results.PIPELINE, Optional.empty(), 1).next().orElseThrow();
    return Optional.of(Long.toString(Long.parseLong(one, CURSOR_RADIX) + index - 1, CURSOR_RADIX));
  }

  private static double seconds(long begunNanos) {
    return (System.nanoTime() - begunNanos) / 1e9;
  }
}
