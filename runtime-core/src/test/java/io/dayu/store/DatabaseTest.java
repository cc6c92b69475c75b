package io.dayu.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

class DatabaseTest {
  private interface Attempt {
    Connection connect() throws Exception;
  }

  private final BlockingQueue<Attempt> attempts = new LinkedBlockingQueue<>();
  private final Database database =
      new Database(
          (DataSource)
              Proxy.newProxyInstance(
                  getClass().getClassLoader(),
                  new Class<?>[] {DataSource.class},
                  (proxy, method, arguments) -> attempts.remove().connect()));

  @Test
  void whileNoConnectionCanBeHadOneCallWaitsAndTheOthersFailAtOnce() throws Exception {
    var waiting = new CompletableFuture<Void>();
    var back = new CompletableFuture<Connection>();
    attempts.add(
        () -> {
          throw new SQLException("connection refused", "08001");
        });
    attempts.add(
        () -> {
          waiting.complete(null);
          return back.get(30, TimeUnit.SECONDS);
        });
    assertThatThrownBy(this::work).hasMessageContaining("connection refused");

    var first = CompletableFuture.supplyAsync(this::work);
    waiting.get(30, TimeUnit.SECONDS);
    // The source has nothing more to give: whoever asked it would fail in another way.
    assertThatThrownBy(this::work)
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.retryable()).as("retryable").isTrue())
        .hasMessageContaining("connection refused");

    back.complete(connection());
    assertThat(first.get(30, TimeUnit.SECONDS)).isEqualTo("done");
    attempts.add(DatabaseTest::connection);
    assertThat(work()).isEqualTo("done");
  }

  private String work() {
    return database.read("work", session -> "done");
  }

  private static Connection connection() throws SQLException {
    return DriverManager.getConnection("jdbc:sqlite::memory:");
  }
}
