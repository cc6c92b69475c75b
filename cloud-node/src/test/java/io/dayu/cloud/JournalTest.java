package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.zaxxer.hikari.HikariDataSource;
import io.dayu.facts.Decision;
import io.dayu.member.PipelineEntity;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.realise.JdbcDecisionLog;
import io.dayu.side.SideSources;
import io.dayu.source.Knobs;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.SpawnProtocol;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.japi.function.Function;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pipelines in the file of a cloud node, by the persistence plug-in, which knows no SQLite. */
class JournalTest {
  /** For a busy machine. */
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @TempDir Path dir;
  private Path file;
  private HikariDataSource pool;
  private ActorSystem<SpawnProtocol.Command> system;

  @BeforeEach
  void start() {
    file = dir.resolve("control.db");
    pool = ControlFile.open(dir.resolve("none"), file);
    system = system(ControlFile.persistence(file));
  }

  @AfterEach
  void stop() throws Exception {
    terminate();
    pool.close();
  }

  @Test
  void aPipelineIsThereAfterARestartWithItsVersion() throws Exception {
    var crossing = entity("crossing");
    assertThat(get(submit(crossing, "crossing"))).isInstanceOf(PipelineEntity.Created.class);
    assertThat(version(get(submit(crossing, "crossing")))).isEqualTo(2);
    restart();
    crossing = entity("crossing");
    assertThat(version(get(ask(crossing, PipelineEntity.Get::new)))).isEqualTo(2);
    assertThat(get(ask(crossing, PipelineEntity.Delete::new)))
        .isInstanceOf(PipelineEntity.Deleted.class);
    restart();
    assertThat(get(ask(entity("crossing"), PipelineEntity.Get::new)))
        .isInstanceOf(PipelineEntity.Absent.class);
  }

