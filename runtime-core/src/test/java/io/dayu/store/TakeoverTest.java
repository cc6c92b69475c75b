package io.dayu.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import com.google.protobuf.ByteString;
import io.dayu.element.Media;
import io.dayu.link.Logs;
import io.dayu.pipeline.StreamName;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data as release 0.1 has stored it; that of a whole node is in cloud-node's tests. */
class TakeoverTest {
  private static final long PIPELINE = 3L << 40; // places of the pipeline with the id 3

  @TempDir Path dir;

  @Test
  void whatWasStoredIsThereAndTheOldFileStaysAsItIs() throws Exception {
    var stored = new ArrayList<StoredResult>();
    try (var old = old()) {
      old.setAutoCommit(false);
      for (int seq = 0; seq < 5_000; seq++) {
        var result = seq % 7 == 0 ? Results.failed("a/cam", seq) : Results.delivered("a/cam", seq);
        insert(old, seq, result);
        stored.add(result);
      }
      frame(old, 4_999, new byte[2 << 20]);
      old.commit();
    }
    var bytes = Files.readAllBytes(oldFile());
    try (var logs = Logs.of(Takeover.class)) {
      Takeover.results(oldFile(), file());
      assertThat(logs.has(Level.INFO, "All 5000 rows of dayu_results")).isTrue();
    }
    assertThat(oldFile()).hasBinaryContent(bytes);
    try (var files = Files.list(dir)) {
      assertThat(files).containsExactlyInAnyOrder(oldFile(), file());
    }
    try (var store = JdbcResultStore.openFile(file(), 1)) {
      assertThat(store.page("a", Optional.empty(), 10_000).items()).isEqualTo(stored);
      assertThat(store.store(stored.subList(4_000, 5_000))).isEmpty();
      assertThat(store.frame(StreamName.parse("a/cam"), 4_999)).isPresent();
      assertThat(store.highestSeq(StreamName.parse("a/cam"))).isEqualTo(4_999);
      var next = Results.range("a/cam", 5_000, 5_010);
      assertThat(store.store(next)).isEqualTo(next);
    }
    Takeover.results(oldFile(), file());
    try (var store = JdbcResultStore.openFile(file(), 1)) {
      assertThat(store.page("a", Optional.empty(), 10_000).items()).hasSize(5_010);
    }
  }

  @Test
  void anAttemptThatDiedIsBegunAnew() throws Exception {
    try (var old = old()) {
      insert(old, 0, Results.delivered("a/cam", 0));
    }
    var half = dir.resolve("results.db.new");
    try (var store = JdbcResultStore.openFile(half, 1)) {
      store.store(Results.range("a/cam", 0, 10));
    }
    Files.write(dir.resolve("results.db.new-wal"), new byte[100]);
    Takeover.results(oldFile(), file());
    try (var store = JdbcResultStore.openFile(file(), 1)) {
      assertThat(store.page("a", Optional.empty(), 100).items()).hasSize(1);
    }
  }

  /** A killed node may leave rows of a transaction that it has not committed. */
  @Test
  void whatWasNotCommittedIsNotTakenOver() throws Exception {
    try (var old = old()) {
      insert(old, 0, Results.delivered("a/cam", 0));
      old.setAutoCommit(false);
      for (int seq = 1; seq < 3_000; seq++) insert(old, seq, Results.delivered("a/cam", seq));
      try (var flush = DriverManager.getConnection(url(), "sa", "")) {
        flush.createStatement().execute("CREATE TABLE other (n INT)"); // writes all to the file
      }
      Files.copy(oldFile(), dir.resolve("killed.mv.db"));
    }
    assertThat(Files.size(dir.resolve("killed.mv.db"))).as("they are there").isGreaterThan(200_000);
    Takeover.results(dir.resolve("killed.mv.db"), file());
    try (var store = JdbcResultStore.openFile(file(), 1)) {
      assertThat(store.page("a", Optional.empty(), 10_000).items()).hasSize(1);
    }
  }

  @Test
  void aDamagedOrForeignFileIsToldAndNothingIsLeft() throws Exception {
    Files.write(oldFile(), new byte[10_000]);
    refused(oldFile().toString());
    Files.delete(oldFile());
    try (var theirs = DriverManager.getConnection(url(), "sa", "")) {
      theirs.createStatement().execute("CREATE TABLE theirs (n INT)");
    }
    refused("DAYU_PIPELINES");
  }

  @Test
  void oneThatIsOpenElsewhereIsToldAsThat() throws Exception {
    old().close();
    // H2 takes this lock itself; within one process it would share the database.
    try (var channel = FileChannel.open(oldFile(), StandardOpenOption.WRITE);
        var lock = channel.lock()) {
      assertThat(lock.isValid()).isTrue();
      refused("another process has it open");
    }
  }

  @Test
  void nothingIsMadeWhereThereIsNothing() {
    Takeover.results(oldFile(), file());
    assertThat(file()).doesNotExist();
  }

  private void refused(String why) throws IOException {
    assertThatThrownBy(() -> Takeover.results(oldFile(), file()))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll("take over " + oldFile(), why);
    try (var files = Files.list(dir)) {
      assertThat(files).doesNotContain(file()).noneMatch(f -> f.toString().contains(".new"));
    }
  }

  private Path oldFile() {
    return dir.resolve("store.mv.db");
  }

  private Path file() {
    return dir.resolve("results.db");
  }

  private String url() {
    return "jdbc:h2:" + dir.resolve("store") + ";WRITE_DELAY=0;MAX_LENGTH_INPLACE_LOB=65536";
  }

  /** With one pipeline and one stream. */
  private Connection old() throws SQLException, IOException {
    var connection = DriverManager.getConnection(url(), "sa", "");
    try (var script = getClass().getResourceAsStream("/release-0.1/results.sql");
        var statement = connection.createStatement()) {
      statement.execute(new String(script.readAllBytes(), StandardCharsets.UTF_8));
      statement.execute("INSERT INTO dayu_pipelines VALUES (3, 'a', 5000)");
      statement.execute("INSERT INTO dayu_streams VALUES (4, 'a/cam', 3, 4999, 4285, 715)");
    }
    return connection;
  }

  private static void insert(Connection old, int seq, StoredResult result) throws SQLException {
    try (var insert =
        old.prepareStatement("INSERT INTO dayu_results VALUES (?, 4, ?, ?, FALSE, ?)")) {
      insert.setLong(1, PIPELINE + seq + 1);
      insert.setLong(2, seq);
      insert.setInt(3, result.element().hasEnding() ? 1 : 0);
      insert.setBytes(4, result.element().toByteArray());
      insert.executeUpdate();
    }
  }

  private static void frame(Connection old, long seq, byte[] bytes) throws SQLException {
    try (var insert = old.prepareStatement("INSERT INTO dayu_frames VALUES (4, ?, ?)")) {
      var media = Media.newBuilder().setOpaque(ByteString.copyFrom(bytes)).build().toByteArray();
      insert.setLong(1, seq);
      insert.setBinaryStream(2, new ByteArrayInputStream(media), media.length);
      insert.executeUpdate();
    }
  }
}
