package io.dayu.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.Text;
import io.dayu.facts.DeclaredService;
import io.dayu.facts.NodeReport.Role;
import io.dayu.pipeline.Catalog;
import io.dayu.stage.Outcome;
import io.dayu.stage.Params;
import io.dayu.stage.ServiceCalls;
import io.dayu.stage.StageContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Services that a node is told of while it runs. */
class DeclaredServicesTest {
  private static final Catalog EMPTY = new Catalog(List.of(), List.of(), List.of());
  private static final String LABEL =
      "{\"type\": \"labels\", \"labels\": [{\"name\": \"%s\", \"value\": 1}]}";

  @TempDir Path dir;

  private Services services(String dayu) {
    return Services.start(ServiceSettingsTest.settings(dayu), EMPTY, dir);
  }

  private static TestService labelling(String label) {
    var service = TestService.start();
    service.work = exchange -> TestService.json(exchange, 200, LABEL.formatted(label));
    return service;
  }

  private static void tell(Services services, String name, long version, String json) {
    services.declared(
        List.of(new DeclaredService(name, version, Optional.of(json).filter(j -> !j.isEmpty()))),
        "edge-1",
        Role.EDGE);
  }

  private static String at(TestService service) {
    return "{\"url\": \"http://127.0.0.1:%s/\", \"nodes\": [\"edge-1\"]}".formatted(service.port());
  }

  private static List<String> types(Services services) {
    return services.in(EMPTY).services().stream().map(s -> s.descriptor().type()).toList();
  }

  private static void await(String what, java.util.concurrent.Callable<Boolean> done) {
    Awaitility.await(what).atMost(Duration.ofSeconds(60)).until(done);
  }

