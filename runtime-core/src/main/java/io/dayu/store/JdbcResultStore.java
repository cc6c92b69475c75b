package io.dayu.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool.PoolInitializationException;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.pipeline.StreamName;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.sql.DataSource;

/**
 * Results in a relational database: SQLite in a file of the node, or PostgreSQL shared by several
 * cloud nodes.
 *
 * <p><b>Which rows are new.</b> A transaction locks the row of its pipeline, so nobody else stores
 * results of it meanwhile; what is above the stream's highest seq is new, the few others are looked
 * up by range, and only new rows are inserted. The lock also gives out places in the order of
 * commits, which is why a reader's cursor can never pass a result that is stored later. SQLite has
 * one writer, and needs no lock.
 *
 * <p><b>Commits.</b> Calls that wait are written together, see {@link Writer}: they are looked up,
 * inserted and counted as one batch would be. What is stored is encoded in the caller's thread
 * before.
 *
 * <p><b>Durability.</b> Every commit is forced to the disk before {@code store} returns, so results
 * survive the death of the process and of the machine; PostgreSQL does so unless its administrator
 * decides otherwise. On a full disk a call fails, and nothing of it is stored.
 *
 * <p>Frames are removed above the number to keep per stream, and with their results, which a {@link
 * Pruner} removes.
 */
public final class JdbcResultStore implements ResultStore {
  public static final int DEFAULT_FRAMES_PER_STREAM = 300;

  static final Schema SCHEMA = new Schema("results");

  private final Database database;
  private final FrameStore frames;
  private final ResultTable results = new ResultTable();
  private final StreamTable streams;
  private final Writer<Change> writer;

  private JdbcResultStore(DataSource source, int framesPerStream) {
    this.database = new Database(source);
    this.frames = new FrameStore(framesPerStream);
    this.streams = new StreamTable(database);
    this.writer = new Writer<>(database, this::write);
  }

  /**
   * A store on any data source of SQLite or PostgreSQL; brings its tables to this release, see
   * {@link Schema#migrate}. Closing the store closes {@code source} if it can be closed, which also
   * happens when this throws.
   *
   * @param framesPerStream how many of the newest payloads are kept, at least 1
   * @param others tables beside the store's own; all are brought to this release, or none
   */
  public static JdbcResultStore open(DataSource source, int framesPerStream, Schema... others) {
    var store = new JdbcResultStore(source, framesPerStream);
    try {
      Schema.migrate(source, Stream.concat(Stream.of(SCHEMA), Stream.of(others)).toList());
      return store;
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  /** A store in the SQLite file and those beside it; missing directories are made. */
  public static JdbcResultStore openFile(Path file, int framesPerStream) {
    return open(SqliteFile.pool(file, "dayu-results"), framesPerStream);
  }

  /**
   * Properties of a connection to PostgreSQL; those in the URL stand above them. Seconds, so that a
   * server that is gone without closing the connection is noticed.
   */
  public static final Map<String, String> POSTGRES_DEFAULTS =
      Map.of(
          "ApplicationName", "dayu",
          "connectTimeout", "5",
          "socketTimeout", "20",
          "tcpKeepAlive", "true",
          "reWriteBatchedInserts", "true");

  public static final String POSTGRES_DRIVER = "org.postgresql.Driver";

  /**
   * Connections to PostgreSQL as the store needs them; that in a file has its own, see {@link
   * #openFile}.
   *
   * @throws StoreException if there is no connection, or {@code url} is of another database
   */
  public static HikariDataSource pool(String url, String user, String password) {
    var config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setDriverClassName(POSTGRES_DRIVER);
    config.setUsername(user);
    config.setPassword(password);
    config.setPoolName("dayu-results");
    config.setMaximumPoolSize(4);
    config.setAutoCommit(false);
    POSTGRES_DEFAULTS.forEach(config::addDataSourceProperty);
    // Every wait for a connection restarts the pool's back-off, so with short waits a database
    // that is back is found soon. A pool without a minimum size has no back-off of its own.
    config.setConnectionTimeout(2_000);
    config.setMinimumIdle(0);
    try {
      return new HikariDataSource(config);
    } catch (PoolInitializationException e) {
      throw cannotOpen(e.getCause() == null ? e : e.getCause());
    } catch (RuntimeException e) {
      // The driver does not take the URL, which the message has as it was written.
      throw cannotOpen(e);
    }
  }

  /** Without the cause: logs would show its message, in which a password may stand. */
  private static StoreException cannotOpen(Throwable cause) {
    return new StoreException(
        "open the result store: %s; check that PostgreSQL runs there and takes this user, password and database"
            .formatted(StoreAddress.redacted(String.valueOf(cause.getMessage()))),
        false,
        null);
  }

  /** What is written in one transaction with the changes of other callers. */
  private sealed interface Change extends Writer.Change {}

  private record Results(Map<StreamTable.Row, List<ResultTable.Candidate>> candidates, long bytes)
      implements Change {
    @Override
    public String what() {
      return "store results";
    }
  }

  private record Frame(StreamTable.Row stream, long seq, byte[] payload) implements Change {
    @Override
    public String what() {
      return "keep a frame of " + stream.stream();
    }

    @Override
    public long bytes() {
      return payload.length;
    }
  }

  private record NewStream(StreamName stream) implements Change {
    @Override
    public String what() {
      return "add stream " + stream;
    }

    @Override
    public long bytes() {
      return stream.toString().length();
    }
  }

  /** Something else in a transaction of its own. */
  private record Alone(String what, Pruner.Work work) implements Change {
    @Override
    public long bytes() {
      return 0;
    }

    @Override
    public boolean isAlone() {
      return true;
    }
  }

  /** What keeps the store within {@code limits} while it is told to work. */
  public Pruner pruner(Pruner.Limits limits) {
    return new Pruner(database, (what, work) -> write(new Alone(what, work)), limits);
  }

  @Override
  public List<StoredResult> store(List<StoredResult> batch) {
    if (batch.isEmpty()) return List.of();
    // By the text in the elements, so that a name is made of it once in a batch.
    var byStream = new LinkedHashMap<String, List<ResultTable.Candidate>>();
    long bytes = 0;
    for (var result : batch) {
      var element = result.element();
      var candidate = new ResultTable.Candidate(result, body(element));
      bytes += candidate.body().length;
      byStream.computeIfAbsent(element.getStream(), stream -> new ArrayList<>()).add(candidate);
    }
    var candidates = new LinkedHashMap<StreamTable.Row, List<ResultTable.Candidate>>();
    byStream.forEach(
        (stream, results) -> candidates.put(findOrAdd(StreamName.parse(stream)), results));
    write(new Results(candidates, bytes));
    return candidates.values().stream()
        .flatMap(List::stream)
        .filter(ResultTable.Candidate::isFresh)
        .map(ResultTable.Candidate::result)
        .toList();
  }

  private StreamTable.Row findOrAdd(StreamName stream) {
    var found = streams.find(stream);
    if (found.isPresent()) return found.get();
    write(new NewStream(stream));
    return streams
        .find(stream)
        .orElseThrow(
            () -> new StoreException("stream " + stream + " was added and is gone", true, null));
  }

  private void write(Change change) {
    try {
      writer.write(change);
    } catch (StoreException e) {
      streams.forget();
      throw e;
    }
  }

  /** Streams first, then results, which lock rows, and frames in an order that all nodes keep. */
  private void write(Session session, List<Change> changes) throws SQLException {
    if (changes.get(0) instanceof Alone alone) {
      alone.work().in(session);
      return;
    }
    var results = new LinkedHashMap<StreamTable.Row, List<ResultTable.Candidate>>();
    var kept = new TreeMap<Place, byte[]>();
    for (var change : changes) {
      if (change instanceof NewStream added) StreamTable.add(session, added.stream());
      else if (change instanceof Frame frame)
        kept.putIfAbsent(new Place(frame.stream().id(), frame.seq()), frame.payload());
      else if (change instanceof Results more)
        more.candidates()
            .forEach(
                (stream, candidates) ->
                    results.computeIfAbsent(stream, s -> new ArrayList<>()).addAll(candidates));
    }
    this.results.store(session, results);
    for (var frame : kept.entrySet())
      frames.keep(session, frame.getKey().stream(), frame.getKey().seq(), frame.getValue());
  }

  private record Place(int stream, long seq) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      return stream == other.stream
          ? Long.compare(seq, other.seq)
          : Integer.compare(stream, other.stream);
    }
  }

