package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import io.dayu.element.Reading;
import io.dayu.link.FlowKit;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that sends a part of a file at each request and breaks the connection. */
class HttpResumeStreamTest {
  private static final ActorTestKit KIT = FlowKit.start();
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int LINES = 300;

  @RegisterExtension private final HttpOrigin server = new HttpOrigin();
  private final List<HttpExchange> asked = server.asked;
  private final AtomicLong sent = new AtomicLong();

  @AfterAll
  static void shutDown() {
    KIT.shutdownTestKit();
  }

  /**
   * Answers with at most {@code most} bytes of {@code file}, and with a part if a part is asked
   * for.
   */
  private void answer(HttpExchange exchange, byte[] file, int most) throws IOException {
    var headers = exchange.getResponseHeaders();
    headers.set("Accept-Ranges", "bytes");
    var range = exchange.getRequestHeaders().getFirst("Range");
    int from = range == null ? 0 : Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
    int to = Math.min(file.length, from + most);
    if (range != null)
      headers.set("Content-Range", "bytes %d-%d/%d".formatted(from, file.length - 1, file.length));
    exchange.sendResponseHeaders(range == null ? 200 : 206, file.length - from);
    exchange.getResponseBody().write(file, from, to - from);
    exchange.getResponseBody().flush();
    sent.addAndGet(to - from);
  }

  private static byte[] file() {
    var text = new StringBuilder("sensor,at,value\n");
    for (int i = 1; i <= LINES; i++) text.append("t,%d,%d\n".formatted(1714564800 + i, i));
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static List<Double> values() {
    return IntStream.rangeClosed(1, LINES).mapToObj(i -> (double) i).toList();
  }

  private static byte[] packed(byte[] bytes) throws IOException {
    var packed = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(packed)) {
      out.write(bytes);
    }
    return packed.toByteArray();
  }

  private CompletableFuture<?> read(String path, List<Double> values) {
    return new HttpReadings(name -> null)
        .open(new SourceContext(server.uri(path), 0, () -> Knobs.NONE))
        .runWith(Sink.foreach(segment -> values.addAll(values(segment))), KIT.system())
        .toCompletableFuture();
  }