  private static Outcome call(Service<?> service) throws Exception {
    var stage =
        ServiceCall.Stage.of(new StageContext("p", "count-1", "edge-1", new Params(Map.of())));
    var text = Media.newBuilder().setText(Text.newBuilder().addLine("a")).build();
    return service
        .call(Element.newBuilder().setStream("p/s").setPayload(text).build(), stage)
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS);
  }

  private static String label(Outcome outcome) {
    assertThat(outcome).isInstanceOf(Outcome.Output.class);
    return ((Outcome.Output) outcome).media().getLabels().getLabel(0).getName();
  }

  @Test
  void aServiceComesChangesItsPlaceUnderItsStagesAndGoes() throws Exception {
    try (var first = labelling("first");
        var second = labelling("second");
        var services = services("")) {
      assertThat(types(services)).isEmpty();
      tell(services, "count", 1, at(first));
      await("the type", () -> types(services).equals(List.of("count")));
      var ofStage = services.service("count");
      assertThat(label(call(ofStage))).isEqualTo("first");

      tell(services, "count", 2, at(second));
      await("another service", () -> services.service("count") != ofStage);
      assertThat(label(call(ofStage))).as("the stage was made before").isEqualTo("second");
      assertThat(types(services)).containsExactly("count");

      tell(services, "count", 3, "");
      await("no type", () -> types(services).isEmpty());
      assertThat(call(ofStage))
          .isEqualTo(new Outcome.Failed("the service is declared no longer", true));
      assertThat(dir.resolve("services/count.description.json")).doesNotExist();
    }
  }

  /** Nobody calls it, or it would not have been ended. */
  @Test
  void aServiceOnDemandIsMissedWithoutACallAndItsStagesWaitForIt() {
    try (var services = services("")) {
      try (var service = labelling("one")) {
        tell(
            services,
            "count",
            1,
            at(service).replace("}", ", \"load\": \"on-demand\", \"away-after\": \"100ms\"}"));
        await("the type", () -> services.in(EMPTY).runnable().contains("count"));
        assertThat(services.service("count").isToCome()).isFalse();
      }
      await("no type", () -> !services.in(EMPTY).runnable().contains("count"));
      assertThat(services.service("count").isToCome()).isTrue();
      assertThat(types(services)).as("what it is stays known").containsExactly("count");
    }
  }

  @Test
  void callsUnderWayEndWhereTheyBeganAndTheRestGoesToTheNewPlace() throws Exception {
    try (var first = labelling("first");
        var second = labelling("second");
        var services = services("")) {
      var begun = new CountDownLatch(1);
      var goOn = new CountDownLatch(1);
      first.work =
          exchange -> {
            begun.countDown();
            awaitUninterruptibly(goOn);
            TestService.json(exchange, 200, LABEL.formatted("first"));
          };
      tell(services, "count", 1, at(first)); // one call at a time
      await("the type", () -> types(services).equals(List.of("count")));
      var ofStage = services.service("count");
      var underWay = CompletableFuture.supplyAsync(() -> unchecked(ofStage));
      begun.await();
      var waits = CompletableFuture.supplyAsync(() -> unchecked(ofStage));
      await("the second one", () -> ofStage.waiting() == 1);

      tell(services, "count", 2, at(second));
      assertThat(label(waits.get(60, TimeUnit.SECONDS))).isEqualTo("second");
      var now = services.service("count");
      assertThat(underWay).isNotDone();
      assertThat(now.calls().get(0)).isEqualTo(new ServiceCalls(place(second), 0, 1, 0, 0, 0, 0));
      assertThat(now.calls().get(1)).isEqualTo(new ServiceCalls(place(first), 1, 0, 0, 0, 0, 0));

      goOn.countDown();
      assertThat(label(underWay.get(60, TimeUnit.SECONDS))).isEqualTo("first");
      await("the end of the old one", ofStage::isClosed);
      assertThat(now.calls().get(1)).isEqualTo(new ServiceCalls(place(first), 0, 1, 0, 0, 0, 0));
    }
  }

  @Test
  void whatAServiceOfBeforeDoesNotTakeGoesToTheNewPlace() throws Exception {
    try (var second = labelling("second");
        var services = services("")) {
      var first = labelling("first");
      tell(services, "count", 1, at(first));
      await("the type", () -> types(services).equals(List.of("count")));
      var ofStage = services.service("count");
      first.close();
      var waits = CompletableFuture.supplyAsync(() -> unchecked(ofStage));
      await("nobody takes it", () -> !ofStage.problem().isEmpty());

      tell(services, "count", 2, at(second));
      assertThat(label(waits.get(60, TimeUnit.SECONDS))).isEqualTo("second");
      await("the end of the old one", ofStage::isClosed);
    }
  }

  private static String onTrial(TestService service, TestService fallback) {
    return "{\"url\": \"%s\", \"fallback\": \"%s\"}".formatted(place(service), place(fallback));
  }

  @Test
  void whatOneOnTrialCannotDoTheOtherOneDoes() throws Exception {
    try (var old = labelling("old");
        var trial = labelling("trial");
        var services = services("")) {
      tell(services, "count", 1, at(old));
      await("the type", () -> types(services).equals(List.of("count")));
      var ofStage = services.service("count");
      tell(services, "count", 2, onTrial(trial, old));
      await("the one on trial", () -> services.service("count") != ofStage);
      var now = services.service("count");
      await("its fallback", () -> now.calls().stream().anyMatch(ServiceCalls::fallback));
      assertThat(label(call(ofStage))).isEqualTo("trial");
      trial.work = exchange -> TestService.json(exchange, 500, "{}");
      assertThat(label(call(ofStage))).isEqualTo("old");
      trial.work = exchange -> TestService.json(exchange, 400, "{}");
      assertThat(label(call(ofStage))).isEqualTo("old");
      trial.work = exchange -> TestService.json(exchange, 200, "{\"type\": \"lab");
      assertThat(label(call(ofStage))).isEqualTo("old");
      trial.work = HttpExchange::close;
      assertThat(label(call(ofStage))).isEqualTo("old");
      assertThat(now.calls())
          .containsExactly(
              new ServiceCalls(place(trial), 0, 1, 2, 1, 0, 1),
              new ServiceCalls(place(old), 0, 4, 0, 0, 0, 0, true),
              new ServiceCalls(place(old), 0, 0, 0, 0, 0, 0));

      old.work = exchange -> TestService.json(exchange, 400, "{\"detail\": \"no such thing\"}");
      assertThat(call(ofStage)).as("at both").isInstanceOf(Outcome.Failed.class);
    }
  }

  @Test
  void whileNobodyListensAtTheOneOnTrialAllGoesToTheOther() throws Exception {
    try (var old = labelling("old");
        var services = services("")) {
      var trial = labelling("trial");
      tell(services, "count", 1, onTrial(trial, old));
      await("the type", () -> types(services).equals(List.of("count")));
      var ofStage = services.service("count");
      assertThat(label(call(ofStage))).isEqualTo("trial");
      trial.close();
      for (int i = 0; i < 5; i++) assertThat(label(call(ofStage))).isEqualTo("old");
      assertThat(ofStage.calls().get(0).broken()).isPositive();
    }
  }

  @Test
  void whileTheOneOnTrialAsksToWaitAllGoesToTheOther() throws Exception {
    try (var old = labelling("old");
        var trial = labelling("trial");
        var services = services("")) {
      tell(services, "count", 1, onTrial(trial, old));
      await("the type", () -> types(services).equals(List.of("count")));
      var ofStage = services.service("count");
      assertThat(label(call(ofStage))).isEqualTo("trial");
      trial.work =
          exchange -> {
            exchange.getResponseHeaders().set("Retry-After", "60");
            TestService.json(exchange, 503, "{}");
          };
      for (int i = 0; i < 5; i++) assertThat(label(call(ofStage))).isEqualTo("old");
      assertThat(ofStage.calls().get(0))
          .isEqualTo(new ServiceCalls(place(trial), 0, 1, 5, 0, 0, 0));
    }
  }

  @Test
  void oneThatHasPassedItsTrialGoesOnAloneAndOneThatHasNotIsLeft() throws Exception {
    try (var old = labelling("old");
        var trial = labelling("trial");
        var services = services("")) {
      tell(services, "count", 1, onTrial(trial, old));
      await("the type", () -> types(services).equals(List.of("count")));
      var ofStage = services.service("count");
      await("its fallback", () -> ofStage.calls().size() == 2);
      tell(services, "count", 2, at(trial));
      await("no fallback", () -> ofStage.calls().stream().noneMatch(ServiceCalls::fallback));
      assertThat(services.service("count")).as("nothing else has changed").isSameAs(ofStage);
      assertThat(label(call(ofStage))).isEqualTo("trial");

      tell(services, "count", 3, onTrial(trial, old));
      await("its fallback", () -> ofStage.calls().stream().anyMatch(ServiceCalls::fallback));
      tell(services, "count", 4, at(old));
      await("the old one", () -> services.service("count") != ofStage);
      assertThat(label(call(ofStage))).isEqualTo("old");
    }
  }

  @Test
  void aFallbackIsHeldToTheRulesOfAUrl() {
    try (var trial = labelling("trial");
        var services = services("")) {
      tell(
          services,
          "count",
          1,
          "{\"url\": \"%s\", \"fallback\": \"http://example.org/\"}".formatted(place(trial)));
      await("a problem", () -> services.problem().isPresent());
      assertThat(services.problem().orElseThrow()).contains("example.org");
    }
  }

  @Test
  void callsAreCountedByHowTheyEnd() throws Exception {
    try (var service = labelling("a");
        var services = services("")) {
      tell(services, "count", 1, at(service));
      await("the type", () -> types(services).equals(List.of("count")));
      var ofStage = services.service("count");
      call(ofStage);
      service.work = exchange -> TestService.json(exchange, 500, "{}");
      call(ofStage);
      service.work = exchange -> TestService.json(exchange, 400, "{}");
      call(ofStage);
      service.work = exchange -> TestService.json(exchange, 200, "{\"type\": \"lab");
      call(ofStage);
      service.work =
          exchange -> TestService.json(exchange, 200, "{\"type\": \"text\", \"text\": [\"a\"]}");
      call(ofStage);
      service.work = HttpExchange::close;
      call(ofStage);
      assertThat(ofStage.calls())
          .containsExactly(new ServiceCalls(place(service), 0, 1, 2, 2, 0, 1));
    }
  }

  private static String place(TestService service) {
    return "http://127.0.0.1:%s/".formatted(service.port());
  }

  private static Outcome unchecked(Service<?> service) {
    try {
      return call(service);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aServiceForOtherNodesIsNotStarted() {
    try (var one = labelling("one");
        var services = services("")) {
      services.declared(
          List.of(
              new DeclaredService("there", 1, Optional.of(at(one).replace("edge-1", "edge-2"))),
              new DeclaredService("here", 1, Optional.of(at(one)))),
          "edge-1",
          Role.EDGE);
      await("the type", () -> types(services).equals(List.of("here")));
      assertThat(services.problem()).isEmpty();
    }
  }

  @Test
  void theConfigurationHoldsAndThatIsTold() {
    try (var configured = labelling("configured");
        var declared = labelling("declared");
        var services =
            services(
                "services.count { url = \"http://127.0.0.1:%s/\" }".formatted(configured.port()))) {
      var before = services.service("count");
      tell(services, "count", 1, at(declared));
      await("a problem", () -> services.problem().isPresent());
      assertThat(services.problem().orElseThrow())
          .contains("count is declared by this node's configuration too, which holds");
      assertThat(services.service("count")).isSameAs(before);
      tell(services, "count", 2, "");
      await("no problem", () -> services.problem().isEmpty());
      assertThat(services.service("count")).isSameAs(before);
    }
  }

  @Test
  void aProgramIsNotStartedUnlessTheNodeAllowsIt() {
    var made = dir.resolve("made");
    var json = "{\"command\": [\"touch\", \"%s\"]}".formatted(made);
    try (var services = services("")) {
      tell(services, "count", 1, json);
      await("a problem", () -> services.problem().isPresent());
      assertThat(services.problem().orElseThrow()).contains("commands is false");
    }
    assertThat(made).doesNotExist();
    try (var services = services("services-over-api.commands = true")) {
      tell(services, "count", 1, json);
      await("the program", () -> Files.exists(made));
      assertThat(services.problem()).isEmpty();
    }
  }
}