  @Override
  public ResultPage page(String pipeline, Optional<String> after, int limit) {
    if (limit < 1) throw new IllegalArgumentException("limit must be >= 1, was " + limit);
    var unused = after.map(ResultTable::place); // a wrong one is refused before anything is read
    return database.read(
        "read results of " + pipeline,
        session -> {
          var id = StreamTable.pipeline(session, pipeline);
          return id.isPresent()
              ? results.page(session, id.get(), after, limit)
              : new ResultPage(List.of(), Optional.empty());
        });
  }

  @Override
  public void keepFrame(StreamName stream, long seq, Media payload) {
    var bytes = payload.toByteArray();
    write(new Frame(findOrAdd(stream), seq, bytes));
  }

  @Override
  public Optional<Media> frame(StreamName stream, long seq) {
    return streams
        .find(stream)
        .flatMap(
            row ->
                database.read(
                    "read a frame of " + stream, session -> frames.find(session, row.id(), seq)));
  }

  @Override
  public Map<StreamName, Counts> counts(String pipeline) {
    return database.read(
        "count results of " + pipeline, session -> results.counts(session, pipeline));
  }

  @Override
  public Map<Long, Boolean> outcomes(StreamName stream, Collection<Long> seqs) {
    if (seqs.isEmpty()) return Map.of();
    return streams
        .find(stream)
        .map(
            row ->
                database.read(
                    "look up outcomes of " + stream,
                    session -> ResultTable.outcomes(session, row, new TreeSet<>(seqs))))
        .orElse(Map.of());
  }

  @Override
  public long highestSeq(StreamName stream) {
    return database.read(
        "look up the highest seq of " + stream, session -> ResultTable.highest(session, stream));
  }

  @Override
  public void close() {
    database.refuse();
    writer.close();
    database.close();
  }

  private static byte[] body(Element element) {
    return element.hasPayload()
        ? element.toBuilder().clearPayload().build().toByteArray()
        : element.toByteArray();
  }
}
