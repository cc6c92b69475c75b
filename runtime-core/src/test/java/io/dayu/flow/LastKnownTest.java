package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import io.dayu.facts.Decision;
import io.dayu.facts.DeclaredService;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.View;
import io.dayu.link.Logs;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plans;
import io.dayu.source.Knobs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

final class LastKnownTest {
  private static final Executor BLOCKING = Runnable::run;
  private static final DesiredPipeline PIPELINE =
      new DesiredPipeline(3, Plans.plan(3, List.of(Plans.READER), "detect:reader").spec());
  private static final String NAME = PIPELINE.name();
  private static final StreamName STREAM = new StreamName(NAME, "cam-0");

  @TempDir Path dir;

  /** When what was learnt is to be written, in tests that do not wait for it. */
  private final List<CompletableFuture<Void>> due = new ArrayList<>();

  @Test
  void aNodeThatIsStartedAgainKnowsPipelinesDecisionsAndAddresses() {
    learn(view(List.of(report("cloud-1", Role.CLOUD, 4711), report("edge-1", Role.EDGE, 4712)), 7));
    var again = reopened();
    assertThat(again.pipelines()).containsEntry(NAME, PIPELINE);
    assertThat(again.decisions().get(STREAM)).isEqualTo(decision(7));
    var cloud = again.nodes().get("cloud-1").report();
    assertThat(cloud.self().host()).isEqualTo("127.0.0.1");
    assertThat(cloud.self().dataPort()).isEqualTo(4711);
    assertThat(cloud.role()).isEqualTo(Role.CLOUD);
    assertThat(again.nodes().get("edge-1").report().self().dataPort()).isEqualTo(4712);
  }

  @Test
  void absenceErasesNothingAndOnlyADropRemovesAPipeline() {
    learn(view(List.of(report("cloud-1", Role.CLOUD, 4711)), 7));
    learn(View.EMPTY);
    assertThat(reopened().pipelines()).containsKey(NAME);
    assertThat(reopened().decisions()).containsKey(STREAM);

    learn(dropped(2)); // of an earlier version
    assertThat(reopened().pipelines()).containsKey(NAME);
    learn(dropped(3));
    assertThat(reopened().pipelines()).isEmpty();
    assertThat(reopened().decisions()).isEmpty();
  }

  @Test
  void anOlderDecisionDoesNotReplaceANewerOne() {
    learn(view(List.of(), 7));
    learn(view(List.of(), 5));
    assertThat(reopened().decisions().get(STREAM).version()).isEqualTo(7);
  }

  @Test
  void peersAreKnownUntilTheCloudIsHeardAgain() {
    learn(view(List.of(report("cloud-1", Role.CLOUD, 1), report("edge-2", Role.EDGE, 2)), 7));
    try (var known = LastKnown.open(dir, BLOCKING)) {
      var alone = known.learn(view(List.of(report("edge-1", Role.EDGE, 3)), 7));
      assertThat(alone.nodes()).containsOnlyKeys("cloud-1", "edge-1", "edge-2");
      var back = known.learn(view(List.of(report("cloud-1", Role.CLOUD, 9)), 7));
      assertThat(back.nodes()).containsOnlyKeys("cloud-1");
    }
    assertThat(reopened().nodes()).containsOnlyKeys("cloud-1");
  }

