package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.dayu.element.Reading;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.testkit.javadsl.TestSink;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpReadingsStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  // A loaded machine is slow, which is not what is tested.
  private static final ActorTestKit KIT =
      ActorTestKit.create(
          ConfigFactory.parseString("pekko.test.timefactor = 6")
              .withFallback(ConfigFactory.load()));

  @RegisterExtension private final HttpOrigin server = new HttpOrigin();

  @AfterAll
  static void shutDown() {
    KIT.shutdownTestKit();
  }

  @Test
  void csvAndNdjsonAreRead() throws Exception {
    serve("/a.csv", 200, "sensor,at,value\nt1,1714564800001,5\nt1,1714564800002,6\n", false);
    serve("/b.ndjson", 200, "{\"at\":1714564800003,\"value\":7}", false);

    assertThat(values(all("/a.csv?key=1"))).containsExactly(5.0, 6.0);
    var one = all("/b.ndjson");
    assertThat(values(one)).containsExactly(7.0);
    assertThat(one.get(0).payload().getReadings().getReading(0).getSensor()).isEqualTo("b");
  }

  @Test
  void readingsOfAServerThatGoesOnAreDeliveredAtOnceAndCancellingFreesTheReader() {
    serve(
        "/live.ndjson",
        200,
        "{\"at\":1714564800001,\"value\":1}\n{\"at\":1714564800002,\"value\":2}\n",
        true);
    var probe =
        open("/live.ndjson").runWith(TestSink.create(KIT.system().classicSystem()), KIT.system());
    probe.request(10);
    probe.expectNextN(2);
    Awaitility.await().atMost(SOON).untilAsserted(() -> assertThat(blockedReaders()).isEqualTo(1));

    probe.cancel();

    Awaitility.await().atMost(SOON).untilAsserted(() -> assertThat(blockedReaders()).isZero());
  }

  @ParameterizedTest
  @CsvSource({"404, true", "403, true", "429, false", "408, false", "500, false", "503, false"})
  void aRefusalIsPermanentIfAskingAgainIsUseless(int status, boolean permanent) {
    serve("/a.csv", status, "sorry", false);

    fails("/a.csv", permanent, "answered with status " + status);
  }

  @Test
  void aBadRecordIsAFailedElementAndTheFeedGoesOn() throws Exception {
    serve("/a.csv", 200, "at,value\n2024-05-01,1\n2024-05-01,oops\n2024-05-01,3\n", false);
    var segments = all("/a.csv");
    assertThat(values(segments)).containsExactly(1.0, 3.0);
    assertThat(segments.get(1).ending().orElseThrow().getReason())
        .isEqualTo("line 3: 'value' is not a number: 'oops'");
  }

  @Test
  void aBrokenLineIsReportedWithItsNumber() {
    serve("/a.csv", 200, "at,value\n1714564800001,1\nx,2\n", false);

    fails("/a.csv?onBad=stop", true, "/a.csv?onBad=stop, line 3: 'at' is neither a time");
  }

  @Test
  void aConnectionThatBreaksIsOpenedAgainByTheGenerator() {
    server.at("/a.csv", exchange -> HttpOrigin.send(exchange, 1000, "at,value\n1714564800001,1\n"));

    fails("/a.csv", false, "reading failed");
  }

  @Test
  void aServerThatIsAwayIsTriedAgain() throws Exception {
    int free;
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = socket.getLocalPort();
    }
    var uri = URI.create("http://127.0.0.1:" + free + "/a.csv");

    fails(uri, false, "ConnectException");
  }

  private void serve(String path, int status, String text, boolean stayOpen) {
    server.at(
        path,
        exchange -> {
          exchange.sendResponseHeaders(status, 0);
          exchange.getResponseBody().write(text.getBytes(StandardCharsets.UTF_8));
          exchange.getResponseBody().flush();
          if (stayOpen) server.stayUntilTheTestIsOver();
        });
  }

  private URI uri(String path) {
    return server.uri(path);
  }

  private Source<Segment, NotUsed> open(String path) {
    return open(uri(path));
  }

  private static Source<Segment, NotUsed> open(URI uri) {
    assertThat(new HttpReadings().claims(uri)).isTrue();
    return new HttpReadings().open(new SourceContext(uri, 0, () -> Knobs.NONE));
  }

  private List<Segment> all(String path) throws Exception {
    return all(open(path));
  }

  private static List<Segment> all(Source<Segment, NotUsed> source) throws Exception {
    return source
        .runWith(Sink.seq(), KIT.system())
        .toCompletableFuture()
        .get(SOON.toSeconds(), TimeUnit.SECONDS);
  }

  private void fails(String path, boolean permanent, String message) {
    fails(uri(path), permanent, message);
  }

  private static void fails(URI uri, boolean permanent, String message) {
    assertThatThrownBy(() -> all(open(uri)))
        .cause()
        .isInstanceOfSatisfying(
            SourceException.class,
            e -> assertThat(e.permanent()).as("permanent").isEqualTo(permanent))
        .hasMessageContaining(uri.toString())
        .hasMessageContaining(message);
  }

  /** Threads of the dispatcher for blocking work that are in a read. */
  private static long blockedReaders() {
    return Thread.getAllStackTraces().entrySet().stream()
        .filter(e -> e.getKey().getName().contains(SourceContext.BLOCKING_DISPATCHER))
        .filter(e -> List.of(e.getValue()).toString().contains(NdjsonRecords.class.getName()))
        .count();
  }

  private static List<Double> values(List<Segment> segments) {
    return FileReadingsStreamTest.readings(segments).stream().map(Reading::getValue).toList();
  }
}
