package io.dayu.realise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariDataSource;
import io.dayu.pipeline.StreamName;
import io.dayu.store.JdbcResultStore;
import io.dayu.store.Schema;
import io.dayu.store.SqliteFile;
import io.dayu.store.StoreException;
import io.dayu.testkit.LocalPostgres;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JdbcDecisionLogTest extends DecisionLogContract {
  @TempDir Path dir;
  private HikariDataSource pool;
  private ExecutorService blocking;
  private DecisionLog log;

  @BeforeEach
  void open() {
    pool = SqliteFile.pool(dir.resolve("control.db"), "decisions");
    Schema.migrate(pool, List.of(JdbcDecisionLog.SCHEMA));
    blocking = Executors.newFixedThreadPool(2);
    log = new JdbcDecisionLog(pool, blocking, KEPT);
  }

  @AfterEach
  void close() {
    blocking.shutdownNow();
    pool.close();
  }

  @Override
  DecisionLog log() {
    return log;
  }

  @Test
  void aSecondLogOnTheSameDatabaseFindsWhatTheFirstKept() throws Exception {
    get(log.append(decision(StreamName.parse("crossing/cam"), 1), ""));
    assertThat(
            get(new JdbcDecisionLog(pool, blocking, KEPT).latest(StreamName.parse("crossing/cam"))))
        .isPresent();
  }

  @Test
  void aDatabaseThatIsAwayFailsTheStageAndNotTheCaller() {
    pool.close();
    assertThatThrownBy(() -> get(log.latest(StreamName.parse("crossing/cam"))))
        .hasCauseInstanceOf(StoreException.class)
        .hasMessageContaining("check that the database is reachable");
  }

  @Test
  void aFullExecutorFailsTheStageAndNotTheCaller() {
    blocking.shutdown();
    var stage = log.append(decision(StreamName.parse("crossing/cam"), 1), "");
    assertThat(stage.toCompletableFuture()).isCompletedExceptionally();
  }

  /** Only where a server is installed, which ./test sees to. */
  @Nested
  class OnPostgres extends DecisionLogContract {
    private static LocalPostgres postgres;
    private static int databases;
    private final ExecutorService threads = Executors.newFixedThreadPool(2);
    private HikariDataSource pool;
    private DecisionLog log;

    @BeforeAll
    static void start() {
      assumeTrue(LocalPostgres.installed(), "Debian's package postgresql is not installed");
      postgres = LocalPostgres.start();
    }

    @AfterAll
    static void stop() {
      if (postgres != null) postgres.close();
    }

    @BeforeEach
    void open() {
      var url = postgres.create("decisions" + ++databases);
      pool = JdbcResultStore.pool(url, postgres.user(), "");
      Schema.migrate(pool, List.of(JdbcDecisionLog.SCHEMA));
      log = new JdbcDecisionLog(pool, threads, KEPT);
    }

    @AfterEach
    void close() {
      threads.shutdownNow();
      pool.close();
    }

    @Override
    DecisionLog log() {
      return log;
    }
  }
}
