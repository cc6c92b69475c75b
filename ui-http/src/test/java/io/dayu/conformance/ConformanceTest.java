package io.dayu.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import io.dayu.conformance.FakeService.Behaviour;
import io.dayu.conformance.FakeService.Reply;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConformanceTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private static List<Check> run(URI url, Duration timeout, Map<String, JsonNode> params)
      throws InterruptedException {
    return Conformance.run(
        new Conformance.Trial(url, timeout, params, Optional.empty(), Optional.empty()));
  }

  private static List<Check> run(Behaviour behaviour) throws Exception {
    try (var service = new FakeService(behaviour)) {
      return run(service.url(), TIMEOUT, Map.of("limit", new DoubleNode(30)));
    }
  }

  /**
   * What is wrong with a service that answers otherwise where the given behaviour has an answer.
   */
  private static List<Check> wrong(Special special) throws Exception {
    return run(asked -> special.answer(asked).orElseGet(() -> FakeService.good(asked))).stream()
        .filter(check -> check.grade() == Check.Grade.WRONG)
        .toList();
  }

  @FunctionalInterface
  private interface Special {
    Optional<Reply> answer(FakeService.Asked asked) throws IOException;
  }

  private static Special elements(Reply reply) {
    return asked -> {
      boolean good = FakeService.good(asked).status() == 200;
      return asked.method().equals("POST") && good ? Optional.of(reply) : Optional.empty();
    };
  }

  private static Special description(String from, String to) {
    assertThat(FakeService.DESCRIPTION).contains(from);
    return asked ->
        asked.path().equals("/.well-known/dayu-stage")
            ? Optional.of(Reply.json(FakeService.DESCRIPTION.replace(from, to)))
            : Optional.empty();
  }

  private static Special refusals(int status) {
    return asked ->
        FakeService.good(asked).status() == 200 || !asked.method().equals("POST")
            ? Optional.empty()
            : Optional.of(Reply.text(status, "oops"));
  }

  @Test
  void aServiceThatKeepsTheContractPassesAllChecks() throws Exception {
    assertThat(run(FakeService::good))
        .extracting(Check::what, Check::grade)
        .containsExactly(
            ok("answers"),
            ok("tells its description"),
            ok("description"),
            ok("health"),
            ok("readings as application/json"),
            ok("refuses an element without what it needs"),
            ok("refuses missing parameters"),
            ok("refuses a body that is no application/json"),
            ok("refuses another content type"),
            ok("refuses parameters that are no JSON"),
            ok("refuses bytes that are no HTTP"),
            ok("bears a caller that leaves in the middle"),
            ok("100 in a row over one connection"),
            ok("calls at once"),
            ok("a batch"),
            ok("side inputs"));
  }

  /** Which value an element has is known by its digest alone. */
  @Test
  void aServiceThatTakesSideInputsAsksForThoseThatItDoesNotHave() throws Exception {
    Special taking =
        asked -> {
          if (asked.path().startsWith("/side/")) return Optional.of(Reply.text(200, ""));
          boolean lacks =
              asked.headers().getOrDefault("ce-dayuside", "").endsWith("=" + "0".repeat(64));
          return lacks ? Optional.of(Reply.text(428, "give it")) : Optional.empty();
        };
    assertThat(wrong(taking)).isEmpty();
    Special guessing =
        asked ->
            asked.path().startsWith("/side/") ? Optional.of(Reply.text(200, "")) : Optional.empty();
    assertThat(wrong(guessing))
        .singleElement()
        .satisfies(
            check -> {
              assertThat(check.what()).isEqualTo("side inputs");
              assertThat(check.remedy()).contains("428");
            });
    Special refusing =
        asked ->
            asked.path().startsWith("/side/")
                ? Optional.of(Reply.text(500, "no room"))
                : Optional.empty();
    assertThat(wrong(refusing)).extracting(Check::what).containsExactly("side inputs");
  }

  private static org.assertj.core.groups.Tuple ok(String what) {
    return tuple(what, Check.Grade.OK);
  }

  @Test
  void requiredParametersAreMadeUpWhereNoneAreGiven() throws Exception {
    try (var service = new FakeService(FakeService::good)) {
      assertThat(run(service.url(), TIMEOUT, Map.of()))
          .allMatch(check -> check.grade() == Check.Grade.OK);
    }
  }

  @Test
  void aServiceThatIsNotThereIsNotTestedFurther() throws Exception {
    URI url;
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      url = URI.create("http://127.0.0.1:" + free.getLocalPort() + "/");
    }
    var checks = run(url, Duration.ofMillis(200), Map.of());
    assertThat(checks)
        .extracting(Check::grade)
        .containsExactly(Check.Grade.WRONG, Check.Grade.LEFT_OUT);
    assertThat(checks.get(0).found()).contains("not ready within 200 ms", "refused");
    assertThat(checks.get(0).remedy()).contains("start the service");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"output\": \"labels\"   | \"output\": \"label\"   | output is \"label\", which is no media type",
        "[\"readings\"]           | [\"frame\"]             | payload[0] is \"frame\", which is no media type",
        "[\"readings\"]           | []                      | it reads nothing",
        "\"inputs\": [] | \"inputs\": {\"a b\": [\"text\"]} | inputs has \"a b\", which is no name",
        "\"inputs\": [] | \"inputs\": {\"a\": {\"types\": []}} | inputs.a has no media type",
        "\"inputs\": [] | \"inputs\": {\"a\": {\"types\": [\"text\"], \"required\": 1}} | inputs.a.required is 1",
        "\"number\"               | \"float\"               | parameter limit has the type \"float\"",
        "[\"limit\"]              | [\"limits\"]            | parameters requires \"limits\"",
        "\"parallelism\": 4       | \"parallelism\": 0      | parallelism is 0",
        "application/json         | text/json               | accepts names \"text/json\"",
        "\"application/json\"     | \"image/jpeg\"          | accepts has nothing in which all of its inputs fit",
        "dayu.io/v1alpha1         | dayu.io/v9              | apiVersion is \"dayu.io/v9\"",
        "{\"type\": \"number\"}   | {\"type\": \"number\", \"default\": \"x\"} | parameter limit has the default \"x\"",
        "\"Counts\",              | \"Counts\"              | it is no JSON",
      })
  void aDescriptionThatNodesCannotUseIsTold(String from, String to, String found) throws Exception {
    var wrong = wrong(description(from, to));
    assertThat(wrong).isNotEmpty();
    assertThat(wrong.get(0).what()).isEqualTo("description");
    assertThat(wrong.get(0).found()).contains(found);
    assertThat(wrong.get(0).remedy()).isNotEmpty();
  }

  @Test
  void aServiceWithoutDescriptionIsTestedByAGivenOne() throws Exception {
    Behaviour silent =
        asked -> asked.path().startsWith("/.well") ? Reply.text(404, "") : FakeService.good(asked);
    assertThat(run(silent))
        .filteredOn(check -> check.grade() == Check.Grade.WRONG)
        .singleElement()
        .satisfies(check -> assertThat(check.remedy()).contains("--description FILE"));
    try (var service = new FakeService(silent)) {
      var given = FakeService.DESCRIPTION.getBytes(StandardCharsets.UTF_8);
      assertThat(
              Conformance.run(
                  new Conformance.Trial(
                      service.url(), TIMEOUT, Map.of(), Optional.of(given), Optional.empty())))
          .allMatch(check -> check.grade() == Check.Grade.OK);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"type\": \"text\", \"text\": []}                     | the output is text, and the description says labels",
        "{\"type\": \"sound\"}                                  | \"sound\", which is no media type",
        "{\"type\": \"labels\", \"labels\": {\"n\": 1}}         | no list",
        "{\"type\": \"labels\", \"labels\": [{\"name\": \"n\"}]} | labels[0]: value is missing",
        "{\"labels\": []}                                       | no object with a type",
        "labels                                                 | the answer is no JSON",
      })
  void anOutputThatNodesCannotReadIsTold(String output, String found) throws Exception {
    var wrong = wrong(elements(Reply.json(output)));
    assertThat(wrong.get(0).what()).isEqualTo("readings as application/json");
    assertThat(wrong.get(0).found()).contains(found);
  }

  @Test
  void anOutputNeedsAContentTypeThatNodesKnow() throws Exception {
    var wrong = wrong(elements(new Reply(200, "text/html", FakeService.LABELS, Map.of())));
    assertThat(wrong.get(0).found()).isEqualTo("the output has the content type text/html");
    assertThat(wrong.get(0).remedy()).contains("send content-type");
  }

  @ParameterizedTest
  @CsvSource({
    "500, would be tried again, its log",
    "429, would be tried again, 422",
    "404, failed for good, correct the description",
    "302, redirects to http://else/, give its own url",
    "201, 201, answer 200 with an output",
  })
  void anElementThatIsNotWorkedOnIsTold(int status, String found, String remedy) throws Exception {
    var reply = new Reply(status, "text/plain", "oops", Map.of("location", "http://else/"));
    var wrong = wrong(elements(reply));
    assertThat(wrong.get(0).what()).isEqualTo("readings as application/json");
    assertThat(wrong.get(0).found()).contains(found);
    assertThat(wrong.get(0).remedy()).contains(remedy);
  }

  @Test
  void skippingIsAnAnswer() throws Exception {
    Special skips = elements(new Reply(204, "text/plain", "", Map.of("dayu-reason", "cold")));
    assertThat(wrong(skips)).extracting(Check::what).containsExactly("a batch");
  }

  @ParameterizedTest
  @CsvSource({"500, would be tried again for nothing", "204, worked on as if all were well"})
  void whatCannotWorkMustBeRefusedForGood(int status, String found) throws Exception {
    assertThat(wrong(refusals(status)))
        .extracting(Check::what)
        .containsExactly(
            "refuses an element without what it needs",
            "refuses missing parameters",
            "refuses a body that is no application/json",
            "refuses another content type",
            "refuses parameters that are no JSON");
    assertThat(wrong(refusals(status))).allMatch(check -> check.found().contains(found));
  }

  @Test
  void aConnectionThatIsNotKeptIsTold() throws Exception {
    var closing =
        new Reply(200, "application/json", FakeService.LABELS, Map.of("connection", "close"));
    Special special =
        asked ->
            asked.headers().getOrDefault("content-type", "").equals("application/json")
                ? elements(closing).answer(asked)
                : Optional.empty();
    assertThat(wrong(special))
        .singleElement()
        .satisfies(
            check -> {
              assertThat(check.what()).isEqualTo("100 in a row over one connection");
              assertThat(check.found()).isEqualTo("it closes the connection after answer 1");
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[]                                   | 0 answers to 4 events",
        "[{}, {}, {}, {}]                     | answer 0 has the id missing",
        "{\"id\": \"0.1\"}                    | answers to 4 events",
      })
  void aBatchIsAnsweredOneByOne(String body, String found) throws Exception {
    Special special =
        asked ->
            asked.headers().getOrDefault("content-type", "").contains("batch")
                ? Optional.of(Reply.json(body))
                : Optional.empty();
    assertThat(wrong(special))
        .singleElement()
        .satisfies(
            check -> {
              assertThat(check.what()).isEqualTo("a batch");
              assertThat(check.found()).contains(found);
            });
  }

  @Test
  void aServiceThatHangsIsToldAfterTheTimeout() throws Exception {
    var never = new CountDownLatch(1);
    try (var service =
        new FakeService(
            asked -> {
              if (asked.method().equals("POST"))
                try {
                  assertThat(never.await(10, TimeUnit.SECONDS)).isTrue();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              return FakeService.good(asked);
            })) {
      var checks = run(service.url(), Duration.ofMillis(500), Map.of());
      assertThat(checks)
          .filteredOn(check -> check.what().equals("readings as application/json"))
          .singleElement()
          .satisfies(
              check -> {
                assertThat(check.found()).isEqualTo("no answer within 500 ms");
                assertThat(check.remedy()).contains("--timeout");
              });
      assertThat(checks).extracting(Check::what).contains("many elements");
      never.countDown();
    }
  }

  @Test
  void whatIsNoHttpIsTold() throws Exception {
    Thread thread;
    try (var listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      thread =
          new Thread(
              () -> {
                try {
                  while (true)
                    try (var socket = listener.accept()) {
                      socket
                          .getOutputStream()
                          .write("220 smtp\r\n".getBytes(StandardCharsets.US_ASCII));
                    }
                } catch (IOException e) {
                  // The test has ended.
                }
              });
      thread.start();
      var checks =
          run(
              URI.create("http://127.0.0.1:" + listener.getLocalPort() + "/"),
              Duration.ofMillis(300),
              Map.of());
      assertThat(checks.get(0).found()).contains("it answers \"220 smtp\", which is no HTTP/1.1");
    }
    thread.join();
  }
}
