package io.dayu.realise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariDataSource;
import io.dayu.pipeline.StreamName;
import io.dayu.store.JdbcResultStore;
import io.dayu.store.Schema;
import io.dayu.store.StoreException;
import io.dayu.testkit.LocalPostgres;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class JdbcDecisionLogTest extends DecisionLogContract {
  private JdbcConnectionPool pool;
  private ExecutorService blocking;
  private DecisionLog log;

  @BeforeEach
  void open() {
    pool =
        JdbcConnectionPool.create(
            "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1", "sa", "");
    Schema.migrate(pool, List.of(JdbcDecisionLog.SCHEMA));
    blocking = Executors.newFixedThreadPool(2);
    log = new JdbcDecisionLog(pool, blocking, KEPT);
  }

  @AfterEach
  void close() {
    blocking.shutdownNow();
    pool.dispose();
  }

  @Override
  DecisionLog log() {
    return log;
  }

  @Test
  void aSecondLogOnTheSameDatabaseFindsWhatTheFirstKept() throws Exception {
    get(log.append(decision(StreamName.parse("crossing/cam"), 1), ""));
    DataSource same = pool;
    assertThat(
            get(new JdbcDecisionLog(same, blocking, KEPT).latest(StreamName.parse("crossing/cam"))))
        .isPresent();
  }

  @Test
  void aDatabaseThatIsAwayFailsTheStageAndNotTheCaller() throws Exception {
    var absent =
        JdbcConnectionPool.create("jdbc:h2:mem:" + UUID.randomUUID() + ";IFEXISTS=TRUE", "sa", "");
    var away = new JdbcDecisionLog(absent, blocking, KEPT);
    assertThatThrownBy(() -> get(away.latest(StreamName.parse("crossing/cam"))))
        .hasCauseInstanceOf(StoreException.class)
        .hasMessageContaining("check that the database is reachable");
    absent.dispose();
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
