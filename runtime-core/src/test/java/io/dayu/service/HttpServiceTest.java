package io.dayu.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.dayu.element.Audio;
import io.dayu.element.Element;
import io.dayu.element.Frame;
import io.dayu.element.Frames;
import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Output;
import io.dayu.element.Outputs;
import io.dayu.element.Text;
import io.dayu.element.Wav;
import io.dayu.pipeline.Catalog;
import io.dayu.settings.ConfigurationException;
import io.dayu.stage.Inputs;
import io.dayu.stage.ModelFiles;
import io.dayu.stage.Outcome;
import io.dayu.stage.Params;
import io.dayu.stage.ServiceProvider;
import io.dayu.stage.SideInputs;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpServiceTest {
  private static final Catalog EMPTY = new Catalog(List.of(), List.of(), List.of());
  private static final String CARS =
      "{\"type\": \"labels\", \"labels\": [{\"name\": \"cars\", \"value\": 3}]}";
  private static final Outcome.Output THREE_CARS =
      new Outcome.Output(
          Media.newBuilder()
              .setLabels(
                  Labels.newBuilder().addLabel(Label.newBuilder().setName("cars").setValue(3)))
              .build());

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

  private TestService server() {
    return closed(TestService.start());
  }

  private Service<?> service(int port, String more) {
    var service = declared(port, more);
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(service::isDescribed);
    return service;
  }

  private Service<?> declared(int port, String more) {
    var settings =
        ServiceSettingsTest.settings(
            "services.count { url = \"http://127.0.0.1:%s/\"\n %s }".formatted(port, more));
    return closed(Services.start(settings, EMPTY, dir)).service("count");
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

  private static Media frames(int count) {
    var frames = Frames.newBuilder().setFps(25);
    for (int i = 0; i < count; i++)
      frames.addFrame(
          Frame.newBuilder().setJpeg(ByteString.copyFrom(JPEG)).setOffsetMs(40).setWidth(4));
    return Media.newBuilder().setFrames(frames).build();
  }

  /** The header of a JPEG of 640 × 480 pixels. */
  private static final byte[] JPEG = {
    -1, -40, -1, -32, 0, 4, 1, 2, -1, -64, 0, 11, 8, 1, -32, 2, -128, 1, 1, 17, 0, -1, -39
  };

  private static ServiceCall.Stage stage(Map<String, Object> params) {
    return ServiceCall.Stage.of(
        new StageContext("my-pipe", "count-1", "edge-1", new Params(params)));
  }

  private static Outcome call(Service<?> service, Element element) throws Exception {
    return get(service.call(element, stage(Map.of())));
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

  // What is sent

  @Test
  void aCallIsACloudEventInBinaryMode() throws Exception {
    var server = server();
    server.work = exchange -> TestService.json(exchange, 200, CARS);
    var service = service(server.port(), "timeout = 4s");
    var params = Map.<String, Object>of("limit", 30L, "unit", "°C");

    assertThat(get(service.call(text(17), stage(params)))).isEqualTo(THREE_CARS);

    var got = server.got.get(0);
    assertThat(got.path()).isEqualTo("/");
    assertThat(got.header("ce-specversion")).isEqualTo("1.0");
    assertThat(got.header("ce-type")).isEqualTo("io.dayu.element.v1");
    assertThat(got.header("ce-source")).isEqualTo("/pipelines/my-pipe/cam-0");
    assertThat(got.header("ce-id")).isEqualTo("17.2");
    assertThat(got.header("ce-subject")).isEqualTo("count-1");
    assertThat(got.header("ce-time")).isEqualTo("2024-05-01T12:00:00.250Z");
    assertThat(got.header("ce-dayuseq")).isEqualTo("17");
    assertThat(got.header("ce-dayuattempt")).isEqualTo("2");
    assertThat(Integer.parseInt(got.header("ce-dayudeadline"))).isBetween(1, 4000);
    assertThat(got.header("ce-dayuparams")).isEqualTo("{\"limit\":30,\"unit\":\"\\u00B0C\"}");
    assertThat(got.header("content-type")).isEqualTo("application/json");
    assertThat(got.text())
        .isEqualTo("{\"payload\":{\"type\":\"text\",\"text\":[\"line 17\"]},\"outputs\":{}}");
  }

  @Test
  void whatAServiceDoesNotReadIsNotSent() throws Exception {
    var server = server();
    server.description =
        """
        {"apiVersion": "dayu.io/v1alpha1", "inputs": ["labels"], "output": "labels"}
        """;
    server.work = exchange -> TestService.json(exchange, 200, CARS);
    var element =
        text(1).toBuilder()
            .addOutputs(Output.newBuilder().setStage("cars").setMedia(THREE_CARS.media()))
            .addOutputs(Output.newBuilder().setStage("crops").setMedia(frames(1)))
            .build();
    assertThat(call(service(server.port(), ""), element)).isEqualTo(THREE_CARS);
    assertThat(server.got.get(0).header("ce-dayuparams")).isEmpty();
    assertThat(server.got.get(0).text())
        .isEqualTo(
            "{\"outputs\":{\"cars\":{\"type\":\"labels\",\"labels\":[{\"name\":\"cars\",\"value\":3.0}]}}}");
  }

  private static Element at(long seq, long version) {
    return text(seq).toBuilder().setSide(version).build();
  }

  private static List<String> paths(TestService server) {
    return server.got.stream().map(TestService.Got::path).toList();
  }

  private static String put(long version) {
    return "/side/" + TestSides.digest(version);
  }

  @Test
  void aSideInputIsGivenOnceBeforeTheFirstElementThatReadsIt() throws Exception {
    var server = server();
    server.work = exchange -> TestService.json(exchange, 200, CARS);
    var service = service(server.port(), "");
    for (var element : List.of(at(1, 7), at(2, 7), at(3, 8), at(4, 7)))
      assertThat(get(service.call(element, TestSides.stage()))).isEqualTo(THREE_CARS);
    assertThat(paths(server)).containsExactly(put(7), "/", "/", put(8), "/", "/");
    assertThat(server.got.get(0).text()).isEqualTo("7");
    assertThat(server.got.get(1).header("ce-dayuside")).isEqualTo("limits=" + TestSides.digest(7));
    assertThat(server.got.get(5).header("ce-dayuside")).isEqualTo("limits=" + TestSides.digest(7));
  }

  /** As one does that was started again behind the same address. */
  @Test
  void aServiceThatDoesNotHaveASideInputAnyMoreIsGivenItAgain() throws Exception {
    var server = server();
    var has = java.util.concurrent.ConcurrentHashMap.<String>newKeySet();
    server.work =
        exchange -> {
          if (exchange.getRequestMethod().equals("PUT")) {
            has.add(exchange.getRequestURI().getPath());
            TestService.json(exchange, 200, "{}");
          } else TestService.json(exchange, has.isEmpty() ? 428 : 200, CARS);
        };
    var service = service(server.port(), "");
    assertThat(get(service.call(at(1, 7), TestSides.stage()))).isEqualTo(THREE_CARS);
    has.clear();
    assertThat(get(service.call(at(2, 7), TestSides.stage()))).isEqualTo(THREE_CARS);
    assertThat(paths(server)).containsExactly(put(7), "/", "/", put(7), "/");
  }

  @Test
  void aServiceGetsTheParametersOfTheVersionThatTheElementHas() throws Exception {
    var server = server();
    server.work = exchange -> TestService.json(exchange, 200, CARS);
    var service = service(server.port(), "parallelism = 1");
    var stage =
        ServiceCall.Stage.of(
            new StageContext(
                "my-pipe",
                "count-1",
                "edge-1",
                new Params(Map.of("limit", 0)),
                Inputs.NONE,
                ModelFiles.NONE,
                SideInputs.NONE,
                element -> {
                  if (element.getSide() == 4) throw new NoSuchElementException("not kept here");
                  var limit =
                      element.getSide() == 5
                          ? "x".repeat(9_000)
                          : String.valueOf(element.getSide());
                  return new Params(Map.of("limit", limit));
                }));
    for (long version : new long[] {1, 2, 1, 3})
      assertThat(get(service.call(at(version, version), stage))).isEqualTo(THREE_CARS);
    assertThat(server.got.stream().map(r -> r.header("ce-dayuparams")))
        .containsExactly(
            "{\"limit\":\"1\"}", "{\"limit\":\"2\"}", "{\"limit\":\"1\"}", "{\"limit\":\"3\"}");
    assertThat(server.got.get(0).header("ce-dayuside")).isEmpty();
    isFailed(get(service.call(at(4, 4), stage)), true, "not kept here");
    isFailed(get(service.call(at(5, 5), stage)), false, "at most 8192 bytes");
  }

  @Test
  void whatBecomesOfSideInputsThatAServiceDoesNotTake() throws Exception {
    var server = server();
    var status = new java.util.concurrent.atomic.AtomicInteger(404);
    server.work =
        exchange ->
            TestService.json(
                exchange, exchange.getRequestMethod().equals("PUT") ? status.get() : 428, CARS);
    var service = service(server.port(), "");
    isFailed(get(service.call(at(1, 7), TestSides.stage())), false, "takes no side inputs", "404");
    status.set(500);
    isFailed(get(service.call(at(2, 7), TestSides.stage())), true, "refuses a side input", "500");
    status.set(200);
    isFailed(get(service.call(at(3, 7), TestSides.stage())), true, "does not keep");
    isFailed(get(service.call(at(4, 0), TestSides.stage())), true, "version 0 is not kept here");
  }

  @Test
  void namedInputsGoUnderTheirNamesWhateverTheStagesAreCalled() throws Exception {
    var server = server();
    server.description =
        """
        {"apiVersion": "dayu.io/v1alpha1", "output": "labels", "accepts": ["application/json"],
         "inputs": {"vehicles": ["labels"], "crops": {"types": ["frames"], "required": false}}}
        """;
    server.work = exchange -> TestService.json(exchange, 200, CARS);
    var service = service(server.port(), "");
    var element =
        text(1).toBuilder()
            .addOutputs(Output.newBuilder().setStage("vehicles").setMedia(frames(1)))
            .addOutputs(Output.newBuilder().setStage("cars-1").setMedia(THREE_CARS.media()))
            .build();
    var context =
        new StageContext(
            "my-pipe",
            "risk",
            "edge-1",
            new Params(Map.of()),
            Inputs.of(Map.of("vehicles", "cars-1")),
            ModelFiles.NONE);
    assertThat(asked(service, context, element)).isEqualTo(THREE_CARS);
    assertThat(server.got.get(0).text())
        .isEqualTo(
            "{\"inputs\":{\"vehicles\":{\"type\":\"labels\",\"labels\":[{\"name\":\"cars\",\"value\":3.0}]}}}");
    server.description = server.description.replace("application/json", "application/x-protobuf");
    assertThat(asked(service(server.port(), ""), context, element)).isEqualTo(THREE_CARS);
    assertThat(Element.parseFrom(server.got.get(1).body()).getOutputsList())
        .containsExactly(Outputs.of("vehicles", THREE_CARS.media()));
  }

  /** By a stage instance as a node makes it. */
  private static Outcome asked(Service<?> service, StageContext context, Element element) {
    var kit = ActorTestKit.create();
    try {
      var probe = kit.<Outcome>createTestProbe();
      kit.spawn(service.create(context)).tell(new StageCommand.Process(element, probe.ref()));
      return probe.receiveMessage(Duration.ofSeconds(60));
    } finally {
      kit.shutdownTestKit();
    }
  }

  @Test
  void aFrameGoesAsItIsAndOneComesBackAtItsTime() throws Exception {
    var server = server();
    server.description =
        """
        {"apiVersion": "dayu.io/v1alpha1", "payload": ["frames"], "output": "frames", "accepts": ["image/jpeg"]}
        """;
    server.work = exchange -> TestService.answer(exchange, 200, "image/jpeg", JPEG);
    var service = service(server.port(), "");

    var outcome = (Outcome.Output) call(service, element(1, frames(1)));
    assertThat(server.got.get(0).body()).isEqualTo(JPEG);
    var frame = outcome.media().getFrames().getFrame(0);
    assertThat(frame.getWidth()).isEqualTo(640);
    assertThat(frame.getHeight()).isEqualTo(480);
    assertThat(frame.getOffsetMs()).isEqualTo(40);
    assertThat(outcome.media().getFrames().getFps()).isEqualTo(25);

    isFailed(call(service, element(2, frames(2))), false, "2 frames", "application/x-protobuf");
    assertThat(server.got).hasSize(1);
  }

  @Test
  void theFirstFormThatFitsIsTaken() throws Exception {
    var server = server();
    server.description =
        """
        {"apiVersion": "dayu.io/v1alpha1", "payload": ["frames", "opaque"], "output": "opaque",
         "accepts": ["image/jpeg", "application/octet-stream", "application/x-protobuf"]}
        """;
    server.work = exchange -> TestService.answer(exchange, 200, "application/octet-stream", "back");
    var service = service(server.port(), "");
    var bytes = Media.newBuilder().setOpaque(ByteString.copyFromUtf8("raw")).build();

    assertThat(((Outcome.Output) call(service, element(1, bytes))).media().getOpaque())
        .isEqualTo(ByteString.copyFromUtf8("back"));
    assertThat(server.got.get(0).text()).isEqualTo("raw");
    call(service, element(2, frames(2)));
    assertThat(server.got.get(1).header("content-type")).isEqualTo("application/x-protobuf");
    var sent = Element.parseFrom(server.got.get(1).body());
    assertThat(sent.getPayload()).isEqualTo(frames(2));
    assertThat(sent.getSeq()).isEqualTo(2);
    assertThat(sent.getStream()).isEqualTo("my-pipe/cam-0");
  }

  @Test
  void partsOfAnElementDifferInTheirIds() throws Exception {
    var server = server();
    server.description =
        """
        {"apiVersion": "dayu.io/v1alpha1", "payload": ["frames"], "output": "frames", "accepts": ["image/jpeg"]}
        """;
    server.work = exchange -> TestService.answer(exchange, 200, "image/jpeg", JPEG);
    var service = service(server.port(), "");
    call(service, element(7, frames(1)));
    call(service, element(7, frames(1)).toBuilder().setPart(3).build());
    assertThat(server.got).extracting(got -> got.header("ce-id")).containsExactly("7.2", "7.2.3");
  }

  @Test
  void soundGoesAsAFileAndComesBackAtItsTime() throws Exception {
    var server = server();
    server.description =
        """
        {"apiVersion": "dayu.io/v1alpha1", "payload": ["audio"], "output": "audio", "accepts": ["audio/wav"]}
        """;
    server.work =
        exchange ->
            TestService.answer(exchange, 200, "audio/wav", server.got.get(0).body().clone());
    var service = service(server.port(), "");
    var sound =
        Audio.newBuilder()
            .setData(ByteString.copyFrom(new byte[] {1, 2, 3, 4}))
            .setSampleRate(8_000)
            .setChannels(1)
            .setOffsetMs(40)
            .build();

    var outcome = call(service, element(1, Media.newBuilder().setAudio(sound).build()));
    assertThat(server.got.get(0).header("content-type")).isEqualTo("audio/wav");
    assertThat(Wav.read(server.got.get(0).body()))
        .contains(sound.toBuilder().clearOffsetMs().build());
    assertThat(((Outcome.Output) outcome).media().getAudio()).isEqualTo(sound);

    server.work = exchange -> TestService.answer(exchange, 200, "audio/mpeg", "ID3");
    outcome = call(service, element(2, Media.newBuilder().setAudio(sound).build()));
    var encoded = ((Outcome.Output) outcome).media().getAudio();
    assertThat(encoded.getContentType()).isEqualTo("audio/mpeg");
    assertThat(encoded.getData()).isEqualTo(ByteString.copyFromUtf8("ID3"));
  }

  @Test
  void opaqueBytesGoAndComeWithTheirOwnContentType() throws Exception {
    var server = server();
    server.description =
        """
        {"apiVersion": "dayu.io/v1alpha1", "payload": ["opaque"], "output": "opaque",
         "accepts": ["application/octet-stream"]}
        """;
    server.work = exchange -> TestService.answer(exchange, 200, "image/png", "PNG");
    var service = service(server.port(), "");
    var bytes = Media.newBuilder().setOpaque(ByteString.copyFromUtf8("raw"));

    var outcome = call(service, element(1, bytes.setContentType("application/pdf").build()));
    assertThat(server.got.get(0).header("content-type")).isEqualTo("application/pdf");
    assertThat(((Outcome.Output) outcome).media())
        .isEqualTo(
            Media.newBuilder()
                .setOpaque(ByteString.copyFromUtf8("PNG"))
                .setContentType("image/png")
                .build());
    for (var mistaken : List.of("application/json", "text/x\r\nce-id: 3", "image/jpeg")) {
      call(service, element(2, bytes.setContentType(mistaken).build()));
      assertThat(server.got.get(server.got.size() - 1).header("content-type"))
          .isEqualTo("application/octet-stream");
    }
  }

  // What answers mean

  @Test
  void anOutputMayComeInSeveralForms() throws Exception {
    var server = server();
    server.description =
        """
        {"apiVersion": "dayu.io/v1alpha1", "payload": ["text"], "output": "text"}
        """;
    var service = service(server.port(), "");
    server.work =
        exchange -> TestService.answer(exchange, 200, "text/plain; charset=utf-8", "ä\nb");
    var lines = Media.newBuilder().setText(Text.newBuilder().addLine("ä").addLine("b")).build();
    assertThat(call(service, text(1))).isEqualTo(new Outcome.Output(lines));
    server.work =
        exchange ->
            TestService.answer(exchange, 200, "application/x-protobuf", lines.toByteArray());
    assertThat(call(service, text(2))).isEqualTo(new Outcome.Output(lines));
  }

  @Test
  void noContentSkipsTheElement() throws Exception {
    var server = server();
    var service = service(server.port(), "");
    server.work = exchange -> TestService.answer(exchange, 204, "text/plain", "");
    assertThat(call(service, text(1))).isEqualTo(new Outcome.Skip("skipped by the service"));
    server.work =
        exchange -> {
          exchange.getResponseHeaders().set("dayu-reason", "nothing moves");
          TestService.answer(exchange, 204, "text/plain", "");
        };
    assertThat(call(service, text(2))).isEqualTo(new Outcome.Skip("nothing moves"));
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 404, 413, 422})
  void aRefusalFailsForGoodWithTheBodysReason(int status) throws Exception {
    var server = server();
    var service = service(server.port(), "");
    server.work = exchange -> TestService.answer(exchange, status, "text/plain", "too\ndark");
    assertThat(call(service, text(1))).isEqualTo(new Outcome.Failed("too dark", false));
  }

  @Test
  void theReasonMayBeAProblemAndIsCut() throws Exception {
    var server = server();
    var service = service(server.port(), "");
    server.work =
        exchange ->
            TestService.answer(
                exchange,
                422,
                "application/problem+json",
                "{\"title\": \"Bad\", \"detail\": \"too dark\"}");
    isFailed(call(service, text(1)), false, "too dark");
    server.work =
        exchange -> TestService.answer(exchange, 400, "text/plain", "x".repeat(1_000_000));
    var failed = (Outcome.Failed) call(service, text(2));
    assertThat(failed.reason()).hasSize(501);
    server.work = exchange -> TestService.answer(exchange, 400, "text/html", "<html>no</html>");
    isFailed(call(service, text(3)), false, "status 400");
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 425, 429, 500, 502, 503, 504})
  void troubleIsTriedAgain(int status) throws Exception {
    var server = server();
    var service = service(server.port(), "");
    server.work = exchange -> TestService.answer(exchange, status, "text/plain", "busy");
    assertThat(call(service, text(1))).isEqualTo(new Outcome.Failed("busy", true));
  }

  @Test
  void aRedirectIsNotFollowed() throws Exception {
    var server = server();
    var service = service(server.port(), "");
    server.work =
        exchange -> {
          exchange.getResponseHeaders().set("location", "/there");
          TestService.answer(exchange, 302, "text/plain", "");
        };
    isFailed(call(service, text(1)), false, "redirects to /there", "its own url");
    assertThat(server.got).extracting(TestService.Got::path).containsExactly("/");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "application/json | {\"type\": | no JSON",
        "application/json | null | null",
        "application/json | {\"type\":\"labels\"} | labels is no list",
        "text/html | <html> | content type text/html",
        "application/x-protobuf | xyz | no Media",
        "image/jpeg | GIF89a | no JPEG",
        "audio/wav | RIFF | no WAV",
      })
  void garbageIsTriedAgain(String type, String body, String expected) throws Exception {
    var server = server();
    var service = service(server.port(), "");
    server.work = exchange -> TestService.answer(exchange, 200, type, body);
    isFailed(call(service, text(1)), true, expected);
  }

  @Test
  void textThatIsNoneIsGarbage() throws Exception {
    var server = server();
    var service = service(server.port(), "");
    server.work = exchange -> TestService.answer(exchange, 200, "text/plain", new byte[] {-1, -2});
    isFailed(call(service, text(1)), true, "not UTF-8");
  }

  @Test
  void anOutputOfAnotherTypeThanDescribedFailsForGood() throws Exception {
    var server = server();
    var service = service(server.port(), "");
    server.work = exchange -> TestService.answer(exchange, 200, "text/plain", "cars");
    isFailed(call(service, text(1)), false, "gave text", "says labels");
  }

  // Services that misbehave

  @Test
  void anAnswerWithoutEndIsCutOff() throws Exception {
    var chunk = new byte[64 << 10];
    var raw =
        closed(
            new RawService(
                (call, out, socket) -> {
                  out.write(
                      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1073741824\r\n\r\n"
                          .getBytes(StandardCharsets.US_ASCII));
                  for (int i = 0; i < 1 << 14; i++) out.write(chunk);
                }));
    var service = service(raw.port(), "max-answer = 1 MiB");
    isFailed(call(service, text(1)), false, "longer than max-answer, 1048576 bytes");
    raw.hungUp.get(60, TimeUnit.SECONDS);
  }

  @Test
  void aServiceThatHangsIsLeftAtTheDeadline() throws Exception {
    var raw = closed(new RawService((call, out, socket) -> {}));
    var service = service(raw.port(), "timeout = 300ms");
    isFailed(call(service, text(1)), true, "did not answer within 300 ms");
    raw.hungUp.get(60, TimeUnit.SECONDS);
  }

  @Test
  void aServiceThatHangsInTheMiddleOfABodyIsLeftAtTheDeadline() throws Exception {
    var raw =
        closed(
            new RawService(
                (call, out, socket) ->
                    out.write(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
                            .getBytes(StandardCharsets.US_ASCII))));
    var service = service(raw.port(), "timeout = 300ms");
    isFailed(call(service, text(1)), true, "did not answer within 300 ms");
    raw.hungUp.get(60, TimeUnit.SECONDS);
  }

  @Test
  void aConnectionThatClosesInTheMiddleIsTriedAgain() throws Exception {
    var raw =
        closed(
            new RawService(
                (call, out, socket) -> {
                  out.write(
                      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
                          .getBytes(StandardCharsets.US_ASCII));
                  socket.close();
                }));
    isFailed(call(service(raw.port(), ""), text(1)), true, "the call broke off");
  }

  @Test
  void whatIsNoHttpIsTriedAgain() throws Exception {
    var raw =
        closed(
            new RawService(
                (call, out, socket) -> {
                  out.write("220 smtp.example ESMTP\r\n".getBytes(StandardCharsets.US_ASCII));
                  socket.close();
                }));
    isFailed(call(service(raw.port(), ""), text(1)), true, "the call broke off");
  }

  /** Otherwise every element would get the answer of the one before. */
  @Test
  void aSecondAnswerIsNotTakenForTheNextElements() throws Exception {
    var raw =
        closed(
            new RawService(
                (call, out, socket) -> {
                  out.write(
                      RawService.response(
                          200, "application/json", CARS.replace("3", Integer.toString(call))));
                  if (call == 0)
                    out.write(
                        RawService.response(200, "application/json", CARS.replace("3", "666")));
                }));
    var service = service(raw.port(), "");
    assertThat(value(call(service, text(1)))).isEqualTo(0);
    for (int i = 2; i < 6; i++) {
      var outcome = call(service, text(i));
      // The connection is of no more use, which may cost a try.
      if (outcome instanceof Outcome.Failed failed) assertThat(failed.retryable()).isTrue();
      else assertThat(value(outcome)).isBetween(1.0, 5.0);
    }
  }

  private static double value(Outcome outcome) {
    assertThat(outcome).isInstanceOf(Outcome.Output.class);
    return ((Outcome.Output) outcome).media().getLabels().getLabel(0).getValue();
  }

  @Test
  void anInterimAnswerIsPassedOver() throws Exception {
    var raw =
        closed(
            new RawService(
                (call, out, socket) -> {
                  if (call == 0)
                    out.write("HTTP/1.1 103 Early\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                  out.write(
                      RawService.response(
                          200, "application/json", CARS.replace("3", Integer.toString(call))));
                }));
    var service = service(raw.port(), "timeout = 2s");
    assertThat(value(call(service, text(1)))).isEqualTo(0);
    assertThat(value(call(service, text(2)))).isEqualTo(1);
  }

  // Waiting

  @Test
  void notMoreCallsAreUnderWayThanTheServiceTakes() throws Exception {
    var server = server();
    var running = new AtomicInteger();
    var most = new AtomicInteger();
    server.work =
        exchange -> {
          most.accumulateAndGet(running.incrementAndGet(), Math::max);
          Thread.yield();
          running.decrementAndGet();
          TestService.json(exchange, 200, CARS);
        };
    var service = service(server.port(), "parallelism = 2");
    var outcomes = new ArrayList<CompletionStage<Outcome>>();
    for (int i = 0; i < 50; i++) outcomes.add(service.call(text(i), stage(Map.of())));
    for (var outcome : outcomes) assertThat(get(outcome)).isEqualTo(THREE_CARS);
    assertThat(most.get()).isLessThanOrEqualTo(2);
  }

  @Test
  void whileNobodyListensElementsWaitAndLoseNoTry() throws Exception {
    var first = TestService.start();
    int port = first.port();
    var service = service(port, "");
    first.close();
    var outcome = service.call(text(1), stage(Map.of()));
    Awaitility.await().until(() -> !service.problem().isEmpty());
    assertThat(outcome.toCompletableFuture()).isNotDone();
    closed(
        TestService.start(
            port, again -> again.work = exchange -> TestService.json(exchange, 200, CARS)));
    assertThat(get(outcome)).isEqualTo(THREE_CARS);
  }

  @Test
  void whoWaitsTooLongIsToldForWhat() throws Exception {
    var first = TestService.start();
    var service = service(first.port(), "timeout = 300ms");
    first.close();
    isFailed(call(service, text(1)), true, "the service does not answer");
  }

  @Test
  void aServiceThatAsksToWaitIsNotCalledMeanwhile() throws Exception {
    var server = server();
    var service = service(server.port(), "");
    server.work =
        exchange -> {
          exchange.getResponseHeaders().set("retry-after", "1");
          TestService.answer(exchange, 503, "text/plain", "warming up");
        };
    isFailed(call(service, text(1)), true, "warming up");
    long asked = System.nanoTime();
    server.work = exchange -> TestService.json(exchange, 200, CARS);
    assertThat(call(service, text(2))).isEqualTo(THREE_CARS);
    assertThat(Duration.ofNanos(System.nanoTime() - asked)).isGreaterThan(Duration.ofMillis(500));
    assertThat(server.got).hasSize(2);
  }

  @Test
  void aServiceIsKnownOnceItIsHealthyAndHasDescribedItself() throws Exception {
    var server = server();
    server.health = 503;
    var settings =
        ServiceSettingsTest.settings(
            "services.count { url = \"http://127.0.0.1:%s/\" }".formatted(server.port()));
    var services = closed(Services.start(settings, EMPTY, dir));
    var catalog = services.in(EMPTY);
    Awaitility.await().until(() -> services.service("count").problem().contains("503"));
    assertThat(catalog.stage("count")).isEmpty();
    assertThat(catalog.services()).isEmpty();

    server.description = "{}";
    server.health = 200;
    Awaitility.await().until(() -> services.service("count").problem().contains("apiVersion"));
    assertThat(catalog.descriptor("count")).isEmpty();

    server.description = TestService.TEXT_TO_LABELS;
    Awaitility.await().until(() -> catalog.stage("count").isPresent());
    assertThat(catalog.stages()).extracting(d -> d.type()).containsExactly("count");
    assertThat(catalog.services())
        .extracting(ServiceProvider::from)
        .containsExactly("http://127.0.0.1:%s/".formatted(server.port()));
  }

  @Test
  void aServiceWithoutDescriptionIsAsItIsDeclared() throws Exception {
    var server = server();
    server.description = "";
    server.work = exchange -> TestService.json(exchange, 200, CARS);
    var service = service(server.port(), "payload = [text], output = labels");
    assertThat(call(service, text(1))).isEqualTo(THREE_CARS);
  }

  @Test
  void aServiceThatComesBackWithOtherTypesKeepsThoseThatPipelinesCountOn() throws Exception {
    var first = TestService.start();
    int port = first.port();
    var service = service(port, "");
    first.close();
    var outcome = service.call(text(1), stage(Map.of()));
    closed(
        TestService.start(
            port,
            second -> {
              second.description =
                  """
                  {"apiVersion": "dayu.io/v1alpha1", "payload": ["frames"], "output": "boxes", "parallelism": 3}
                  """;
              second.work = exchange -> TestService.json(exchange, 200, CARS);
            }));
    assertThat(get(outcome)).isEqualTo(THREE_CARS);
    assertThat(service.descriptor().output().word()).isEqualTo("labels");
  }

  @Test
  void whatIsUnderWayWhenTheNodeEndsIsAnswered() throws Exception {
    var server = server();
    var hold = new CountDownLatch(1);
    server.work =
        exchange -> {
          try {
            hold.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    var service = service(server.port(), "");
    var running = service.call(text(1), stage(Map.of()));
    var waiting = service.call(text(2), stage(Map.of()));
    service.close();
    assertThat(get(running)).isInstanceOf(Outcome.Failed.class);
    assertThat(get(waiting)).isInstanceOf(Outcome.Failed.class);
    assertThat(call(service, text(3))).isInstanceOf(Outcome.Failed.class);
    hold.countDown();
  }

  // Batches

  private static final String IN_BATCHES =
      """
      {"apiVersion": "dayu.io/v1alpha1", "payload": ["text"], "output": "labels", "batch": 3}
      """;

  /** Answers single calls and batches; {@code each} gives what to say for an id. */
  private static TestService.Work batches(Consumer<Integer> size, Map<String, String> each) {
    return exchange -> {
      if (!"application/cloudevents-batch+json"
          .equals(exchange.getRequestHeaders().getFirst("content-type"))) {
        size.accept(1);
        TestService.json(exchange, 200, CARS);
        return;
      }
      var got = exchange.getAttribute("body");
      var answers = new ArrayList<String>();
      var tree = Json.tree((byte[]) got);
      size.accept(tree.size());
      for (var event : tree) {
        var id = event.path("id").asText();
        var say = each.getOrDefault(id, "\"output\": " + CARS);
        if (!say.isEmpty()) answers.add("{\"id\": \"%s\", %s}".formatted(id, say));
      }
      TestService.json(exchange, 200, "[" + String.join(",", answers) + "]");
    };
  }

  @Test
  void whatWaitsGoesTogetherAndEachGetsItsOwnAnswer() throws Exception {
    var server = server();
    server.description = IN_BATCHES;
    var sizes = new java.util.concurrent.CopyOnWriteArrayList<Integer>();
    var first = new CountDownLatch(1);
    var work =
        batches(
            sizes::add,
            Map.of(
                "2.2", "\"skip\": \"dull\"",
                "3.2", "\"failed\": \"dark\", \"retryable\": false",
                "4.2", "",
                "5.2", "\"failed\": \"busy\", \"retryable\": true"));
    server.work =
        exchange -> {
          exchange.setAttribute("body", server.got.get(server.got.size() - 1).body());
          if (sizes.isEmpty())
            try {
              first.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          work.answer(exchange);
        };
    var service = service(server.port(), "");
    var outcomes = new ArrayList<CompletionStage<Outcome>>();
    for (int i = 1; i <= 7; i++) outcomes.add(service.call(text(i), stage(Map.of("limit", 3L))));
    first.countDown();

    assertThat(get(outcomes.get(0))).isEqualTo(THREE_CARS);
    assertThat(get(outcomes.get(1))).isEqualTo(new Outcome.Skip("dull"));
    assertThat(get(outcomes.get(2))).isEqualTo(new Outcome.Failed("dark", false));
    isFailed(get(outcomes.get(3)), true, "leaves out");
    assertThat(get(outcomes.get(4))).isEqualTo(new Outcome.Failed("busy", true));
    assertThat(get(outcomes.get(6))).isEqualTo(THREE_CARS);
    assertThat(sizes).containsExactly(1, 3, 3);
    var event = Json.tree(server.got.get(1).body()).get(0);
    assertThat(event.path("specversion").asText()).isEqualTo("1.0");
    assertThat(event.path("source").asText()).isEqualTo("/pipelines/my-pipe/cam-0");
    assertThat(event.path("dayuseq").asLong()).isEqualTo(2);
    assertThat(event.path("dayuparams").asText()).isEqualTo("{\"limit\":3}");
    assertThat(event.path("datacontenttype").asText()).isEqualTo("application/json");
    assertThat(event.at("/data/payload/text/0").asText()).isEqualTo("line 2");
  }

  // The catalog

  @Test
  void aServiceMayNotHaveTheNameOfAnotherStageType() {
    var taken = closed(server());
    StageProvider builtIn =
        new StageProvider() {
          @Override
          public io.dayu.stage.StageDescriptor descriptor() {
            return new io.dayu.stage.StageDescriptor(
                "count",
                "1",
                "",
                java.util.Set.of(io.dayu.element.MediaType.TEXT),
                java.util.Set.of(),
                io.dayu.element.MediaType.TEXT,
                List.of(),
                1,
                0);
          }

          @Override
          public org.apache.pekko.actor.typed.Behavior<io.dayu.stage.StageCommand> create(
              StageContext context) {
            throw new AssertionError("it is not started");
          }
        };
    var settings =
        ServiceSettingsTest.settings(
            "services.count { url = \"http://127.0.0.1:%s/\" }".formatted(taken.port()));
    var catalog = new Catalog(List.of(builtIn), List.of(), List.of());
    assertThatThrownBy(() -> Services.start(settings, catalog, dir))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("dayu.services.count has the name of a stage type");
  }

  @Test
  void parametersThatDoNotFitIntoAHeaderAreRefusedWhenTheStageStarts() {
    assertThatThrownBy(() -> stage(Map.of("words", "x".repeat(10_000))))
        .hasMessageContaining("in a header, of at most 8192 bytes");
  }

  @Test
  void aServiceThatStaysAwayIsToldAndHasItsTypeAgainWhenItIsBack() {
    var server = server();
    int port = server.port();
    var service = service(port, "away-after = 300ms");
    await(() -> !service.isAway());
    server.close();
    var unused = service.call(text(1), stage(Map.of())); // nobody notices before
    await(service::isAway);
    assertThat(service.isDescribed()).as("its stages here wait for it").isTrue();
    closed(TestService.start(port));
    await(() -> !service.isAway());
  }

  /** Whether the service is away, each time that this changes. */
  private static BlockingQueue<Boolean> told(Service<?> service) {
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> service.problem().isEmpty());
    var told = new LinkedBlockingQueue<Boolean>();
    service.watch.whenChanged(() -> told.add(service.isAway()));
    return told;
  }

  @Test
  void aServiceThatIsFrozenIsAwayLikeOneThatRefusesConnectionsAndIsBackWhenItAnswers()
      throws Exception {
    var server = server();
    var service = service(server.port(), "timeout = 400ms, away-after = 800ms");
    var told = told(service);
    server.work = exchange -> TestService.json(exchange, 200, CARS);
    assertThat(call(service, text(1))).isEqualTo(THREE_CARS);
    server.frozen = new CountDownLatch(1);
    long since = System.nanoTime();
    isFailed(call(service, text(2)), true, "did not answer within 400 ms");
    assertThat(told.poll(60, TimeUnit.SECONDS)).isTrue();
    assertThat(Duration.ofNanos(System.nanoTime() - since)).isGreaterThan(Duration.ofMillis(800));
    assertThat(service.isDescribed()).as("its stages here wait for it").isTrue();
    server.frozen.countDown();
    assertThat(told.poll(60, TimeUnit.SECONDS)).isFalse();
    assertThat(call(service, text(3))).isEqualTo(THREE_CARS);
  }

  @Test
  void aServiceThatAnswersNoCallsIsAwayAlthoughItSaysThatItIsHealthyAndOneElementIsNoReason()
      throws Exception {
    var server = server();
    var service = service(server.port(), "timeout = 300ms, away-after = 300ms, parallelism = 2");
    var told = told(service);
    var hangs = new CountDownLatch(1);
    open.add(hangs::countDown);
    server.work =
        exchange -> {
          try {
            hangs.await();
          } catch (InterruptedException e) {
            return; // the test is over
          }
          TestService.json(exchange, 200, CARS);
        };
    var first = service.call(text(1), stage(Map.of()));
    isFailed(call(service, text(2)), true, "did not answer");
    isFailed(get(first), true, "did not answer");
    await(() -> service.problem().isEmpty());
    assertThat(service.isAway()).as("it says that it is healthy").isFalse();
    isFailed(call(service, text(3)), true, "did not answer");
    assertThat(told.poll(60, TimeUnit.SECONDS)).isTrue();
    assertThat(told.poll(60, TimeUnit.SECONDS)).as("another chance").isFalse();

    for (int i = 4; !service.isAway(); i++)
      isFailed(call(service, text(i)), true, "did not answer");
    hangs.countDown();
    await(() -> service.problem().isEmpty());
    assertThat(call(service, text(9))).isEqualTo(THREE_CARS);
    assertThat(service.isAway()).isFalse();
  }

  @Test
  void aNodeThatStartsAgainKnowsItsServicesBeforeTheyAnswerAndElementsWait() throws Exception {
    var server = server();
    int port = server.port();
    service(port, "");
    var file = dir.resolve("services/count.description.json");
    await(() -> Files.exists(file));
    server.close();

    var again = declared(port, "");
    assertThat(again.isDescribed()).isTrue();
    assertThat(again.descriptor().output()).isEqualTo(MediaType.LABELS);
    var outcome = again.call(text(1), stage(Map.of()));
    assertThat(outcome.toCompletableFuture()).isNotDone();
    var none = "{\"type\": \"labels\", \"labels\": []}";
    closed(
        TestService.start(
            port, back -> back.work = exchange -> TestService.json(exchange, 200, none)));
    assertThat(get(outcome)).isInstanceOf(Outcome.Output.class);
  }

  @Test
  void whatAServiceSaysNowHoldsAndNotWhatItSaidBeforeTheRestart() throws IOException {
    var directory = Files.createDirectories(dir.resolve("services"));
    Files.writeString(
        directory.resolve("count.description.json"),
        TestService.TEXT_TO_LABELS.replace("labels", "text"));
    var service = declared(server().port(), "");
    assertThat(service.descriptor().output()).isEqualTo(MediaType.TEXT);
    await(() -> service.descriptor().output() == MediaType.LABELS);
    Files.writeString(directory.resolve("count.description.json"), "{");
    assertThat(declared(freePort(), "").isDescribed()).as("it cannot be read").isFalse();
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void await(Callable<Boolean> condition) {
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(condition);
  }
}
