package io.dayu.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.element.Element;
import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.element.Text;
import io.dayu.facts.DeclaredService;
import io.dayu.facts.NodeReport.Role;
import io.dayu.pipeline.Catalog;
import io.dayu.service.wire.Failure;
import io.dayu.service.wire.Reply;
import io.dayu.stage.Outcome;
import io.dayu.stage.Params;
import io.dayu.stage.ServiceCalls;
import io.dayu.stage.StageContext;
import io.grpc.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Revisions of a service over gRPC under stages that were made before. */
class GrpcRevisionsTest {
  private static final Catalog EMPTY = new Catalog(List.of(), List.of(), List.of());
  private static final String FOUR_AT_ONCE =
      """
      {"apiVersion": "dayu.io/v1alpha1", "payload": ["text"], "output": "labels", "parallelism": 4}
      """;

  @TempDir Path dir;
  private final TestGrpcService old = labelling("old");
  private final TestGrpcService next = labelling("next");
  private Services services;

  @BeforeEach
  void start() {
    services = Services.start(ServiceSettingsTest.settings(""), EMPTY, dir);
  }

  @AfterEach
  void close() {
    services.close();
    old.close();
    next.close();
  }

  private static Media labels(String name) {
    return Media.newBuilder()
        .setLabels(Labels.newBuilder().addLabel(Label.newBuilder().setName(name).setValue(1)))
        .build();
  }

  private static Outcome from(String name) {
    return new Outcome.Output(labels(name));
  }

  private static TestGrpcService labelling(String name) {
    var service = TestGrpcService.start();
    service.work = each(Reply.newBuilder().setOutput(labels(name)));
    return service;
  }

  private static TestGrpcService.Work each(Reply.Builder reply) {
    return (stream, calls) -> calls.getCallList().forEach(call -> stream.reply(call, reply));
  }

  private static TestGrpcService.Work failing(Failure.Builder failure) {
    return each(Reply.newBuilder().setFailed(failure.setReason("it cannot")));
  }

  private static String place(TestGrpcService service) {
    return "grpc://127.0.0.1:" + service.port();
  }

  private void tell(long version, String more) {
    var json = "{\"transport\": \"grpc\", %s}".formatted(more);
    services.declared(
        List.of(new DeclaredService("count", version, Optional.of(json))), "edge-1", Role.EDGE);
  }

  private static String at(TestGrpcService service) {
    return "\"url\": \"%s\"".formatted(place(service));
  }

  private Service<?> ofStageAt(String place) {
    tell(1, place);
    await("the type", () -> !services.in(EMPTY).services().isEmpty());
    return services.service("count");
  }

  /** The old one does what the next one cannot. */
  private Service<?> onTrial() throws Exception {
    var ofStage = ofStageAt("%s, \"fallback\": \"%s\"".formatted(at(next), place(old)));
    await("its fallback", () -> ofStage.calls().stream().anyMatch(ServiceCalls::fallback));
    assertThat(get(call(ofStage))).isEqualTo(from("next"));
    return ofStage;
  }

  private static void await(String what, java.util.concurrent.Callable<Boolean> done) {
    Awaitility.await(what).atMost(Duration.ofSeconds(60)).until(done);
  }

  private static CompletionStage<Outcome> call(Service<?> service) {
    var stage =
        ServiceCall.Stage.of(new StageContext("p", "count-1", "edge-1", new Params(Map.of())));
    var text = Media.newBuilder().setText(Text.newBuilder().addLine("a")).build();
    return service.call(Element.newBuilder().setStream("p/s").setPayload(text).build(), stage);
  }

