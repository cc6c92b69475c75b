package io.dayu.read;

import static io.dayu.read.HttpOrigin.send;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.dayu.element.Reading;
import io.dayu.link.FlowKit;
import io.dayu.source.Access;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import io.dayu.source.Target;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.apache.pekko.stream.testkit.javadsl.TestSink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a server is asked, and what becomes of answers that break off, come again or refuse. */
class HttpFeedStreamTest {
  private static final ActorTestKit KIT = FlowKit.start();
  private static final Duration SOON = Duration.ofSeconds(60);

  @RegisterExtension private final HttpOrigin server = new HttpOrigin();
  private final List<HttpExchange> asked = server.asked;
  private final AtomicReference<String> content = new AtomicReference<>("");
  private final HttpReadings provider =
      new HttpReadings(
          Map.of(
                  "DAYU_CREDENTIALS_PLANT", "meter:p@ss:1",
                  "DAYU_CREDENTIALS_PLANT_HOSTS", "127.0.0.1")
              ::get);

  @AfterAll
  static void shutDown() {
    KIT.shutdownTestKit();
  }

  @Test
  void aConnectionThatBreaksSaysWhereAndNothingIsTakenTwice() {
    at("/a.ndjson", exchange -> send(exchange, 1000, content.get()));
    var torn = "{\"sensor\":\"t\",\"at\":\"2024";
    var told = new ArrayList<String>();
    var values = new ArrayList<Double>();
    for (int count = 2; count <= 4; count++) {
      content.set(lines(1, count) + torn);
      told.add(readUntilItFails("/a.ndjson", values));
      told.add(readUntilItFails("/a.ndjson", values));
    }
    assertThat(values).containsExactly(1.0, 2.0, 3.0, 4.0);
    assertThat(told.get(0))
        .endsWith("closed after %d of 1000 bytes".formatted((lines(1, 2) + torn).length()));
  }

  @Test
  void whatTheSameAnswerHasTwiceIsTakenTwice() throws Exception {
    at("/a.ndjson", exchange -> send(exchange, 0, lines(1, 2) + lines(1, 2)));
    assertThat(values(all("/a.ndjson"))).containsExactly(1.0, 2.0, 1.0, 2.0);
  }

  @Test
  void whoReadsAnewAfterTheEndReadsAll() throws Exception {
    at("/a.ndjson", exchange -> send(exchange, 0, lines(1, 2)));
    for (int i = 0; i < 2; i++) assertThat(values(all("/a.ndjson"))).containsExactly(1.0, 2.0);
  }

  /** It would be remembered as taken, and a server that sends it again would send it in vain. */
  @ParameterizedTest
  @CsvSource({"1, 0", "7, 0", "1, 0.001"})
  void whatWasReadWhenThePipelineIsPausedIsGivenAndNothingIsTakenTwiceAfterIt(
      double segment, double rate) {
    at(
        "/a.ndjson",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(lines(1, 200).getBytes(StandardCharsets.UTF_8));
          exchange.getResponseBody().flush();
          server.stayUntilTheTestIsOver();
        });
    var end = new AtomicReference<Runnable>();
    var reads = new AtomicInteger();
    var paused =
        open(
            "/a.ndjson",
            0,
            end,
            () -> {
              reads.incrementAndGet();
              return new Knobs(Map.of("segment", segment, "rate", rate));
            });
    // More is read than anybody has asked for.
    await().atMost(SOON).until(() -> reads.get() > 10);
    end.get().run();
    var values = rest(paused);
    assertThat(values).hasSizeGreaterThan(8);
    var on = open("/a.ndjson", 1, end, () -> Knobs.NONE);
    while (values.size() < 200) values.addAll(values(List.of(next(on).orElseThrow())));
    assertThat(values).isEqualTo(IntStream.rangeClosed(1, 200).mapToObj(i -> (double) i).toList());
    end.get().run();
    assertThat(rest(on)).isEmpty();