  @Test
  void eventsAndSnapshotsBeforeTheLastTwoSnapshotsGo() throws Exception {
    var crossing = entity("crossing");
    for (int i = 1; i <= 105; i++)
      assertThat(version(get(submit(crossing, "crossing")))).isEqualTo(i);
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(number("SELECT count(*) FROM event_journal WHERE sequence_number < 60"))
                  .isZero();
              assertThat(number("SELECT count(*) FROM snapshot")).isBetween(2L, 3L);
            });
    restart();
    assertThat(version(get(ask(entity("crossing"), PipelineEntity.Get::new)))).isEqualTo(105);
  }

  @Test
  void pipelinesAndDecisionsAreWrittenAtTheSameTime() throws Exception {
    int changes = 65;
    var threads = Executors.newCachedThreadPool();
    try {
      var log = new JdbcDecisionLog(pool, threads, 10);
      var writers = new ArrayList<Future<?>>();
      for (int i = 0; i < 8; i++) {
        var name = "p" + i;
        var entity = entity(name);
        writers.add(
            threads.submit(
                () -> {
                  for (int v = 1; v <= changes; v++)
                    assertThat(version(get(submit(entity, name)))).isEqualTo(v);
                  return true;
                }));
        writers.add(
            threads.submit(
                () -> {
                  for (int v = 1; v <= changes; v++) get(log.append(decision(name, v), "{}"));
                  return true;
                }));
      }
      for (var writer : writers) writer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      assertThat(number("SELECT count(*) FROM decisions WHERE version = " + changes)).isEqualTo(8);
      // Deleted with the snapshot of the sixtieth; what fails would be tried again with the next.
      Awaitility.await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(
                          number("SELECT count(*) FROM event_journal WHERE sequence_number < 20"))
                      .isZero());
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void whatAFullDiskRefusesIsNotThereAndMoreIsStoredWhenThereIsRoom() throws Exception {
    terminate();
    system =
        system(
            ConfigFactory.parseMap(
                    Map.of(
                        "pekko-persistence-jdbc.shared-databases.slick.db.driver",
                        FullDisk.class.getName()))
                .withFallback(ControlFile.persistence(file)));
    var crossing = entity("crossing");
    assertThat(version(get(submit(crossing, "crossing")))).isEqualTo(1);
    long stored = 1;
    FullDisk.full = true;
    try {
      // The pages that were begun have room yet.
      while (isAnsweredSoon(submit(crossing, "crossing"))) stored++;
    } finally {
      FullDisk.full = false;
    }
    assertThat(number("SELECT max(sequence_number) FROM event_journal")).isEqualTo(stored);
    assertThat(version(get(ask(crossing, PipelineEntity.Get::new)))).isEqualTo(stored);
    assertThat(version(get(submit(crossing, "crossing")))).isEqualTo(stored + 1);
  }

  /** A driver whose files do not grow while {@link #full}. */
  public static final class FullDisk extends org.sqlite.JDBC {
    static volatile boolean full;

    @Override
    public Connection connect(String url, Properties info) throws SQLException {
      var connection = super.connect(url, info);
      if (full)
        try (var statement = connection.createStatement()) {
          statement.execute("PRAGMA max_page_count = 1");
        }
      return connection;
    }
  }

  private static ActorSystem<SpawnProtocol.Command> system(Config persistence) {
    return ActorSystem.create(
        SpawnProtocol.create(),
        "journal",
        ConfigFactory.parseString("pekko.actor.provider = local")
            .withFallback(persistence)
            .withFallback(ConfigFactory.parseResources("dayu-store.conf"))
            .withFallback(ConfigFactory.load()));
  }

  private void restart() throws Exception {
    terminate();
    system = system(ControlFile.persistence(file));
  }

  private void terminate() throws Exception {
    system.terminate();
    get(system.getWhenTerminated());
  }

  private ActorRef<PipelineEntity.Command> entity(String name) throws Exception {
    return get(
        AskPattern.ask(
            system,
            replyTo ->
                new SpawnProtocol.Spawn<>(
                    PipelineEntity.create(
                        name,
                        system.ignoreRef(),
                        system.ignoreRef(),
                        SideSources.NONE,
                        Clock.systemUTC()),
                    name,
                    Props.empty(),
                    replyTo),
            PATIENCE,
            system.scheduler()));
  }

  private CompletionStage<PipelineEntity.Answer> submit(
      ActorRef<PipelineEntity.Command> entity, String name) {
    return ask(
        entity,
        replyTo ->
            new PipelineEntity.Submit(
                spec(name), true, false, Optional.empty(), Set.of(), replyTo));
  }

  private CompletionStage<PipelineEntity.Answer> ask(
      ActorRef<PipelineEntity.Command> entity,
      Function<ActorRef<PipelineEntity.Answer>, PipelineEntity.Command> command) {
    return AskPattern.ask(entity, command, PATIENCE, system.scheduler());
  }

  /** An entity that cannot store an event gives no answer. */
  private boolean isAnsweredSoon(CompletionStage<PipelineEntity.Answer> answer) throws Exception {
    try {
      answer.toCompletableFuture().get(3, TimeUnit.SECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    }
  }

  private static long version(PipelineEntity.Answer answer) {
    if (answer instanceof PipelineEntity.Created created) return created.pipeline().version();
    if (answer instanceof PipelineEntity.Replaced replaced) return replaced.pipeline().version();
    return ((PipelineEntity.Runs) answer).pipeline().version();
  }

  private static PipelineSpec spec(String name) {
    return new PipelineSpec(
        name,
        List.of(
            new PipelineSpec.SourceSpec(
                "cam",
                URI.create("fake:cam"),
                Optional.empty(),
                Optional.empty(),
                new TreeMap<>())),
        List.of(new PipelineSpec.StageSpec("work", "identity", List.of(), Map.of())),
        new PipelineSpec.PolicySpec("fixed", Map.of()),
        PipelineSpec.Objective.DEFAULT,
        PipelineSpec.Delivery.DEFAULT);
  }

  private static Decision decision(String pipeline, long version) {
    return new Decision(
        new StreamName(pipeline, "cam"),
        version,
        Instant.ofEpochMilli(version),
        new TreeMap<>(),
        new TreeMap<>(),
        new Knobs(Map.of()),
        "");
  }

  private long number(String query) throws SQLException {
    try (var connection = pool.getConnection();
        var statement = connection.createStatement();
        var rows = statement.executeQuery(query)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }
}
