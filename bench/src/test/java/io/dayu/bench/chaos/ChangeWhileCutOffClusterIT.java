package io.dayu.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.bench.truth.Load;
import io.dayu.bench.truth.StoredResult;
import io.dayu.bench.truth.Variant;
import io.dayu.client.ApiClient;
import io.dayu.console.Progress;
import io.dayu.local.Home;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Changes of pipelines whose edge cannot hear of them, in a network that is really cut. */
@Timeout(300)
class ChangeWhileCutOffClusterIT {
  private static final String EDGE = "edge-1";
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int RATE = 40;

  private static Testbed testbed;

  @BeforeAll
  static void start() {
    testbed =
        Testbed.open(
            new Testbed.Settings(
                Home.find(),
                1,
                1,
                NetworkKind.best(),
                false,
                OptionalInt.empty(),
                OptionalInt.empty()),
            Progress.silent());
    testbed.start();
  }

  @AfterAll
  static void stop() {
    if (testbed != null) testbed.close();
  }

  private static Load file(String name, int seconds) {
    var there = List.of(EDGE);
    var route = Load.fixed(there, there, there, there);
    return Load.file(name, EDGE, route, RATE, seconds, testbed.directory());
  }

  private static Load flowing(Load load) {
    testbed.submit(load);
    until("results", () -> load.ledger(api()).delivered() > RATE);
    return load;
  }

  private static ApiClient api() {
    return testbed.api();
  }

  private static void until(String what, BooleanSupplier condition) {
    testbed.waiting().until(what, PATIENCE, condition);
  }

  private static String state(Load load) {
    return api().get("pipelines/" + load.name()).at("/status/state").asText();
  }

  /** As the cloud sees it; what the edge does while it is cut off it tells later. */
  private static void cut() {
    testbed.cut(EDGE);
    until("that the edge is missed", () -> !testbed.isUp(EDGE));
  }

  private static void heal() {
    testbed.heal(EDGE);
    until("that the edge is back", () -> testbed.isUp(EDGE));
  }

  private static void settledAndKept(Load load, Set<Variant> variants) {
    until("that all is settled", () -> load.settled(api()));
    var rows = StoredResult.all(api(), load.name());
    var verdict = load.verdict(api(), rows, List.of(), variants);
    assertThat(verdict.kept()).as("%s", verdict).isTrue();
    var plans = rows.stream().map(StoredResult::plan).collect(Collectors.toSet());
    assertThat(plans).isEqualTo(variants.stream().map(Variant::plan).collect(Collectors.toSet()));
  }

  @Test
  void anEdgeIsToldOfAChangeWhenItIsBackAndItsLedgerBalances() {
    var load = flowing(file("changed", 60));
    var changes = new LiveChanges(testbed.apis());
    cut();
    changes.begin(Fault.CHANGE_STAGES, load);
    var changed = Instant.now();
    heal();
    settledAndKept(load, changes.had(load));
    // What was cut before the edge could hear of it has the stages of before.
    assertThat(
            StoredResult.all(api(), load.name()).stream()
                .filter(row -> row.createdAtMs() < changed.toEpochMilli())
                .map(StoredResult::plan))
        .containsOnly(Variant.FIRST.plan());
  }

  @Test
  void aPausedPipelineStaysPausedWhileItsEdgeIsCutOffAndGoesOnWhenItHearsOfIt() {
    var load = flowing(file("resting", 10));
    var changes = new LiveChanges(testbed.apis());
    changes.begin(Fault.PAUSE, load);
    until("that it is paused", () -> state(load).equals("paused"));
    until("that it is drained", () -> load.ledger(api()).inFlight() == 0);
    long delivered = load.ledger(api()).delivered();
    cut();
    changes.end(Fault.PAUSE, load);
    assertThat(load.ledger(api()).delivered()).isEqualTo(delivered);
    heal();
    settledAndKept(load, Set.of(Variant.FIRST));
  }
}
