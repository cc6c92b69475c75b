package io.dayu.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriterTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final long MIB = 1 << 20;

  private record Number(int value, long bytes) implements Writer.Change {
    @Override
    public String what() {
      return "write " + value;
    }
  }

  @TempDir Path dir;
  private final List<Integer> sizes =
      new ArrayList<>(); // of transactions; written by one at a time
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch proceed = new CountDownLatch(1);
  private Database database;
  private Writer<Number> writer;

  @BeforeEach
  void open() {
    database = new Database(SqliteFile.pool(dir.resolve("numbers.db"), "numbers"));
    writer =
        new Writer<>(
            database,
            (session, numbers) -> {
              sizes.add(numbers.size());
              begun.countDown();
              try {
                proceed.await();
              } catch (InterruptedException e) {
                throw new SQLException(e);
              }
              session
                  .connection()
                  .createStatement()
                  .execute("CREATE TABLE IF NOT EXISTS n (n INT CHECK (n <> 7))");
              var insert = session.prepare("INSERT INTO n VALUES (?)");
              for (var number : numbers) {
                insert.setInt(1, number.value());
                insert.addBatch();
              }
              insert.executeBatch();
            });
  }

  @AfterEach
  void close() {
    proceed.countDown();
    database.refuse();
    writer.close();
    database.close();
  }

  @Test
  void whatComesWhileOneWritesIsWrittenTogether() throws Exception {
    var first = write(0, 1);
    begun.await();
    var others = new ArrayList<CompletableFuture<Void>>();
    for (int i = 1; i <= 6; i++) others.add(write(i, 1));
    proceed.countDown();
    first.join();
    others.forEach(CompletableFuture::join);
    assertThat(sizes).containsExactly(1, 6);
    assertThat(numbers()).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6);
  }

  @Test
  void aTransactionIsBoundedByItsBytesAndWhoComesFirstIsWrittenFirst() throws Exception {
    var all = new ArrayList<>(List.of(write(0, 1)));
    begun.await();
    for (int i = 1; i <= 4; i++) all.add(write(i, 3 * MIB));
    all.add(write(5, 100 * MIB));
    proceed.countDown();
    all.forEach(CompletableFuture::join);
    assertThat(sizes).containsExactly(1, 2, 2, 1);
    assertThat(numbers()).containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void oneThatIsRefusedDoesNoHarmToTheOthers() throws Exception {
    var first = write(0, 1);
    begun.await();
    var six = write(6, 1);
    var seven = write(7, 1);
    var eight = write(8, 1);
    proceed.countDown();
    first.join();
    six.join();
    eight.join();
    assertThatThrownBy(seven::join)
        .cause()
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("write 7: the database refuses it");
    assertThat(numbers()).containsExactly(0, 6, 8);
  }

  @Test
  void whatIsWrittenWhenItIsClosedIsWrittenAndNothingAfterwards() throws Exception {
    var first = write(0, 1);
    begun.await();
    database.refuse();
    assertThatThrownBy(() -> writer.write(new Number(1, 1)))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("closed");
    proceed.countDown();
    writer.close();
    assertThat(first).succeedsWithin(SOON);
  }

  /** Returns once the change is being written, or waits to be. */
  private CompletableFuture<Void> write(int value, long bytes) {
    var done = new CompletableFuture<Void>();
    var thread =
        new Thread(
            () -> {
              try {
                writer.write(new Number(value, bytes));
                done.complete(null);
              } catch (RuntimeException e) {
                done.completeExceptionally(e);
              }
            });
    thread.start();
    Awaitility.await().atMost(SOON).until(() -> thread.getState() == Thread.State.WAITING);
    return done;
  }

  private List<Integer> numbers() {
    return database.read(
        "read",
        session -> {
          var numbers = new ArrayList<Integer>();
          try (var rows = session.prepare("SELECT n FROM n ORDER BY rowid").executeQuery()) {
            while (rows.next()) numbers.add(rows.getInt(1));
          }
          return numbers;
        });
  }
}