  @Test
  void onlyChangesAreWrittenAndThoseSoon() throws IOException {
    var writes = new AtomicInteger();
    Executor counting =
        task -> {
          writes.incrementAndGet();
          task.run();
        };
    var known = LastKnown.open(dir, counting);
    for (int load = 0; load < 50; load++)
      known.learn(view(List.of(report("cloud-1", Role.CLOUD, 4711, load)), 7));
    await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(file()));
    assertThat(writes).hasValue(1);
    var before = Files.getLastModifiedTime(file());
    known.learn(view(List.of(report("cloud-1", Role.CLOUD, 4711, 99)), 7));
    known.close();
    assertThat(Files.getLastModifiedTime(file())).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"flipped", "torn", "empty", "foreign"})
  void aDamagedFileIsReportedPutAsideAndForgotten(String damage) throws IOException {
    learn(view(List.of(report("cloud-1", Role.CLOUD, 4711)), 7));
    var bytes = Files.readAllBytes(file());
    switch (damage) {
      case "flipped" -> bytes[bytes.length / 2] ^= 1;
      case "torn" -> bytes = Arrays.copyOf(bytes, bytes.length - 5);
      case "empty" -> bytes = new byte[0];
      default -> bytes = "something else".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }
    Files.write(file(), bytes);
    try (var logs = Logs.of(LastKnown.class)) {
      assertThat(reopened()).isEqualTo(View.EMPTY);
      assertThat(logs.has(Level.WARN, "known.pb", "known.pb.damaged")).isTrue();
    }
    assertThat(dir.resolve("known.pb.damaged")).hasBinaryContent(bytes);
    // The next start is as if nothing had been known.
    try (var logs = Logs.of(LastKnown.class)) {
      assertThat(reopened()).isEqualTo(View.EMPTY);
      assertThat(logs.loud()).isEmpty();
    }
  }

  /** A crash in the middle of a write leaves the temporary file. */
  @Test
  void aHalfWrittenFileDoesNotReplaceTheLastOne() throws IOException {
    learn(view(List.of(), 7));
    Files.write(dir.resolve("known.pb.tmp"), new byte[] {1, 2, 3});
    assertThat(reopened().decisions().get(STREAM)).isEqualTo(decision(7));
    learn(view(List.of(), 8));
    assertThat(reopened().decisions().get(STREAM)).isEqualTo(decision(8));
  }

  @Test
  void aDirectoryThatCannotBeWrittenIsReportedAndNothingStops() {
    try (var logs = Logs.of(LastKnown.class)) {
      var known = LastKnown.open(dir.resolve("gone"), BLOCKING);
      assertThat(known.learn(view(List.of(), 7)).pipelines()).containsKey(NAME);
      known.close();
      assertThat(logs.has(Level.WARN, "known.pb", "cannot be written")).isTrue();
    }
  }

  @Test
  void aChangeOfPipelinesIsWrittenAtOnce() {
    var known = open(dir, BLOCKING);
    known.learn(view(List.of(), 7));
    await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(file()));
    assertThat(reopened().pipelines()).containsEntry(NAME, PIPELINE);
    known.learn(view(List.of(), 8));
    assertThat(due).as("a decision has time").hasSize(1);
    known.close();
  }

  @Test
  void nothingIsWrittenAfterClosing() throws IOException {
    learn(view(List.of(), 6)); // the pipeline is known
    var handedOver = new ArrayList<Runnable>();
    var known = open(dir, handedOver::add);
    known.learn(view(List.of(), 7));
    theTimeComes();
    known.close();
    assertThat(reopened().decisions().get(STREAM)).isEqualTo(decision(7));
    Files.delete(file());

    assertThat(known.learn(view(List.of(), 8)).decisions().get(STREAM)).isEqualTo(decision(8));
    theTimeComes();
    known.close();
    handedOver.forEach(Runnable::run);
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void nothingIsScheduledAfterClosingAndWhatWasIsCancelled() {
    learn(view(List.of(), 6)); // the pipeline is known
    var known = open(dir, BLOCKING);
    known.learn(view(List.of(), 7));
    known.close();
    assertThat(due).singleElement().matches(CompletableFuture::isCancelled);
    known.learn(view(List.of(), 8));
    assertThat(due).hasSize(1);
  }

  @Test
  void closingWaitsForTheWriteThatIsUnderWay() throws Exception {
    var later = dir.resolve("later");
    var known = open(later, BLOCKING);
    var nodes = view(List.of(report("cloud-1", Role.CLOUD, 1)), 7).nodes();
    known.learn(new View(nodes, new TreeMap<>(), new TreeMap<>(), new TreeMap<>()));
    var closing = new Thread(known::close, "closing");
    try (var warning = new HeldWarning()) {
      // It fails, and is not over before that is told.
      var writing = new Thread(this::theTimeComes, "writing");
      writing.start();
      warning.begun.await();
      closing.start();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> closing.getState() == Thread.State.BLOCKED);
      Files.createDirectory(later);
    }
    closing.join();
    assertThat(later.resolve("known.pb")).exists();
  }

  /** Keeps whoever warns that the file cannot be written from going on while this is open. */
  private static final class HeldWarning extends UnsynchronizedAppenderBase<ILoggingEvent>
      implements AutoCloseable {
    final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch over = new CountDownLatch(1);
    private final Logger logger = (Logger) LoggerFactory.getLogger(LastKnown.class);

    HeldWarning() {
      start();
      logger.addAppender(this);
    }

    @Override
    protected void append(ILoggingEvent event) {
      begun.countDown();
      try {
        over.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      over.countDown();
      logger.detachAppender(this);
    }
  }

  private LastKnown open(Path directory, Executor blocking) {
    return LastKnown.open(
        directory,
        blocking,
        () -> {
          due.add(new CompletableFuture<>());
          return due.get(due.size() - 1);
        });
  }

  /** What was learnt is to be written now. */
  private void theTimeComes() {
    due.forEach(time -> time.complete(null));
  }

  private Path file() {
    return dir.resolve("known.pb");
  }

  private void learn(View view) {
    try (var known = LastKnown.open(dir, BLOCKING)) {
      known.learn(view);
    }
  }

  private View reopened() {
    return LastKnown.open(dir, BLOCKING).view();
  }

  private static View view(List<NodeReport> reports, long version) {
    var nodes = new TreeMap<String, View.Seen>();
    reports.forEach(r -> nodes.put(r.node(), new View.Seen(r, Instant.now())));
    return new View(nodes, Map.of(STREAM, decision(version)), Map.of(NAME, PIPELINE));
  }

  @Test
  void servicesThatWereDeclaredAreKeptUntilTheyAreWithdrawn() {
    learn(services(new DeclaredService("count", 3, Optional.of("{}"))));
    learn(services(new DeclaredService("count", 2, Optional.empty())));
    assertThat(reopened().services().get("count").document()).contains("{}");
    learn(services(new DeclaredService("count", 4, Optional.empty())));
    assertThat(reopened().services().get("count").document()).isEmpty();
  }

  private static View services(DeclaredService service) {
    return new View(
        new TreeMap<>(),
        new TreeMap<>(),
        new TreeMap<>(),
        new TreeMap<>(),
        new TreeMap<>(Map.of(service.name(), service)));
  }

  private static View dropped(long version) {
    return new View(
        new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), new TreeMap<>(Map.of(NAME, version)));
  }

  private static Decision decision(long version) {
    return new Decision(
        STREAM,
        version,
        Instant.EPOCH,
        new TreeMap<>(Map.of("detect", List.of(new Decision.Share("edge-1", 1)))),
        new TreeMap<>(),
        Knobs.NONE,
        "for tests");
  }

  private static NodeReport report(String node, Role role, int port) {
    return report(node, role, port, 1);
  }

  private static NodeReport report(String node, Role role, int port, long sequence) {
    return new NodeReport(
        new NodeReport.Self(node, role, "site", "127.0.0.1", port),
        new NodeReport.Edition(1, sequence),
        new Resources(2, sequence / 100.0, 0.1, 0.2, 3, 4, 5, 6, OptionalDouble.empty()),
        Set.of("identity"),
        List.of(),
        List.of(),
        List.of());
  }
}