    var another = open("/a.ndjson", 0, end, () -> Knobs.NONE);
    assertThat(values(List.of(next(another).orElseThrow())))
        .as("another pipeline of its name")
        .containsExactly(1.0);
    another.cancel();
  }

  @Test
  void aPollThatWaitsForItsTimeEndsAtOnceWhenItsPipelineIsPaused() {
    at("/a.ndjson", exchange -> send(exchange, 0, lines(1, 2)));
    var end = new AtomicReference<Runnable>();
    var poll = open("/a.ndjson?every=1h", 0, end, () -> Knobs.NONE);
    assertThat(values(List.of(next(poll).orElseThrow(), next(poll).orElseThrow())))
        .containsExactly(1.0, 2.0);
    end.get().run();
    assertThat(rest(poll)).isEmpty();
    assertThat(asked).hasSize(1);
  }

  private SinkQueueWithCancel<Segment> open(
      String path, long position, AtomicReference<Runnable> end, Supplier<Knobs> knobs) {
    var context =
        new SourceContext(
            uri(path),
            "plant/meter",
            position,
            knobs,
            settled -> {},
            () -> {},
            end::set,
            Access.ANYTHING);
    return provider.open(context).runWith(Sink.queue(1), KIT.system());
  }

  private static Optional<Segment> next(SinkQueueWithCancel<Segment> source) {
    return source.pull().toCompletableFuture().orTimeout(SOON.toSeconds(), TimeUnit.SECONDS).join();
  }

  /** What comes until the source has ended. */
  private static List<Double> rest(SinkQueueWithCancel<Segment> source) {
    var values = new ArrayList<Double>();
    for (var next = next(source); next.isPresent(); next = next(source))
      values.addAll(values(List.of(next.get())));
    return values;
  }

  @Test
  void aPollTakesWhatIsNew() throws Exception {
    content.set(lines(1, 2));
    at("/a.ndjson", exchange -> send(exchange, 0, content.get()));
    var values = new CopyOnWriteArrayList<Double>();
    var end = poll("/a.ndjson?every=100ms", values);
    await().atMost(SOON).until(() -> values.size() == 2 && asked.size() > 3);
    content.set(lines(1, 3)); // it has grown
    await().atMost(SOON).until(() -> values.size() == 3);
    content.set(lines(3, 5)); // the older ones are gone
    await().atMost(SOON).until(() -> values.size() == 5);
    int before = asked.size();
    await().atMost(SOON).until(() -> asked.size() > before + 2);
    assertThat(values).containsExactly(1.0, 2.0, 3.0, 4.0, 5.0);
    assertThat(end.isDone()).isFalse();
    assertThat(asked.get(0).getRequestURI().toString()).isEqualTo("/a.ndjson");
  }

  @Test
  void aPollAsksForWhatDiffersAndComesNoSoonerThanItShould() {
    at(
        "/a.csv",
        exchange -> {
          exchange.getResponseHeaders().add("ETag", "\"7\"");
          boolean known = "\"7\"".equals(exchange.getRequestHeaders().getFirst("If-None-Match"));
          if (known) exchange.sendResponseHeaders(304, -1);
          else send(exchange, 0, "at,value\n2024-05-01,7\n");
        });
    var values = new CopyOnWriteArrayList<Double>();
    var start = System.nanoTime();
    poll("/a.csv?every=200ms", values);
    await().atMost(SOON).until(() -> asked.size() >= 5);
    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(4 * 195_000_000L);
    assertThat(values).containsExactly(7.0);
    assertThat(asked.get(0).getRequestHeaders().getFirst("If-None-Match")).isNull();
    assertThat(asked.get(1).getRequestHeaders().getFirst("If-None-Match")).isEqualTo("\"7\"");
  }

  @Test
  void aPollThatFailsIsGoneOnWith() throws Exception {
    content.set(lines(1, 2));
    at(
        "/a.ndjson",
        exchange -> {
          if (asked.size() == 2) exchange.sendResponseHeaders(500, -1);
          else send(exchange, 0, content.get());
        });
    var values = new ArrayList<Double>();
    assertThat(readUntilItFails("/a.ndjson?every=100ms", values)).contains("status 500");
    content.set(lines(1, 3));
    var later = new CopyOnWriteArrayList<Double>();
    poll("/a.ndjson?every=100ms", later);
    await().atMost(SOON).until(() -> asked.size() > 4);
    assertThat(values).containsExactly(1.0, 2.0);
    assertThat(later).containsExactly(3.0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "x-gzip", "deflate", "identity"})
  void packedAnswersAreRead(String encoding) throws Exception {
    var bytes = new ByteArrayOutputStream();
    try (var out =
        encoding.equals("deflate")
            ? new DeflaterOutputStream(bytes)
            : encoding.endsWith("gzip") ? new GZIPOutputStream(bytes) : bytes) {
      out.write(lines(1, 3).getBytes(StandardCharsets.UTF_8));
    }
    at(
        "/a.ndjson",
        exchange -> {
          exchange.getResponseHeaders().add("Content-Encoding", encoding);
          send(exchange, bytes.size(), bytes.toByteArray());
        });
    assertThat(values(all("/a.ndjson"))).containsExactly(1.0, 2.0, 3.0);
  }

  @Test
  void anEncodingThatIsNotReadIsTold() {
    at(
        "/a.ndjson",
        exchange -> {
          exchange.getResponseHeaders().add("Content-Encoding", "br");
          send(exchange, 0, "??");
        });
    fails("/a.ndjson", false, "the encoding br, which is not read");
  }

  @Test
  void theServerNamesTheEncodingOfItsCharacters() throws Exception {
    at(
        "/a.csv",
        exchange -> {
          exchange.getResponseHeaders().add("Content-Type", "text/csv; charset=\"ISO-8859-1\"");
          send(
              exchange,
              0,
              "at,value,unit\n2024-05-01,7,°C\n".getBytes(StandardCharsets.ISO_8859_1));
        });
    assertThat(readings(all("/a.csv"))).extracting(Reading::getUnit).containsExactly("°C");
  }

  @Test
  void anAnswerWithoutContentHasNoReadings() throws Exception {
    at("/a.csv", exchange -> exchange.sendResponseHeaders(204, -1));
    assertThat(all("/a.csv")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"429, 7, 7", "503, 7, 7", "429, soon, 0", "429, 99999999, 3600", "500, , 0"})
  void whoAsksToWaitIsLeftAlone(int status, String header, long seconds) {
    at(
        "/a.csv",
        exchange -> {
          if (header != null) exchange.getResponseHeaders().add("Retry-After", header);
          exchange.sendResponseHeaders(status, -1);
        });
    var failure = fails("/a.csv", false, "answered with status " + status);
    assertThat(failure.atLeast()).isEqualTo(Duration.ofSeconds(seconds));
    if (seconds > 0) assertThat(failure).hasMessageContaining("asks to wait " + seconds + " s");
  }

  @Test
  void aTimeToWaitForIsUnderstood() {
    var until = ZonedDateTime.now(ZoneOffset.UTC).plusMinutes(10);
    at(
        "/a.csv",
        exchange -> {
          exchange
              .getResponseHeaders()
              .add("Retry-After", until.format(DateTimeFormatter.RFC_1123_DATE_TIME));
          exchange.sendResponseHeaders(503, -1);
        });
    assertThat(fails("/a.csv", false, "503").atLeast())
        .isBetween(Duration.ofMinutes(8), Duration.ofMinutes(10));
  }

  @ParameterizedTest
  @CsvSource({"'', '?credentials=plant&x=1'", "'meter:p%40ss:1@', '?x=1'"})
  void theLoginIsSentAndOurParametersAreNot(String login, String query) throws Exception {
    at("/a", exchange -> send(exchange, 0, lines(1, 1)));
    var uri = uri("/a").toString().replace("//", "//" + login);
    var own =
        "&format=ndjson&onBad=skip&timeUnit=s&timeZone=UTC&charset=UTF-8&at=at&every=1h&timeout=10s";
    var probe =
        provider
            .open(context(URI.create(uri + query + own)))
            .runWith(TestSink.create(KIT.system().classicSystem()), KIT.system());
    probe.request(1);
    probe.expectNext(SOON);
    probe.cancel();
    assertThat(asked.get(0).getRequestURI().toString()).isEqualTo("/a?x=1&format=ndjson");
    assertThat(asked.get(0).getRequestHeaders().getFirst("Authorization"))
        .isEqualTo("Basic bWV0ZXI6cEBzczox");
  }

  @Test
  void aServerThatWantsADigestGetsOneAndItsNonceIsUsedAgain() throws Exception {
    var logins = new CopyOnWriteArrayList<String>();
    at(
        "/a.ndjson",
        exchange -> {
          var login = exchange.getRequestHeaders().getFirst("Authorization");
          logins.add(login);
          if (login.startsWith("Digest username=\"meter\", realm=\"plant\", nonce=\"n1\"")) {
            send(exchange, 0, lines(1, 1));
            return;
          }
          exchange
              .getResponseHeaders()
              .add("WWW-Authenticate", "Digest realm=\"plant\", nonce=\"n1\", qop=\"auth\"");
          exchange.sendResponseHeaders(401, -1);
        });
    var values = new CopyOnWriteArrayList<Double>();
    var end = poll("/a.ndjson?every=100ms&credentials=plant", values);
    await().atMost(SOON).until(() -> logins.size() > 3);
    assertThat(values).containsExactly(1.0);
    assertThat(logins.get(1)).contains("nc=00000001");
    assertThat(logins.get(2)).contains("nc=00000002");
    assertThat(end.isDone()).isFalse();
  }

  @Test
  void aRefusalShowsNoPassword() {
    at("/a.csv", exchange -> exchange.sendResponseHeaders(401, -1));
    var uri = URI.create(uri("/a.csv?token=hunter2").toString().replace("//", "//u:hunter2@"));
    assertThatThrownBy(() -> all(uri))
        .cause()
        .isInstanceOfSatisfying(SourceException.class, e -> assertThat(e.permanent()).isTrue())
        .hasMessageContaining("status 401")
        .hasMessageContaining("credentials=NAME")
        .hasMessageNotContaining("hunter2");
    assertThatThrownBy(() -> all(uri("/a.csv?credentials=nobody")))
        .cause()
        .hasMessageContaining("DAYU_CREDENTIALS_NOBODY");
  }

  @Test
  void aRedirectIsFollowedAndTheLoginStaysAtItsServer() throws Exception {
    var other = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    try {
      other.createContext(
          "/b",
          exchange -> {
            asked.add(exchange);
            send(exchange, 0, lines(1, 1));
          });
      other.start();
      at("/a.ndjson", exchange -> leads(exchange, "/c"));
      at(
          "/c",
          exchange -> leads(exchange, "http://127.0.0.1:" + other.getAddress().getPort() + "/b"));
      assertThat(values(all("/a.ndjson?credentials=plant"))).containsExactly(1.0);
      assertThat(asked)
          .extracting(exchange -> exchange.getRequestHeaders().containsKey("Authorization"))
          .containsExactly(true, true, false);
    } finally {
      other.stop(0);
    }
  }

  @Test
  void aRedirectThatLeadsNowhereIsTold() {
    at("/a.csv", exchange -> leads(exchange, "/a.csv"));
    fails("/a.csv", false, "leads on more than 5 times");
    at("/b.csv", exchange -> leads(exchange, "ftp://host/b.csv"));
    fails("/b.csv", false, "answered with status 302");
  }

  @Test
  void whereAServerLeadsIsAskedOnlyIfThatMayBeRead() {
    var here = server.port();
    at("/a.ndjson", exchange -> leads(exchange, "http://localhost:" + here + "/secret.ndjson"));
    at("/secret.ndjson", exchange -> send(exchange, 0, lines(1, 1)));
    var checked = new ArrayList<Target>();
    Access noNames =
        target -> {
          checked.add(target);
          if (target.equals(new Target.Host("localhost", here)))
            throw new SourceException("localhost may not be read", true, null);
        };
    assertThatThrownBy(
            () ->
                provider
                    .open(context(uri("/a.ndjson")).within(noNames))
                    .runWith(Sink.seq(), KIT.system())
                    .toCompletableFuture()
                    .get(SOON.toSeconds(), TimeUnit.SECONDS))
        .hasMessageContaining("localhost may not be read");
    assertThat(checked)
        .containsExactly(new Target.Host("127.0.0.1", here), new Target.Host("localhost", here));
    assertThat(asked).extracting(e -> e.getRequestURI().getPath()).containsExactly("/a.ndjson");
  }

  @Test
  void aPageOrAnotherHeaderIsNoReasonToGiveUpForGood() {
    at(
        "/a.ndjson",
        exchange -> {
          exchange.getResponseHeaders().add("Content-Type", "text/html");
          send(exchange, 0, "<html>log in</html>");
        });
    fails("/a.ndjson", false, "a web page (text/html) instead of readings");
    at(
        "/cam.ndjson",
        exchange -> {
          exchange.getResponseHeaders().add("Content-Type", "multipart/x-mixed-replace;boundary=x");
          send(exchange, 0, "--x");
        });
    fails("/cam.ndjson", false, "write format=mjpeg to read a camera");
    at("/a.csv", exchange -> send(exchange, 0, "time,celsius\n1,2\n"));
    fails("/a.csv", false, "no column [at, value]; it has time, celsius");
    fails("/a.csv?onBad=stop", true, "no column [at, value]");
  }

  @Test
  void aServerThatFallsSilentIsGivenUpAfterATimeout() {
    at(
        "/a.ndjson",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(lines(1, 1).getBytes(StandardCharsets.UTF_8));
          exchange.getResponseBody().flush();
          server.stayUntilTheTestIsOver();
        });
    var values = new ArrayList<Double>();
    assertThat(readUntilItFails("/a.ndjson?timeout=300ms", values))
        .contains("fell silent and was given up after %d bytes".formatted(lines(1, 1).length()));
    assertThat(values).containsExactly(1.0);
  }

  @Test
  void aPipelineThatIsSlowIsNoSilenceOfTheServer() {
    var many = lines(1, 40_000);
    at("/a.ndjson", exchange -> send(exchange, 0, many));
    var probe =
        provider
            .open(context(uri("/a.ndjson?timeout=200ms")))
            .runWith(TestSink.create(KIT.system().classicSystem()), KIT.system());
    probe.request(1);
    probe.expectNext(SOON);
    probe.expectNoMessage(Duration.ofMillis(800));
    probe.request(Long.MAX_VALUE);
    for (int i = 2; i <= 40_000; i++) probe.expectNext(SOON);
    probe.expectComplete();
  }

  private void at(String path, HttpOrigin.Handler handler) {
    server.at(path, handler);
  }

  private static void leads(HttpExchange exchange, String to) throws IOException {
    exchange.getResponseHeaders().add("Location", to);
    exchange.sendResponseHeaders(302, -1);
  }

  private static String lines(int first, int last) {
    var lines = new StringBuilder();
    for (int i = first; i <= last; i++)
      lines.append("{\"sensor\":\"t\",\"at\":%d,\"value\":%d}\n".formatted(1714564800 + i, i));
    return lines.toString();
  }

  private URI uri(String path) {
    return server.uri(path);
  }

  private static SourceContext context(URI uri) {
    return new SourceContext(uri, 0, () -> Knobs.NONE);
  }

  private List<Segment> all(String path) throws Exception {
    return all(uri(path));
  }

  private List<Segment> all(URI uri) throws Exception {
    assertThat(provider.claims(uri)).isTrue();
    return provider
        .open(context(uri))
        .runWith(Sink.seq(), KIT.system())
        .toCompletableFuture()
        .get(SOON.toSeconds(), TimeUnit.SECONDS);
  }

  /** What the source said; it gave {@code values} before. */
  private String readUntilItFails(String path, List<Double> values) {
    var end = poll(path, values);
    assertThatThrownBy(() -> end.get(SOON.toSeconds(), TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class);
    return end.handle((done, failure) -> failure.getMessage()).join();
  }

  private java.util.concurrent.CompletableFuture<?> poll(String path, List<Double> values) {
    return provider
        .open(context(uri(path)))
        .runWith(Sink.foreach(segment -> values.addAll(values(List.of(segment)))), KIT.system())
        .toCompletableFuture();
  }

  private SourceException fails(String path, boolean permanent, String message) {
    var failure = new AtomicReference<SourceException>();
    assertThatThrownBy(() -> all(path))
        .cause()
        .isInstanceOfSatisfying(
            SourceException.class,
            e -> {
              assertThat(e.permanent()).as("permanent").isEqualTo(permanent);
              failure.set(e);
            })
        .hasMessageContaining(message);
    return failure.get();
  }

  private static List<Reading> readings(List<Segment> segments) {
    return FileReadingsStreamTest.readings(segments);
  }

  private static List<Double> values(List<Segment> segments) {
    return readings(segments).stream().map(Reading::getValue).toList();
  }
}
