package io.dayu.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.dayu.element.Element;
import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.element.Output;
import io.dayu.element.Text;
import io.dayu.pipeline.Catalog;
import io.dayu.service.wire.Body;
import io.dayu.service.wire.Call;
import io.dayu.service.wire.Calls;
import io.dayu.service.wire.Failure;
import io.dayu.service.wire.Replies;
import io.dayu.service.wire.Reply;
import io.dayu.stage.Outcome;
import io.dayu.stage.Params;
import io.dayu.stage.StageContext;
import io.grpc.Status;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GrpcServiceTest {
  private static final Catalog EMPTY = new Catalog(List.of(), List.of(), List.of());
  private static final Media CARS =
      Media.newBuilder()
          .setLabels(Labels.newBuilder().addLabel(Label.newBuilder().setName("cars").setValue(3)))
          .build();
  private static final Outcome.Output THREE_CARS = new Outcome.Output(CARS);

  /** Many at once. */
  private static final String MANY =
      """
      {"apiVersion": "dayu.io/v1alpha1", "payload": ["text"], "output": "labels", "parallelism": 4, "batch": 16}
      """;

  @TempDir Path dir;
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) open.get(i).close();
  }

  private <T extends AutoCloseable> T closed(T resource) {
    open.add(resource);
    return resource;
  }

  private TestGrpcService server() {
    return closed(TestGrpcService.start());
  }

  private GrpcService service(int port, String more) {
    var service = declared(port, more);
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(service::isDescribed);
    return service;
  }

  private GrpcService declared(int port, String more) {
    var settings =
        ServiceSettingsTest.settings(
            "services.count { transport = grpc, url = \"grpc://127.0.0.1:%s\"\n %s }"
                .formatted(port, more));
    return (GrpcService) closed(Services.start(settings, EMPTY, dir)).service("count");
  }

  private static Element element(long seq, Media payload) {
    return Element.newBuilder()
        .setStream("my-pipe/cam-0")
        .setSeq(seq)
        .setAttempt(2)
        .setCreatedAtMs(1_714_564_800_250L)
        .setPayload(payload)
        .build();
  }

  private static Element text(long seq) {
    return element(
        seq, Media.newBuilder().setText(Text.newBuilder().addLine("line " + seq)).build());
  }

  private static Media opaque(int bytes) {
    return Media.newBuilder().setOpaque(ByteString.copyFrom(new byte[bytes])).build();
  }

  private static ServiceCall.Stage stage(Map<String, Object> params) {
    return ServiceCall.Stage.of(
        new StageContext("my-pipe", "count-1", "edge-1", new Params(params)));
  }

  private static Outcome call(Service<?> service, Element element) throws Exception {
    return get(service.call(element, stage(Map.of())));
  }

  private static List<CompletionStage<Outcome>> calls(Service<?> service, int first, int last) {
    var outcomes = new ArrayList<CompletionStage<Outcome>>();
    for (int i = first; i <= last; i++) outcomes.add(service.call(text(i), stage(Map.of())));
    return outcomes;
  }

  private static Outcome get(CompletionStage<Outcome> outcome) throws Exception {
    return outcome.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private static void isFailed(Outcome outcome, boolean retryable, String... words) {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Outcome.Failed.class,
            failed -> {
              assertThat(failed.reason()).contains(words);
              assertThat(failed.retryable()).as(failed.reason()).isEqualTo(retryable);
            });
  }

  private static Reply.Builder cars() {
    return Reply.newBuilder().setOutput(CARS);
  }

  /** Answers each call by itself. */
  private static TestGrpcService.Work each(Reply.Builder reply) {
    return (stream, calls) -> calls.getCallList().forEach(call -> stream.reply(call, reply));
  }

  // What is sent

  @Test
  void aCallTellsWhichElementItIsAndHowLongItsAnswerIsWaitedFor() throws Exception {
    var server = server();
    server.work = each(cars());
    var service = service(server.port(), "timeout = 4s");
    var params = Map.<String, Object>of("limit", 30L, "unit", "°C");

    assertThat(get(service.call(text(17), stage(params)))).isEqualTo(THREE_CARS);

    var got = server.got.get(0);
    assertThat(got.getId()).isEqualTo(1);
    assertThat(got.getStage()).isEqualTo("count-1");
    assertThat(got.getParams()).isEqualTo("{\"limit\":30,\"unit\":\"\\u00B0C\"}");
    assertThat(got.getDeadlineMs()).isBetween(1, 4000);
    assertThat(got.getElement()).isEqualTo(text(17));
    assertThat(service.transport()).isEqualTo("grpc");
    assertThat(service.from()).isEqualTo("grpc://127.0.0.1:" + server.port());
  }

  @Test
  void whatAServiceDoesNotReadIsNotSent() throws Exception {
    var server = server();
    server.description =
        """
        {"apiVersion": "dayu.io/v1alpha1", "inputs": ["labels"], "output": "labels"}
        """;
    server.work = each(cars());
    var cars = Output.newBuilder().setStage("cars").setMedia(CARS).build();
    var element =
        text(1).toBuilder()
            .addOutputs(cars)
            .addOutputs(Output.newBuilder().setStage("crops").setMedia(opaque(3)))
            .build();
    assertThat(call(service(server.port(), ""), element)).isEqualTo(THREE_CARS);
    var got = server.got.get(0);
    assertThat(got.getParams()).isEmpty();
    assertThat(got.getElement().hasPayload()).isFalse();
    assertThat(got.getElement().getOutputsList()).containsExactly(cars);
  }

  @Test
  void aSideInputIsSentOnceThroughAStreamBeforeTheCallsThatNameIt() throws Exception {
    var server = server();
    var given = new java.util.concurrent.CopyOnWriteArrayList<String>();
    server.work =
        (stream, calls) -> {
          calls.getSideList().forEach(side -> given.add(side.getJson().toStringUtf8()));
          calls.getCallList().forEach(call -> stream.reply(call, cars()));
        };
    var service = service(server.port(), "");
    for (long version : new long[] {7, 7, 8, 7})
      assertThat(get(service.call(text(1).toBuilder().setSide(version).build(), TestSides.stage())))
          .isEqualTo(THREE_CARS);
    assertThat(given).containsExactly("7", "8");
    assertThat(server.got)
        .extracting(
            call ->
                call.getSide(0).getName()
                    + "="
                    + io.dayu.facts.SideFactsProto.digest(call.getSide(0).getSha256()))
        .containsExactly(
            "limits=" + TestSides.digest(7),
            "limits=" + TestSides.digest(7),
            "limits=" + TestSides.digest(8),
            "limits=" + TestSides.digest(7));
  }

  @Test
  void anElementOfEightMegabytesPassesBothWays() throws Exception {
    var server = server();
    server.description =
        """
        {"apiVersion": "dayu.io/v1alpha1", "payload": ["opaque"], "output": "opaque", "parallelism": 4}
        """;
    server.work =
        (stream, calls) ->
            calls
                .getCallList()
                .forEach(
                    call ->
                        stream.reply(
                            call, Reply.newBuilder().setOutput(call.getElement().getPayload())));
    var service = service(server.port(), "");
    var large = opaque(8_000_000);
    var outcomes = new ArrayList<CompletionStage<Outcome>>();
    for (int i = 0; i < 4; i++) outcomes.add(service.call(element(i, large), stage(Map.of())));
    for (var outcome : outcomes) assertThat(get(outcome)).isEqualTo(new Outcome.Output(large));
  }

  @Test
  void aServiceMayGetAndGiveWhatItWouldOverHttp() throws Exception {
    var server = server();
    server.description =
        """
        {"apiVersion": "dayu.io/v1alpha1", "payload": ["opaque", "text"], "output": "labels",
         "accepts": ["application/octet-stream", "application/json"]}
        """;
    server.work =
        (stream, calls) ->
            calls
                .getCallList()
                .forEach(
                    call ->
                        stream.reply(
                            call,
                            body(
                                "application/json",
                                "{\"type\": \"labels\", \"labels\": [{\"name\": \"cars\", \"value\": 3}]}")));
    var service = service(server.port(), "");
    assertThat(call(service, element(1, opaque(3)))).isEqualTo(THREE_CARS);
    assertThat(call(service, text(2))).isEqualTo(THREE_CARS);
    var bytes = server.got.get(0);
    assertThat(bytes.getBody().getContentType()).isEqualTo("application/octet-stream");
    assertThat(bytes.getBody().getContent()).isEqualTo(opaque(3).getOpaque());
    assertThat(bytes.getElement())
        .isEqualTo(element(1, opaque(3)).toBuilder().clearPayload().build());
    assertThat(server.got.get(1).getBody().getContent().toStringUtf8())
        .isEqualTo("{\"payload\":{\"type\":\"text\",\"text\":[\"line 2\"]},\"outputs\":{}}");
    server.work = each(body("application/json", "{"));
    isFailed(call(service, text(3)), true, "cannot be read");
  }

  private static Reply.Builder body(String type, String content) {
    return Reply.newBuilder()
        .setBody(
            Body.newBuilder().setContentType(type).setContent(ByteString.copyFromUtf8(content)));
  }

  @Test
  void whatFitsNoneOfTheFormsIsRefused() throws Exception {
    var server = server();
    server.description =
        """
        {"apiVersion": "dayu.io/v1alpha1", "payload": ["text"], "output": "labels", "accepts": ["image/jpeg"]}
        """;
    isFailed(call(service(server.port(), ""), text(1)), false, "the service takes image/jpeg");
    assertThat(server.got).isEmpty();
  }

  @Test
  void aServiceMayListenAtAUnixSocket() throws Exception {
    var server = server();
    server.description =
        """
        {"apiVersion": "dayu.io/v1alpha1", "payload": ["opaque"], "output": "opaque", "parallelism": 4}
        """;
    server.work =
        (stream, calls) ->
            calls
                .getCallList()
                .forEach(
                    call ->
                        stream.reply(
                            call, Reply.newBuilder().setOutput(call.getElement().getPayload())));
    var socket = dir.resolve("it.sock");
    var services =
        closed(
            Services.start(
                ServiceSettingsTest.settings(
                    "services.count { transport = grpc, url = \"unix:%s\" }".formatted(socket)),
                EMPTY,
                dir));
    var service = (GrpcService) services.service("count");
    Awaitility.await().until(() -> service.problem().equals("nobody listens there"));
    closed(new Relay(socket, server.port()));
    Awaitility.await().until(service::isDescribed);
    assertThat(service.from()).isEqualTo("unix:" + socket);
    var large = opaque(8_000_000);
    var outcomes = new ArrayList<CompletionStage<Outcome>>();
    for (int i = 0; i < 4; i++) outcomes.add(service.call(element(i, large), stage(Map.of())));
    for (var outcome : outcomes) assertThat(get(outcome)).isEqualTo(new Outcome.Output(large));
  }

  // What answers mean

  @Test
  void everyOutcomeIsTakenAsItIsMeant() throws Exception {
    var server = server();
    var service = service(server.port(), "");
    server.work = each(Reply.newBuilder().setSkip("nothing moves"));
    assertThat(call(service, text(1))).isEqualTo(new Outcome.Skip("nothing moves"));
    server.work = each(Reply.newBuilder().setSkip(""));
    assertThat(call(service, text(2))).isEqualTo(new Outcome.Skip("skipped by the service"));
    server.work = each(Reply.newBuilder().setFailed(Failure.newBuilder().setReason("too\ndark")));
    assertThat(call(service, text(3))).isEqualTo(new Outcome.Failed("too dark", false));
    server.work =
        each(
            Reply.newBuilder()
                .setFailed(Failure.newBuilder().setReason("busy").setRetryable(true)));
    assertThat(call(service, text(4))).isEqualTo(new Outcome.Failed("busy", true));
    server.work = each(cars());
    assertThat(call(service, text(5))).isEqualTo(THREE_CARS);
  }

  @Test
  void anOutputOfAnotherTypeThanDescribedFailsForGood() throws Exception {
    var server = server();
    server.work = each(Reply.newBuilder().setOutput(opaque(3)));
    isFailed(call(service(server.port(), ""), text(1)), false, "gave opaque", "says labels");
  }

  @Test
  void anAnswerThatSaysNothingIsTriedAgain() throws Exception {
    var server = server();
    var service = service(server.port(), "");
    server.work = each(Reply.newBuilder());
    isFailed(call(service, text(1)), true, "answer is empty");
    server.work = each(Reply.newBuilder().setOutput(Media.getDefaultInstance()));
    isFailed(call(service, text(2)), true, "empty Media");
  }

  @Test
  void aServiceThatAsksToWaitIsNotCalledMeanwhile() throws Exception {
    var server = server();
    var service = service(server.port(), "");
    server.work =
        each(
            Reply.newBuilder()
                .setFailed(Failure.newBuilder().setReason("warming up").setRetryAfterMs(1000)));
    isFailed(call(service, text(1)), true, "warming up");
    long asked = System.nanoTime();
    server.work = each(cars());
    assertThat(call(service, text(2))).isEqualTo(THREE_CARS);
    assertThat(Duration.ofNanos(System.nanoTime() - asked)).isGreaterThan(Duration.ofMillis(500));
    assertThat(server.got).hasSize(2);
  }

  // Credit

  @Test
  void nothingIsSentBeyondTheCredit() throws Exception {
    var server = server();
    server.description = MANY;
    server.credit = 0;
    server.work = each(cars());
    var service = service(server.port(), "");
    Awaitility.await().until(() -> !server.streams.isEmpty());
    var outcomes = calls(service, 1, 10);
    var stream = server.streams.get(0);
    for (int granted = 1; granted <= 10; granted += 3) {
      assertThat(server.got).hasSize(granted - 1);
      // A grant comes in two parts, so that an answer to more than was granted would be seen.
      stream.credit(1);
      assertThat(get(outcomes.get(granted - 1))).isEqualTo(THREE_CARS);
      if (granted == 10) break;
      stream.credit(2);
      assertThat(get(outcomes.get(granted))).isEqualTo(THREE_CARS);
      assertThat(get(outcomes.get(granted + 1))).isEqualTo(THREE_CARS);
    }
    assertThat(server.got).hasSize(10);
  }

  @Test
  void withoutCreditElementsAreToldWhatTheyWaitedForAndTheStreamIsOpenedAnew() throws Exception {
    var server = server();
    server.credit = 0;
    server.work = each(cars());
    var service = service(server.port(), "timeout = 500ms");
    isFailed(call(service, text(1)), true, "took no more elements for 500 ms");
    server.credit = 10;
    Awaitility.await().until(() -> server.streams.size() > 1);
    assertThat(call(service, text(2))).isEqualTo(THREE_CARS);
    server.streams.get(0).cancelled.get(60, TimeUnit.SECONDS);
  }

  @Test
  void whatWaitsGoesTogetherAndAnswersComeInAnyOrder() throws Exception {
    var server = server();
    server.description = MANY;
    server.credit = 1;
    var service = service(server.port(), "");
    server.work =
        (stream, calls) -> {
          var replies = Replies.newBuilder();
          for (int i = calls.getCallCount() - 1; i >= 0; i--)
            replies.addReply(
                Reply.newBuilder()
                    .setId(calls.getCall(i).getId())
                    .setSkip("seq " + calls.getCall(i).getElement().getSeq()));
          stream.send(replies.build());
        };
    var outcomes = calls(service, 1, 20);
    assertThat(get(outcomes.get(0))).isEqualTo(new Outcome.Skip("seq 1"));
    server.streams.get(0).credit(100);
    for (int i = 0; i < 20; i++)
      assertThat(get(outcomes.get(i))).isEqualTo(new Outcome.Skip("seq " + (i + 1)));
    assertThat(server.messages).extracting(Calls::getCallCount).containsExactly(1, 19);
  }

  @Test
  void notMoreElementsAreAtTheServiceThanItsDescriptionSays() throws Exception {
    var server = server();
    server.description = MANY.replace("16", "2");
    var held = ConcurrentHashMap.<Call>newKeySet();
    var most = new AtomicInteger();
    var eight = new CountDownLatch(8);
    server.work =
        (stream, calls) -> {
          held.addAll(calls.getCallList());
          most.accumulateAndGet(held.size(), Math::max);
          calls.getCallList().forEach(call -> eight.countDown());
          if (eight.getCount() > 0) return;
          for (var call : Set.copyOf(held)) {
            held.remove(call);
            stream.reply(call, cars());
          }
        };
    var service = service(server.port(), "");
    for (var outcome : calls(service, 1, 40)) assertThat(get(outcome)).isEqualTo(THREE_CARS);
    assertThat(most.get()).isEqualTo(8);
  }

  /** The service has credit for all and reads none. */
  @Test
  void whatAServiceDoesNotReadWaitsInTheQueueAndNotInBuffers() throws Exception {
    var server = server();
    server.description =
        """
        {"apiVersion": "dayu.io/v1alpha1", "payload": ["opaque"], "output": "labels", "parallelism": 256}
        """;
    server.reads = false;
    server.work = each(cars());
    var service = service(server.port(), "");
    var part = opaque(256 << 10);
    var outcomes = new ArrayList<CompletionStage<Outcome>>();
    for (int i = 0; i < 200; i++) outcomes.add(service.call(element(i, part), stage(Map.of())));
    Awaitility.await()
        .during(Duration.ofMillis(500))
        .atMost(Duration.ofSeconds(60))
        .until(() -> waiting(service) > 180 && waiting(service) < 200);
    server.streams.get(0).read();
    for (var outcome : outcomes) assertThat(get(outcome)).isEqualTo(THREE_CARS);
  }

  private static int waiting(GrpcService service) {
    synchronized (service) {
      return service.waiting.size();
    }
  }

  // Services that misbehave

  @Test
  void anAnswerBeyondTheLimitFailsForGood() throws Exception {
    var server = server();
    server.description = MANY.replace("labels", "opaque");
    server.work = each(Reply.newBuilder().setOutput(opaque(2 << 20)));
    var service = service(server.port(), "max-answer = 1 MiB");
    isFailed(call(service, text(1)), false, "longer than max-answer");
    server.work = each(Reply.newBuilder().setOutput(opaque(1000)));
    assertThat(call(service, text(2))).isInstanceOf(Outcome.Output.class);
  }

  @Test
  void whatBreaksAStreamIsFoundAmongManyAndTheOthersLoseNoTry() throws Exception {
    var server = server();
    server.description = MANY;
    server.work =
        (stream, calls) -> {
          if (calls.getCallList().stream().anyMatch(c -> c.getElement().getSeq() == 7))
            stream.end(Status.INTERNAL.withDescription("it has crashed"));
          else each(cars()).got(stream, calls);
        };
    server.credit = 0;
    var service = service(server.port(), "");
    Awaitility.await().until(() -> !server.streams.isEmpty());
    var outcomes = calls(service, 1, 20);
    server.credit = 100;
    server.streams.get(0).credit(100);
    for (int i = 1; i <= 20; i++)
      if (i == 7) isFailed(get(outcomes.get(6)), true, "broke off", "it has crashed");
      else assertThat(get(outcomes.get(i - 1))).as("element %s", i).isEqualTo(THREE_CARS);
    assertThat(server.messages.get(0).getCallCount()).isEqualTo(20);
    assertThat(server.streams).hasSize(3);
  }

  @Test
  void aServiceThatHangsIsLeftAtTheDeadlineAndItsStreamIsOpenedAnew() throws Exception {
    var server = server();
    var service = service(server.port(), "timeout = 500ms");
    isFailed(call(service, text(1)), true, "did not answer within 500 ms");
    server.streams.get(0).cancelled.get(60, TimeUnit.SECONDS);
    server.work = each(cars());
    Awaitility.await().until(() -> server.streams.size() > 1);
    assertThat(call(service, text(2))).isEqualTo(THREE_CARS);
  }

  @Test
  void anAnswerThatComesLateOrTwiceOrToNothingIsNobodysAndTheStreamStays() throws Exception {
    var server = server();
    server.description = MANY;
    server.work =
        (stream, calls) -> {
          for (var call : calls.getCallList()) {
            if (call.getId() == 1) continue;
            stream.reply(call, cars());
            stream.credit(1);
            if (call.getId() > 100) continue; // else it were taken for mad
            stream.reply(call, Reply.newBuilder().setSkip("once more"));
            stream.reply(Call.newBuilder().setId(999_999).build(), Reply.newBuilder().setSkip("?"));
          }
        };
    var service = service(server.port(), "timeout = 3s");
    var hung = service.call(text(1), stage(Map.of()));
    // Others are answered meanwhile, so the service is slow and not frozen.
    int seq = 2;
    while (!hung.toCompletableFuture().isDone())
      assertThat(call(service, text(seq++))).isEqualTo(THREE_CARS);
    isFailed(get(hung), true, "did not answer within 3000 ms");
    server.streams.get(0).reply(server.got.get(0), Reply.newBuilder().setSkip("late"));
    assertThat(call(service, text(seq))).isEqualTo(THREE_CARS);
    assertThat(server.streams).hasSize(1);
  }

  @Test
  void aServiceThatAnswersWithoutEndWhatNobodyAskedIsLeft() throws Exception {
    var server = server();
    var service = service(server.port(), "");
    server.work =
        (stream, calls) -> {
          for (int i = 0; i < 20_000; i++)
            stream.reply(Call.newBuilder().setId(-i).build(), Reply.newBuilder().setSkip("?"));
        };
    isFailed(call(service, text(1)), true, "nobody has asked for");
    server.streams.get(0).cancelled.get(60, TimeUnit.SECONDS);
    server.work = each(cars());
    assertThat(call(service, text(2))).isEqualTo(THREE_CARS);
  }

  @Test
  void garbageIsTriedAgain() throws Exception {
    var server = server();
    var service = service(server.port(), "");
    server.work = (stream, calls) -> stream.raw("<html>".getBytes(StandardCharsets.US_ASCII));
    isFailed(call(service, text(1)), true, "broke off", "no message of dayu.service.v1.Stage");
    server.work = each(cars());
    assertThat(call(service, text(2))).isEqualTo(THREE_CARS);
  }

  @Test
  void aStreamThatTheServiceEndsIsOpenedAgain() throws Exception {
    var server = server();
    var service = service(server.port(), "");
    server.work = (stream, calls) -> stream.end(Status.OK);
    isFailed(call(service, text(1)), true, "it has ended the stream");
    server.work = each(cars());
    assertThat(call(service, text(2))).isEqualTo(THREE_CARS);
    assertThat(server.streams).hasSize(2);
  }

  @Test
  void whatSpeaksNoGrpcIsToldSo() throws Exception {
    try (var socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      var greeter =
          new Thread(
              () -> {
                try {
                  while (true)
                    try (var caller = socket.accept()) {
                      caller
                          .getOutputStream()
                          .write("220 smtp.example ESMTP\r\n".getBytes(StandardCharsets.US_ASCII));
                    }
                } catch (java.io.IOException closed) {
                  // The test is over.
                }
              },
              "greeter");
      greeter.setDaemon(true);
      greeter.start();
      var service = declared(socket.getLocalPort(), "");
      Awaitility.await()
          .until(service::problem, problem -> !problem.equals("it has not answered yet"));
      assertThat(service.isDescribed()).isFalse();
    }
  }

  // Waiting

  @Test
  void whileNobodyListensElementsWaitAndLoseNoTry() throws Exception {
    var first = TestGrpcService.start();
    int port = first.port();
    var service = service(port, "");
    first.close();
    Awaitility.await().until(() -> service.problem().equals("nobody listens there"));
    var outcome = service.call(text(1), stage(Map.of()));
    closed(TestGrpcService.start(port)).work = each(cars());
    assertThat(get(outcome)).isEqualTo(THREE_CARS);
  }

  /** Whether the service is away, each time that this changes. */
  private static BlockingQueue<Boolean> told(Service<?> service) {
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> service.problem().isEmpty());
    var told = new LinkedBlockingQueue<Boolean>();
    service.watch.whenChanged(() -> told.add(service.isAway()));
    return told;
  }

  @Test
  void aServiceThatIsFrozenIsAwayAndIsBackWhenItAnswers() throws Exception {
    var server = server();
    server.work = (stream, calls) -> {};
    var service = service(server.port(), "timeout = 400ms, away-after = 800ms");
    var told = told(service);
    server.frozen = true;
    isFailed(call(service, text(1)), true, "did not answer within 400 ms");
    assertThat(told.poll(60, TimeUnit.SECONDS)).isTrue();
    server.work = each(cars());
    server.frozen = false;
    assertThat(told.poll(60, TimeUnit.SECONDS)).isFalse();
    assertThat(call(service, text(2))).isEqualTo(THREE_CARS);
  }

  @Test
  void aServiceThatAnswersNoCallsIsAwayAlthoughItDescribesItself() throws Exception {
    var server = server();
    server.work = (stream, calls) -> {};
    var service = service(server.port(), "timeout = 300ms, away-after = 300ms");
    var told = told(service);
    isFailed(call(service, text(1)), true, "did not answer");
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> service.problem().isEmpty());
    assertThat(service.isAway()).isFalse();
    isFailed(call(service, text(2)), true, "did not answer");
    assertThat(told.poll(60, TimeUnit.SECONDS)).isTrue();
    server.work = each(cars());
    for (int i = 3; service.isAway(); i++) call(service, text(i));
  }

  @Test
  void aServiceIsKnownOnceItCanWorkAndHasDescribedItself() {
    var server = server();
    server.notReady = Status.UNAVAILABLE.withDescription("the model loads");
    var service = declared(server.port(), "");
    Awaitility.await().until(() -> service.problem().contains("the model loads"));
    assertThat(service.isDescribed()).isFalse();
    server.description = "{}";
    server.notReady = Status.OK;
    Awaitility.await().until(() -> service.problem().contains("apiVersion"));
    server.description = TestService.TEXT_TO_LABELS;
    Awaitility.await().until(service::isDescribed);
  }

  @Test
  void aServiceWithoutDescriptionIsAsItIsDeclared() throws Exception {
    var server = server();
    server.notReady = Status.UNIMPLEMENTED;
    server.work = each(cars());
    var service = service(server.port(), "payload = [text], output = labels");
    assertThat(call(service, text(1))).isEqualTo(THREE_CARS);
  }

  @Test
  void whatIsUnderWayWhenTheNodeEndsIsAnswered() throws Exception {
    var server = server();
    var service = service(server.port(), "");
    var running = service.call(text(1), stage(Map.of()));
    Awaitility.await().until(() -> server.got.size() == 1);
    var waiting = service.call(text(2), stage(Map.of()));
    service.close();
    isFailed(get(running), true, "the node ends");
    isFailed(get(waiting), true, "the node ends");
    isFailed(call(service, text(3)), true, "the node ends");
  }
}
