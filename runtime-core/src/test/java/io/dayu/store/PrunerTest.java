package io.dayu.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.dayu.testkit.LocalPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrunerTest {
  private static final Instant T0 = Instant.parse("2026-11-29T12:00:00Z");

  @Nested
  class InAFile extends PrunerContract {
    @TempDir Path dir;

    @Override
    JdbcResultStore create() {
      return JdbcResultStore.openFile(dir.resolve("results.db"), 300);
    }
  }

  /** Only where a server is installed, which ./test sees to. */
  @Nested
  class OnPostgres extends PrunerContract {
    private static LocalPostgres postgres;
    private static int databases;

    @BeforeAll
    static void start() {
      assumeTrue(LocalPostgres.installed(), "Debian's package postgresql is not installed");
      postgres = LocalPostgres.start();
    }

    @AfterAll
    static void stop() {
      if (postgres != null) postgres.close();
    }

    @Override
    JdbcResultStore create() {
      var url = postgres.create("pruned" + ++databases);
      return JdbcResultStore.open(JdbcResultStore.pool(url, postgres.user(), ""), 300);
    }
  }

  @TempDir Path dir;

  @Test
  void spaceOfWhatWasPrunedIsUsedAgain() throws Exception {
    var file = dir.resolve("results.db");
    long atFirst;
    try (var store = JdbcResultStore.openFile(file, 1)) {
      var pruner = store.pruner(new Pruner.Limits(Duration.ofDays(1), 20_000, Long.MAX_VALUE));
      store(store, pruner, 0, 40_000);
    }
    atFirst = Files.size(file); // the log is in it once it is closed
    try (var store = JdbcResultStore.openFile(file, 1)) {
      var pruner = store.pruner(new Pruner.Limits(Duration.ofDays(1), 20_000, Long.MAX_VALUE));
      store(store, pruner, 40_000, 160_000);
      assertThat(store.page("a", Optional.empty(), 1).items())
          .isEqualTo(Results.range("a/cam", 140_000, 140_001));
    }
    assertThat(Files.size(file)).isLessThan(atFirst * 11 / 10);
  }

  private static void store(JdbcResultStore store, Pruner pruner, long from, long to) {
    for (long seq = from; seq < to; seq += 1_000) {
      store.store(Results.range("a/cam", seq, seq + 1_000));
      while (pruner.work(T0, Map.of()).isPresent()) {
        // There is more to be pruned.
      }
    }
  }

  /** A disk that is full, say: it would be tried again and again. */
  @Test
  void aTurnThatFailsIsOverAndTheNextOneLooksAgain() {
    var pool = SqliteFile.pool(dir.resolve("results.db"), "results");
    try (var store = JdbcResultStore.open(pool, 1)) {
      store.store(Results.range("a/cam", 0, 100));
      store.store(Results.range("b/cam", 0, 100));
      while (store
          .pruner(new Pruner.Limits(Duration.ofDays(1), 50, Long.MAX_VALUE))
          .work(T0, Map.of())
          .isPresent()) {
        // There is more to be pruned.
      }
      var tried = new ArrayList<String>();
      var pruner =
          new Pruner(
              new Database(pool),
              (what, work) -> {
                tried.add(what);
                throw new StoreException(what + ": the disk is full", true, null);
              },
              new Pruner.Limits(Duration.ofDays(1), 10, Long.MAX_VALUE));

      for (int turn = 1; turn <= 3; turn++) {
        assertThatThrownBy(() -> pruner.work(T0, Map.of()))
            .isInstanceOf(StoreException.class)
            .hasMessageContaining("the disk is full");
        assertThat(tried).hasSize(turn).allMatch(what -> what.startsWith("prune results of "));
      }
      assertThat(store.page("a", Optional.empty(), 100).items()).hasSize(50);
    }
  }

  @Test
  void whatIsKnownOfNumbersIsWhatWasStoredInAnyOrder() {
    var random = new Random(7);
    try (var pool = SqliteFile.pool(dir.resolve("numbers.db"), "numbers");
        var database = new Database(pool)) {
      Schema.migrate(pool, List.of(new Schema("results")));
      var all = new HashMap<Long, Boolean>();
      for (int time = 0; time < 40; time++) {
        var some = new TreeMap<Long, Boolean>();
        long from = random.nextInt(5 * PrunedNumbers.BLOCK);
        boolean gaps = random.nextBoolean();
        for (long seq = from; seq < from + 3_000; seq++)
          if (!all.containsKey(seq) && (!gaps || random.nextInt(3) > 0))
            some.put(seq, random.nextInt(2_000) > 0);
        all.putAll(some);
        database.read(
            "add",
            session -> {
              PrunedNumbers.add(session, 1, some);
              return true;
            });
      }
      var asked = new ArrayList<Long>();
      for (long seq = 0; seq < 8L * PrunedNumbers.BLOCK; seq++) asked.add(seq);
      var found = new HashMap<Long, Boolean>();
      var ofAnother = new HashMap<Long, Boolean>();
      database.read(
          "look up",
          session -> {
            PrunedNumbers.outcomes(session, 1, asked, found);
            PrunedNumbers.outcomes(session, 2, asked, ofAnother);
            return true;
          });
      assertThat(found).isEqualTo(all);
      assertThat(ofAnother).isEmpty();
    }
  }

  @Test
  void aStreamWithoutGapsTakesOneRowForAllItsNumbers() {
    try (var pool = SqliteFile.pool(dir.resolve("numbers.db"), "numbers");
        var database = new Database(pool)) {
      Schema.migrate(pool, List.of(new Schema("results")));
      long count =
          database.read(
              "add",
              session -> {
                for (long from = 0; from < 100L * PrunedNumbers.BLOCK; from += 1_024) {
                  var some = new TreeMap<Long, Boolean>();
                  for (long seq = from; seq < from + 1_024; seq++) some.put(seq, true);
                  PrunedNumbers.add(session, 1, some);
                }
                try (var rows =
                    session.prepare("SELECT COUNT(*) FROM dayu_pruned").executeQuery()) {
                  rows.next();
                  return rows.getLong(1);
                }
              });
      assertThat(count).isEqualTo(1);
    }
  }
}
