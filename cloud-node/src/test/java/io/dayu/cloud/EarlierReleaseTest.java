package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.typesafe.config.ConfigFactory;
import io.dayu.element.Element;
import io.dayu.facts.Decision;
import io.dayu.member.PipelineEntity;
import io.dayu.realise.JdbcDecisionLog;
import io.dayu.side.SideSources;
import io.dayu.store.ResultStore;
import io.dayu.store.StoredResult;
import io.dayu.testkit.LocalPostgres;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.japi.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What release 0.1 has stored is there after its database was opened by this one. */
class EarlierReleaseTest {
  /** For a busy machine. */
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  abstract static class OnAnyDatabase {
    private StoreSettings settings;
    private Databases databases;
    private ResultStore store;

    /** A database of release 0.1. */
    abstract StoreSettings database();

    @BeforeEach
    void open() {
      settings = database();
      databases = Databases.open(settings);
      store = databases.results();
    }

    @AfterEach
    void close() {
      databases.close();
    }

    @Test
    void resultsTheirCountsAndFramesAreThere() {
      var results = store.page(Release01.PIPELINE, Optional.empty(), 100).items();
      assertThat(results)
          .map(StoredResult::element)
          .map(Element::getSeq)
          .containsExactlyInAnyOrderElementsOf(
              LongStream.range(0, Release01.DELIVERED + Release01.FAILED).boxed().toList());
      assertThat(store.counts(Release01.PIPELINE))
          .isEqualTo(
              Map.of(
                  Release01.STREAM, new ResultStore.Counts(Release01.DELIVERED, Release01.FAILED)));
      var frames = results.stream().filter(StoredResult::frameKept).toList();
      assertThat(frames).isNotEmpty();
      for (var result : frames)
        assertThat(store.frame(Release01.STREAM, result.element().getSeq()))
            .hasValueSatisfying(frame -> assertThat(frame.getOpaque().size()).isEqualTo(40));
    }

    @Test
    void whatWasStoredIsNotStoredTwiceAndMoreIsStoredBehindIt() {
      var before = store.page(Release01.PIPELINE, Optional.empty(), 100).items();
      var next =
          new StoredResult(
              before.get(0).element().toBuilder().setSeq(before.size()).build(), false);
      assertThat(store.store(before)).isEmpty();
      assertThat(store.store(List.of(next))).containsExactly(next);
      assertThat(store.page(Release01.PIPELINE, Optional.empty(), 100).items())
          .startsWith(before.toArray(StoredResult[]::new))
          .endsWith(next);
    }

    @Test
    void decisionsAndTheirInputsAreThere() throws Exception {
      var log = new JdbcDecisionLog(databases.control(), Runnable::run, 100);
      assertThat(get(log.list(Release01.PIPELINE, 100)))
          .map(Decision::version)
          .containsExactly(3L, 2L, 1L);
      assertThat(get(log.latest(Release01.STREAM)))
          .hasValueSatisfying(
              d -> assertThat(d.reason()).isEqualTo("fixed: work moved edge-1 -> cloud-1"));
      assertThat(get(log.inputs(Release01.STREAM, 3)))
          .hasValueSatisfying(inputs -> assertThat(inputs).startsWith("{\"policy\":\"fixed\""));
    }

    @Test
    void thePipelineIsReadFromTheJournalAndCanBeChanged() throws Exception {
      var config =
          ConfigFactory.parseString("pekko.actor.provider = local")
              .withFallback(settings.persistence())
              .withFallback(ConfigFactory.parseResources("dayu-store.conf"))
              .withFallback(ConfigFactory.load());
      var entity =
          ActorSystem.create(
              Behaviors.<PipelineEntity.Command>setup(
                  context -> {
                    var system = context.getSystem();
                    return PipelineEntity.create(
                        Release01.PIPELINE,
                        system.ignoreRef(),
                        system.ignoreRef(),
                        SideSources.NONE,
                        Clock.systemUTC());
                  }),
              "journal",
              config);
      try {
        assertThat(get(ask(entity, PipelineEntity.Get::new)))
            .isInstanceOfSatisfying(
                PipelineEntity.Runs.class,
                runs -> {
                  assertThat(runs.pipeline().version()).isEqualTo(2);
                  assertThat(runs.pipeline().name()).isEqualTo(Release01.PIPELINE);
                });
        assertThat(get(ask(entity, PipelineEntity.Delete::new)))
            .isInstanceOf(PipelineEntity.Deleted.class);
      } finally {
        entity.terminate();
        get(entity.getWhenTerminated());
      }
    }

    private static CompletionStage<PipelineEntity.Answer> ask(
        ActorSystem<PipelineEntity.Command> entity,
        Function<ActorRef<PipelineEntity.Answer>, PipelineEntity.Command> command) {
      return AskPattern.ask(entity, command, PATIENCE, entity.scheduler());
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
      return stage.toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
  }

  @Nested
  class InADataDirectory extends OnAnyDatabase {
    @TempDir Path dir;

    @Override
    StoreSettings database() {
      return StoreSettings.embedded(Release01.data(dir.resolve("data")), 10);
    }

    @Test
    void theOldFileIsKeptAsideAndNotTakenOverAgain() throws Exception {
      var data = dir.resolve("data");
      assertThat(data.resolve("store.mv.db.taken-over")).exists();
      for (var gone : List.of("store.mv.db", "store.mv.db.seen", "store.reserve"))
        assertThat(data.resolve(gone)).doesNotExist();
      try (var empty = ControlFile.open(data.resolve("store.mv.db"), data.resolve("anew.db"))) {
        var log = new JdbcDecisionLog(empty, Runnable::run, 100);
        assertThat(OnAnyDatabase.get(log.list(Release01.PIPELINE, 100))).isEmpty();
      }
    }
  }

  /** Only where a server is installed, which ./test sees to. */
  @Nested
  class OnPostgres extends OnAnyDatabase {
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
    StoreSettings database() {
      var url = postgres.create("earlier" + ++databases);
      Release01.database(url, postgres.user());
      return new StoreSettings(url, postgres.user(), "", 10, Path.of("none"), true);
    }
  }
}
