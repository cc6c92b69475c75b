package io.dayu.deliver;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.pipeline.StreamName;
import io.dayu.store.JdbcResultStore;
import io.dayu.store.ResultStore;
import io.dayu.store.Results;
import io.dayu.store.StoredResult;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A distributor whose writes the test lets happen, on the node that generates the stream. */
final class DistributorStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final StreamName STREAM = StreamName.parse("crossing/cam-0");
  private static ActorTestKit kit;

  private final BlockingQueue<Runnable> writes = new LinkedBlockingQueue<>();
  private final BlockingQueue<List<StoredResult>> published = new LinkedBlockingQueue<>();
  @TempDir Path dir;
  private JdbcResultStore store;
  private TestProbe<Distributor.Stored> stored;
  private ActorRef<Distributor.Command> distributor;

  @BeforeAll
  static void start() {
    kit = ActorTestKit.create();
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  @BeforeEach
  void open() {
    store = JdbcResultStore.openFile(dir.resolve("results.db"), 10);
    stored = kit.createTestProbe();
    Executor blocking = writes::add;
    distributor = kit.spawn(Distributor.create(STREAM, store, blocking, this::publish));
  }

  @AfterEach
  void close() {
    kit.stop(distributor);
    store.close();
  }

  @Test
  void resultsAreStoredAnsweredAndPublished() throws Exception {
    store(ok(1), failed(2), ok(3));
    write();
    assertStored(2L);
    assertThat(published.take()).extracting(r -> r.element().getSeq()).containsExactly(1L, 2L, 3L);
    assertThat(store.counts("crossing").get(STREAM)).isEqualTo(new ResultStore.Counts(2, 1));
  }

  @Test
  void aDuplicateIsAnsweredWithTheOutcomeThatStandsAndNotPublished() throws Exception {
    store(ok(1), failed(2));
    write();
    assertStored(2L);
    published.take();
    // A second attempt ended the other way round.
    store(failed(1), ok(2), ok(4), ok(4));
    write();
    assertStored(2L);
    assertThat(published.take()).extracting(r -> r.element().getSeq()).containsExactly(4L);
    store(ok(1));
    write();
    assertStored();
    assertThat(published).isEmpty();
    assertThat(store.counts("crossing").get(STREAM)).isEqualTo(new ResultStore.Counts(2, 1));
  }

  @Test
  void aBatchWithAResultOfAnotherStreamIsNotStored() {
    store(ok(1), ok(2).toBuilder().setStream("other/cam-0").build());
    assertThat(stored.receiveMessage(SOON).problem())
        .hasValueSatisfying(p -> assertThat(p).contains("of crossing/cam-0"));
    assertThat(writes).isEmpty();
  }

  @Test
  void whatComesDuringAWriteIsWrittenTogether() throws Exception {
    store(ok(1));
    var first = writes.take();
    store(ok(2));
    store(failed(3), ok(1));
    first.run();
    assertStored();
    write();
    assertStored();
    assertStored(3L);
    assertThat(writes).isEmpty();
  }

  @Test
  void aStoreThatFailsIsAnsweredAndNothingIsPublished() throws Exception {
    store.close();
    store(ok(1));
    write();
    assertThat(stored.receiveMessage(SOON).problem().orElseThrow()).contains("closed");
    // It goes on.
    store(ok(2));
    write();
    assertThat(stored.receiveMessage(SOON).problem()).isPresent();
    assertThat(published).isEmpty();
  }

  @Test
  void aResultWhoseFrameTheIngressKeptSaysSo() throws Exception {
    store(ok(1).toBuilder().setKeep(true).build());
    write();
    assertThat(stored.receiveMessage(SOON).problem()).isEmpty();
    assertThat(published.take().get(0).frameKept()).isTrue();
  }

  private void publish(StreamName stream, List<StoredResult> fresh) {
    if (stream.equals(STREAM)) published.add(fresh);
  }

  private void store(Element... elements) {
    distributor.tell(new Distributor.Store(STREAM, List.of(elements), stored.getRef()));
  }

  private void write() throws InterruptedException {
    writes.take().run();
  }

  /** A batch is in the store, and these of it stand as failed. */
  private void assertStored(Long... failed) {
    assertThat(stored.receiveMessage(SOON))
        .isEqualTo(new Distributor.Stored(Optional.empty(), List.of(failed)));
  }

  private static Element ok(long seq) {
    return Results.element(STREAM.toString(), seq).setOrigin("cloud-1").build();
  }

  private static Element failed(long seq) {
    var ending = Ending.newBuilder().setKind(Ending.Kind.FAILED).setStage("count");
    return ok(seq).toBuilder().setEnding(ending).build();
  }
}