  private static Outcome get(CompletionStage<Outcome> outcome) throws Exception {
    return outcome.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  @Test
  void callsUnderWayEndWhereTheyBeganAndTheRestGoesToTheNewPlace() throws Exception {
    old.work = (stream, calls) -> {}; // one call at a time
    var ofStage = ofStageAt(at(old));
    var underWay = call(ofStage);
    await("the first one", () -> old.got.size() == 1);
    var waits = call(ofStage);
    assertThat(ofStage.waiting()).isEqualTo(1);

    tell(2, at(next));
    assertThat(get(waits)).isEqualTo(from("next"));
    var now = services.service("count");
    assertThat(underWay.toCompletableFuture()).isNotDone();
    assertThat(now.calls())
        .containsExactly(
            new ServiceCalls(place(next), 0, 1, 0, 0, 0, 0),
            new ServiceCalls(place(old), 1, 0, 0, 0, 0, 0));

    old.streams.get(0).reply(old.got.get(0), Reply.newBuilder().setOutput(labels("old")));
    assertThat(get(underWay)).isEqualTo(from("old"));
    await("the end of the old one", ofStage::isClosed);
    old.streams.get(0).cancelled.get(60, TimeUnit.SECONDS);
    assertThat(now.calls().get(1)).isEqualTo(new ServiceCalls(place(old), 0, 1, 0, 0, 0, 0));
    assertThat(get(call(ofStage))).as("the stage was made before").isEqualTo(from("next"));
  }

  /** Several put back when the stream breaks: nobody asks the old one again. */
  @Test
  void whatTheOldPlaceBreaksOffGoesToTheNewOne() throws Exception {
    old.description = FOUR_AT_ONCE;
    old.work = (stream, calls) -> {};
    var ofStage = ofStageAt(at(old));
    var underWay = new ArrayList<CompletionStage<Outcome>>();
    for (int i = 0; i < 3; i++) underWay.add(call(ofStage));
    await("all", () -> old.got.size() == 3);

    tell(2, at(next));
    await("the new place", () -> services.service("count") != ofStage);
    old.streams.get(0).end(Status.UNAVAILABLE);
    for (var call : underWay) assertThat(get(call)).isEqualTo(from("next"));
    await("the end of the old one", ofStage::isClosed);
    assertThat(old.streams).hasSize(1);
  }

  @Test
  void whatOneOnTrialCannotDoTheOtherOneDoes() throws Exception {
    var ofStage = onTrial();
    next.work = failing(Failure.newBuilder().setRetryable(true));
    assertThat(get(call(ofStage))).isEqualTo(from("old"));
    next.work = failing(Failure.newBuilder());
    assertThat(get(call(ofStage))).isEqualTo(from("old"));
    next.work = each(Reply.newBuilder().setOutput(Media.getDefaultInstance()));
    assertThat(get(call(ofStage))).isEqualTo(from("old"));
    next.work = (stream, calls) -> stream.end(Status.INTERNAL);
    assertThat(get(call(ofStage))).isEqualTo(from("old"));
    assertThat(ofStage.calls())
        .containsExactly(
            new ServiceCalls(place(next), 0, 1, 2, 1, 0, 1),
            new ServiceCalls(place(old), 0, 4, 0, 0, 0, 0, true));

    next.work = failing(Failure.newBuilder());
    old.work = failing(Failure.newBuilder());
    assertThat(get(call(ofStage))).as("at both").isEqualTo(new Outcome.Failed("it cannot", false));
  }

  @Test
  void allThatTheOneOnTrialBreaksOffAtGoesToTheOther() throws Exception {
    next.description = FOUR_AT_ONCE;
    var ofStage = onTrial();
    next.work =
        (stream, calls) -> {
          if (next.got.size() >= 4) stream.end(Status.INTERNAL);
        };
    var underWay = new ArrayList<CompletionStage<Outcome>>();
    for (int i = 0; i < 3; i++) underWay.add(call(ofStage));
    for (var call : underWay) assertThat(get(call)).isEqualTo(from("old"));
    assertThat(ofStage.calls())
        .containsExactly(
            new ServiceCalls(place(next), 0, 1, 0, 0, 0, 3),
            new ServiceCalls(place(old), 0, 3, 0, 0, 0, 0, true));
  }

  @Test
  void whileNobodyListensAtTheOneOnTrialAllGoesToTheOther() throws Exception {
    var ofStage = onTrial();
    var closed = place(next);
    next.close();
    for (int i = 0; i < 5; i++) assertThat(get(call(ofStage))).isEqualTo(from("old"));
    assertThat(ofStage.calls())
        .containsExactly(
            new ServiceCalls(closed, 0, 1, 0, 0, 0, 5),
            new ServiceCalls(place(old), 0, 5, 0, 0, 0, 0, true));
  }

  @Test
  void whileTheOneOnTrialAsksToWaitAllGoesToTheOther() throws Exception {
    var ofStage = onTrial();
    next.work = failing(Failure.newBuilder().setRetryAfterMs(60_000));
    for (int i = 0; i < 5; i++) assertThat(get(call(ofStage))).isEqualTo(from("old"));
    assertThat(next.got).as("asked once").hasSize(2);
    assertThat(ofStage.calls())
        .containsExactly(
            new ServiceCalls(place(next), 0, 1, 5, 0, 0, 0),
            new ServiceCalls(place(old), 0, 5, 0, 0, 0, 0, true));
  }
}
