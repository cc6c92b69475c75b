package io.dayu.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dayu.console.Progress;
import io.dayu.console.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalClusterIT {
  @TempDir private Path dir;

  private LocalCluster.Settings settings(boolean temporary, Duration ready) {
    return new LocalCluster.Settings(
        role -> FakeNode.program(), dir.resolve("cluster"), temporary, ready);
  }

  private LocalCluster.Settings settings() {
    return settings(true, Duration.ofSeconds(60));
  }

  @Test
  void nodesAreReadyAndTheCloudIsTheSeedOfTheEdges() {
    try (var cluster = LocalCluster.start(settings(), 1, 2, n -> n.heapMb(64))) {
      assertThat(cluster.nodes())
          .extracting(n -> n.options().name())
          .containsExactly("cloud-1", "edge-1", "edge-2");
      assertThat(cluster.node("edge-2").options().site()).isEqualTo("site-2");
      var cloud = cluster.node("cloud-1");
      assertThat(cloud.process().tail(9)).contains("seeds=");
      assertThat(cluster.node("edge-1").process().tail(9))
          .contains("seeds=" + Endpoints.text(cloud.endpoints().cluster()));
      assertThat(cluster.api()).isEqualTo(cloud.endpoints().api().orElseThrow());
      assertThat(cloud.process().rssBytes().orElseThrow()).isGreaterThan(1 << 20);
      assertThat(cluster.dead()).isEmpty();
    }
  }

  @Test
  void allNodesHaveEveryCloudNodeAsASeedAndKeepItWhenTheyStartAgain() {
    try (var cluster = LocalCluster.start(settings(), 3, 1, n -> n.heapMb(64))) {
      var seeds =
          Stream.of("cloud-1", "cloud-2", "cloud-3")
              .map(name -> Endpoints.text(cluster.node(name).endpoints().cluster()))
              .collect(Collectors.joining(","));
      assertThat(seeds.split(",")).doesNotHaveDuplicates();
      for (var node : cluster.nodes())
        assertThat(node.process().tail(9)).contains("seeds=" + seeds);

      cluster.kill("cloud-1");
      cluster.kill("cloud-3");
      for (var again : cluster.restart(List.of("cloud-3", "cloud-1")))
        assertThat(again.process().tail(9)).contains("seeds=" + seeds);
    }
  }

  @Test
  void manyEdgesStartAFewAtATime() {
    var mostAtOnce = new AtomicInteger();
    var told = new AtomicReference<>("");
    var progress =
        new Progress() {
          @Override
          public void line(String text) {}

          @Override
          public void now(String text) {
            var names = text.replaceAll("starting (.*) … .*", "$1").split(", ");
            mostAtOnce.accumulateAndGet(names.length, Math::max);
            told.set(text);
          }
        };
    try (var cluster = LocalCluster.open(settings(), progress)) {
      cluster.start(NodeOptions.cloud("cloud-1"));
      int edges = LocalCluster.EDGES_AT_ONCE + 3;
      var options =
          IntStream.rangeClosed(1, edges)
              .mapToObj(i -> NodeOptions.edge("edge-" + i, "site-" + i).heapMb(32))
              .toArray(NodeOptions[]::new);

      assertThat(cluster.start(options))
          .extracting(n -> n.options().name())
          .containsExactly(Stream.of(options).map(NodeOptions::name).toArray(String[]::new));
      assertThat(mostAtOnce).hasValue(LocalCluster.EDGES_AT_ONCE);
      assertThat(told.get()).contains("of " + edges + " ready");
    }
  }

  @Test
  void closingEndsEveryProcessAndRemovesATemporaryDirectory() {
    var cluster = LocalCluster.start(settings(), 1, 1, n -> n);
    var processes = cluster.nodes().stream().map(LocalCluster.Node::process).toList();
    cluster.close();
    assertThat(processes).noneMatch(ChildProcess::alive);
    assertThat(cluster.directory()).doesNotExist();
  }

  @Test
  void nothingIsStartedAnyMoreOnceItIsClosed() {
    var cluster = new AtomicReference<LocalCluster>();
    var closing =
        new LocalCluster.Settings(
            role -> {
              CompletableFuture.runAsync(cluster.get()::close)
                  .orTimeout(60, TimeUnit.SECONDS)
                  .join();
              return FakeNode.program();
            },
            dir.resolve("cluster"),
            true,
            Duration.ofSeconds(30));
    cluster.set(LocalCluster.open(closing, Progress.silent()));
    assertThatThrownBy(() -> cluster.get().start(NodeOptions.cloud("cloud-1")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("being stopped");
    assertThat(cluster.get().directory()).doesNotExist();
  }

  @Test
  void aNodeThatDiesBeforeItIsReadyIsReportedWithItsLogAndTheOthersEnd() {
    assertThatThrownBy(
            () ->
                LocalCluster.start(
                    settings(),
                    1,
                    2,
                    n -> n.name().equals("edge-2") ? n.with("fake.mode", "dies") : n))
        .isInstanceOf(UserException.class)
        .hasMessageContainingAll("edge-2", "exit code 78", "dayu.nonsense is not a key");
    assertThat(ProcessHandle.current().descendants().filter(ProcessHandle::isAlive)).isEmpty();
  }

  @Test
  void theEndOfALogHasLinesOfThisRunOnly() {
    try (var cluster = LocalCluster.start(settings(), 1, 1, n -> n)) {
      cluster.kill("edge-1");
      assertThatThrownBy(
              () -> cluster.start(NodeOptions.edge("edge-1", "site-1").with("fake.mode", "dies")))
          .hasMessageContaining("dayu.nonsense is not a key")
          .satisfies(e -> assertThat(e.getMessage().split("seeds=", -1)).hasSize(2));
    }
  }

  @Test
  void aNodeThatIsNotReadyInTimeIsReported() {
    assertThatThrownBy(
            () ->
                LocalCluster.start(
                    settings(true, Duration.ofMillis(1500)),
                    1,
                    0,
                    n -> n.with("fake.mode", "late")))
        .hasMessageContainingAll("cloud-1 is not ready after", "cloud-1.log");
  }

  @Test
  void aKilledNodeIsSeenAndCanBeRestartedAtItsAddress() {
    try (var cluster = LocalCluster.start(settings(), 1, 1, n -> n)) {
      var was = cluster.node("edge-1");
      was.process().kill();
      assertThat(cluster.dead().orElseThrow().name()).isEqualTo("edge-1");
      assertThat(was.process().died()).hasMessageContaining("by signal 9");
      var again = cluster.restart("edge-1");
      assertThat(again.endpoints().cluster()).isEqualTo(was.endpoints().cluster());
      assertThat(again.endpoints().pid()).isNotEqualTo(was.endpoints().pid());
      assertThat(cluster.dead()).isEmpty();
    }
  }

  @Test
  void aNodeStoppedOnPurposeIsNotReportedAsDead() {
    try (var cluster = LocalCluster.start(settings(), 1, 1, n -> n)) {
      cluster.stop("edge-1");
      assertThat(cluster.node("edge-1").process().alive()).isFalse();
      assertThat(cluster.dead()).isEmpty();
    }
  }

  @Test
  void aDetachedClusterLivesOn() {
    var cluster = LocalCluster.start(settings(false, Duration.ofSeconds(60)), 1, 0, n -> n);
    var process = cluster.node("cloud-1").process();
    cluster.detach();
    cluster.close();
    assertThat(process.alive()).isTrue();
    process.close();
    assertThat(process.alive()).isFalse();
  }

  @Test
  void aFrozenNodeCanBeThawed() {
    try (var cluster = LocalCluster.start(settings(), 1, 0, n -> n)) {
      var process = cluster.node("cloud-1").process();
      process.freeze();
      await().atMost(Duration.ofSeconds(60)).until(() -> state(process).equals("T"));
      process.thaw();
      await().atMost(Duration.ofSeconds(60)).until(() -> !state(process).equals("T"));
    }
  }

  private static String state(ChildProcess process) throws java.io.IOException {
    var stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
    return stat.substring(stat.lastIndexOf(')') + 2).substring(0, 1);
  }

  @Test
  void optionsStandAboveDefaultsAndTheClassPathIsExtended() throws java.io.IOException {
    try (var cluster =
        LocalCluster.start(
            settings(),
            1,
            0,
            n -> n.heapMb(77).with("dayu.node.host", "127.0.0.2").jvm("-Dmore=1").classPath(dir))) {
      var pid = cluster.node("cloud-1").process().pid();
      var command = Files.readString(Path.of("/proc/" + pid + "/cmdline")).split("\0");
      assertThat(command)
          .contains("-Xmx77m", "-Ddayu.node.host=127.0.0.2", "-Dmore=1", "-XX:+UseSerialGC")
          .doesNotContain("-Ddayu.node.host=127.0.0.1")
          .anyMatch(a -> a.endsWith(java.io.File.pathSeparator + dir));
    }
  }
}
