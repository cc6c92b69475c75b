package io.dayu.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.DoubleNode;
import com.google.protobuf.ByteString;
import io.dayu.conformance.FakeGrpcService.Credit;
import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.service.wire.Body;
import io.dayu.service.wire.Call;
import io.dayu.service.wire.Failure;
import io.dayu.service.wire.Reply;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class GrpcConformanceTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final Credit GOOD = new Credit(4, 1);
  private static final String WITHOUT_ACCEPTS =
      FakeService.DESCRIPTION
          .replace("\"accepts\": [\"application/json\"], ", "")
          .replace("[\"readings\"]", "[\"readings\", \"opaque\"]");

  private static List<Check> run(URI url, Duration timeout) throws InterruptedException {
    return Conformance.run(
        new Conformance.Trial(
            url, timeout, Map.of("limit", new DoubleNode(30)), Optional.empty(), Optional.empty()));
  }

  private static List<Check> run(
      String description, Credit credit, Duration timeout, Function<Call, Reply.Builder> work)
      throws Exception {
    try (var service = new FakeGrpcService(description, credit, work)) {
      return run(service.url(), timeout);
    }
  }

  /** What is wrong with a service that takes elements as protobuf. */
  private static List<Check> wrong(Function<Call, Reply.Builder> work) throws Exception {
    return run(WITHOUT_ACCEPTS, GOOD, TIMEOUT, work).stream()
        .filter(check -> check.grade() == Check.Grade.WRONG)
        .toList();
  }

  private static Reply.Builder failed(String reason) {
    return Reply.newBuilder().setFailed(Failure.newBuilder().setReason(reason));
  }

  private static Reply.Builder good(Call call) {
    if (!call.getParams().equals("{\"limit\":30.0}")) return failed("limit is missing");
    if (!call.getElement().hasPayload()) return failed("the element has no payload");
    return labels();
  }

  private static Reply.Builder labels() {
    return Reply.newBuilder()
        .setOutput(
            Media.newBuilder()
                .setLabels(
                    Labels.newBuilder().addLabel(Label.newBuilder().setName("n").setValue(1))));
  }

  @Test
  void aServiceThatKeepsTheContractIsToldSo() throws Exception {
    var checks = run(WITHOUT_ACCEPTS, GOOD, TIMEOUT, GrpcConformanceTest::good);
    assertThat(checks)
        .allSatisfy(
            check -> assertThat(check.grade()).as(check.toString()).isEqualTo(Check.Grade.OK))
        .extracting(Check::what)
        .contains(
            "grants credit",
            "readings as application/x-protobuf",
            "opaque as application/x-protobuf",
            "refuses an element without what it needs",
            "refuses missing parameters",
            "refuses parameters that are no JSON",
            "a message that is none breaks off its stream only",
            "100 in a row",
            "several in one message",
            "an element of 8 MB");
  }

  @Test
  void aServiceThatTakesAndGivesJsonDoesToo() throws Exception {
    var checks =
        run(
            FakeService.DESCRIPTION,
            GOOD,
            TIMEOUT,
            call -> {
              if (!call.getParams().equals("{\"limit\":30.0}")) return failed("limit is missing");
              if (!call.getBody().getContent().toStringUtf8().startsWith("{\"payload\""))
                return failed("this is no element");
              return Reply.newBuilder()
                  .setBody(
                      Body.newBuilder()
                          .setContentType("application/json")
                          .setContent(ByteString.copyFromUtf8(FakeService.LABELS)));
            });
    assertThat(checks)
        .allSatisfy(
            check -> assertThat(check.grade()).as(check.toString()).isEqualTo(Check.Grade.OK))
        .extracting(Check::what)
        .contains("readings as application/json", "refuses a body that is no application/json");
  }

  @Test
  void withoutCreditNothingIsSent() throws Exception {
    var checks =
        run(WITHOUT_ACCEPTS, new Credit(0, 1), Duration.ofSeconds(1), GrpcConformanceTest::good);
    assertThat(checks)
        .filteredOn(check -> check.grade() == Check.Grade.WRONG)
        .singleElement()
        .satisfies(
            check -> {
              assertThat(check.what()).isEqualTo("grants credit");
              assertThat(check.remedy()).contains("as soon as Work is called");
            });
  }

  @Test
  void oneThatGrantsNoMoreIsTold() throws Exception {
    var checks =
        run(WITHOUT_ACCEPTS, new Credit(8, 0), Duration.ofSeconds(2), GrpcConformanceTest::good);
    assertThat(checks)
        .filteredOn(check -> check.grade() == Check.Grade.WRONG)
        .singleElement()
        .satisfies(
            check -> {
              assertThat(check.what()).isEqualTo("100 in a row");
              assertThat(check.found()).isEqualTo("nothing after 8 elements");
              assertThat(check.remedy()).contains("with each reply");
            });
  }

  @Test
  void whatItGivesIsComparedWithItsDescription() throws Exception {
    assertThat(
            wrong(
                call ->
                    good(call).hasOutput()
                        ? Reply.newBuilder()
                            .setOutput(Media.newBuilder().setOpaque(ByteString.copyFromUtf8("x")))
                        : good(call)))
        .extracting(Check::found)
        .contains("it gives opaque, its description says labels");
  }

  @Test
  void whatItShouldRefuseItMayNeitherTakeNorWantAgain() throws Exception {
    assertThat(wrong(call -> labels()))
        .extracting(Check::what)
        .containsExactlyInAnyOrder(
            "refuses an element without what it needs",
            "refuses missing parameters",
            "refuses parameters that are no JSON");
    assertThat(
            wrong(
                call ->
                    good(call).hasOutput()
                        ? good(call)
                        : Reply.newBuilder()
                            .setFailed(
                                Failure.newBuilder().setReason("a defect").setRetryable(true))))
        .extracting(Check::found)
        .contains("would be tried again for nothing: a defect");
  }

  @Test
  void whereNobodyListensNothingElseIsTried() throws Exception {
    int port;
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    var checks = run(URI.create("grpc://127.0.0.1:" + port), Duration.ofSeconds(1));
    assertThat(checks).hasSize(2);
    assertThat(checks.get(0).found()).contains("nobody listens there");
    assertThat(checks.get(1).grade()).isEqualTo(Check.Grade.LEFT_OUT);
  }
}