  private static List<Double> values(Segment segment) {
    return FileReadingsStreamTest.readings(List.of(segment)).stream()
        .map(Reading::getValue)
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/a.csv", "/a.csv.gz"})
  void aFileGoesOnWhereItBrokeAndNothingIsSentTwice(String path) throws Exception {
    var file = path.endsWith("gz") ? packed(file()) : file();
    server.at(
        path,
        exchange -> {
          exchange.getResponseHeaders().set("ETag", "\"7\"");
          answer(exchange, file, file.length / 3 + 7);
        });
    var values = new ArrayList<Double>();
    read(path, values).get(SOON.toSeconds(), TimeUnit.SECONDS);
    assertThat(values).isEqualTo(values());
    assertThat(sent).hasValue(file.length);
    assertThat(asked).hasSize(3);
    assertThat(asked.get(1).getRequestHeaders().getFirst("If-Range")).isEqualTo("\"7\"");
  }

  /** The date of an answer is set by the server. */
  @ParameterizedTest
  @CsvSource({"3600, 2", "0, 1"})
  void aTimeOfChangeWillDoIfItIsNotOfThisSecond(long age, int requests) throws Exception {
    var file = file();
    var modified = Instant.now().plusSeconds(5).minusSeconds(age).atZone(ZoneOffset.UTC);
    server.at(
        "/a.csv",
        exchange -> {
          exchange
              .getResponseHeaders()
              .set("Last-Modified", modified.format(DateTimeFormatter.RFC_1123_DATE_TIME));
          answer(exchange, file, asked.size() == 1 ? 100 : file.length);
        });
    var end = read("/a.csv", new ArrayList<>());
    await().atMost(SOON).until(end::isDone);
    assertThat(asked).hasSize(requests);
  }

  @ParameterizedTest
  @CsvSource({"W/\"7\", bytes", ", bytes", "\"7\", none", "\"7\", "})
  void aServerThatCannotSayWhatItSendsIsNotAskedForTheRest(String tag, String ranges) {
    var file = file();
    server.at(
        "/a.csv",
        exchange -> {
          if (tag != null) exchange.getResponseHeaders().set("ETag", tag);
          if (ranges != null) exchange.getResponseHeaders().set("Accept-Ranges", ranges);
          HttpOrigin.send(exchange, file.length, Arrays.copyOf(file, 100));
        });
    var values = new ArrayList<Double>();
    assertThatThrownBy(() -> read("/a.csv", values).get(SOON.toSeconds(), TimeUnit.SECONDS))
        .hasMessageContaining("closed after 100 of %d bytes".formatted(file.length));
    assertThat(asked).hasSize(1);
  }

  @Test
  void theRestOfAnotherContentIsNotTaken() {
    var file = file();
    server.at(
        "/a.csv",
        exchange -> {
          exchange.getResponseHeaders().set("ETag", "\"%d\"".formatted(asked.size()));
          exchange.getResponseHeaders().set("Accept-Ranges", "bytes");
          // If-Range names the first content, so the second one is sent as a whole.
          HttpOrigin.send(exchange, file.length, Arrays.copyOf(file, 100));
        });
    var values = new ArrayList<Double>();
    assertThatThrownBy(() -> read("/a.csv", values).get(SOON.toSeconds(), TimeUnit.SECONDS))
        .hasMessageContaining("closed after 100 of %d bytes".formatted(file.length));
    assertThat(asked).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({"bytes 0-%d/%d", "bytes 100-%d/9", "''"})
  void anotherPartThanWasAskedForIsNotTaken(String range) {
    var file = file();
    server.at(
        "/a.csv",
        exchange -> {
          var headers = exchange.getResponseHeaders();
          headers.set("ETag", "\"7\"");
          headers.set("Accept-Ranges", "bytes");
          if (asked.size() == 1) {
            HttpOrigin.send(exchange, file.length, Arrays.copyOf(file, 100));
            return;
          }
          headers.set("Content-Range", range.formatted(file.length - 1, file.length));
          exchange.sendResponseHeaders(206, file.length);
          exchange.getResponseBody().write(file);
        });
    var values = new ArrayList<Double>();
    assertThatThrownBy(() -> read("/a.csv", values).get(SOON.toSeconds(), TimeUnit.SECONDS))
        .hasMessageContaining("closed after 100 of %d bytes".formatted(file.length));
    assertThat(asked).hasSize(2);
  }

  @Test
  void aServerThatIsBusyMeanwhileIsAskedAgain() throws Exception {
    var file = file();
    server.at(
        "/a.csv",
        exchange -> {
          exchange.getResponseHeaders().set("ETag", "\"7\"");
          if (asked.size() == 2) exchange.sendResponseHeaders(503, -1);
          else answer(exchange, file, asked.size() == 1 ? 100 : file.length);
        });
    var values = new ArrayList<Double>();
    read("/a.csv", values).get(SOON.toSeconds(), TimeUnit.SECONDS);
    assertThat(values).isEqualTo(values());
    assertThat(asked).hasSize(3);
  }

  @Test
  void aServerThatSendsALittleEachTimeIsGivenUp() {
    var file = file();
    server.at(
        "/a.csv",
        exchange -> {
          exchange.getResponseHeaders().set("ETag", "\"7\"");
          answer(exchange, file, 100);
        });
    var values = new ArrayList<Double>();
    long begun = System.nanoTime();
    assertThatThrownBy(() -> read("/a.csv", values).get(SOON.toSeconds(), TimeUnit.SECONDS))
        .hasMessageContaining("closed after 500 of %d bytes".formatted(file.length));
    assertThat(asked).hasSize(5);
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofSeconds(7));
  }

  @Test
  void aReaderThatIsStoppedBetweenTwoConnectionsEndsAtOnce() {
    var file = file();
    server.at(
        "/a.csv",
        exchange -> {
          exchange.getResponseHeaders().set("ETag", "\"7\"");
          if (asked.size() > 1) exchange.sendResponseHeaders(503, -1);
          else answer(exchange, file, 100);
        });
    var values = new CopyOnWriteArrayList<Double>();
    var reading =
        new HttpReadings(name -> null)
            .open(new SourceContext(server.uri("/a.csv"), 0, () -> Knobs.NONE))
            .viaMat(KillSwitches.single(), Keep.right())
            .to(Sink.foreach(segment -> values.addAll(values(segment))))
            .run(KIT.system());
    await().atMost(SOON).until(() -> asked.size() == 3); // the next pause is of two seconds
    reading.shutdown();
    await().atMost(Duration.ofSeconds(1)).until(() -> readers() == 0);
  }

  private static long readers() {
    return Thread.getAllStackTraces().values().stream()
        .filter(stack -> List.of(stack).toString().contains(HttpBody.class.getName()))
        .count();
  }
}
