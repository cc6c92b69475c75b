package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.dayu.element.Ending;
import io.dayu.element.Reading;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.testkit.javadsl.TestSink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileReadingsStreamTest {
  // A loaded machine is slow, which is not what is tested.
  private static final ActorTestKit KIT =
      ActorTestKit.create(
          ConfigFactory.parseString("pekko.test.timefactor = 6")
              .withFallback(ConfigFactory.load()));
  private static final String CSV =
      """
      sensor,at,value,unit
      t1,2024-05-01T12:00:00Z,20.5,C
      "t,2",1714564800001,-3,"C"

      t1,2024-05-01T14:00:00.002+02:00,1e3,
      """;

  @TempDir Path dir;
  private Knobs knobs = Knobs.NONE;

  @AfterAll
  static void shutDown() {
    KIT.shutdownTestKit();
  }

  @Test
  void csvBecomesReadings() throws Exception {
    var segments = all(file("a.csv", CSV), "", 0);

    assertThat(readings(segments))
        .containsExactly(
            reading("t1", 1714564800000L, 20.5, "C"),
            reading("t,2", 1714564800001L, -3, "C"),
            reading("t1", 1714564800002L, 1000, ""));
    assertThat(segments).extracting(Segment::position).containsExactly(1L, 2L, 3L);
  }

  @Test
  void ndjsonBecomesReadings() throws Exception {
    var file =
        file(
            "a.ndjson",
            """
            {"sensor":"t1","at":"2024-05-01T12:00:00Z","value":20.5,"unit":"C","more":{"x":[1]}}

            {"at":1714564800001,"value":"7"}
            """);

    assertThat(readings(all(file, "", 0)))
        .containsExactly(
            reading("t1", 1714564800000L, 20.5, "C"), reading("a", 1714564800001L, 7, ""));
  }

  @Test
  void columnsAreFoundByOtherNames() throws Exception {
    var file =
        file("pier.csv", "wind,date,temperature\n3,2024-05-01,20.5\n4,2024-05-01T12:00,21\n");

    assertThat(readings(all(file, "?at=date&value=temperature&unit=none", 0)))
        .containsExactly(
            reading("pier", 1714521600000L, 20.5, ""), reading("pier", 1714564800000L, 21, ""));
  }

  @Test
  void itGoesOnAtAPosition() throws Exception {
    var file = numbers(10);

    assertThat(values(all(file, "", 7))).containsExactly(7.0, 8.0, 9.0);
    assertThat(all(file, "", 10)).isEmpty();
    assertThat(all(file, "", 99)).isEmpty();
  }

  @Test
  void theSegmentKnobSaysHowManyReadingsAnElementHas() throws Exception {
    knobs = new Knobs(Map.of("segment", 4.0));

    var segments = all(numbers(10), "", 0);

    assertThat(segments)
        .extracting(s -> s.payload().getReadings().getReadingCount())
        .containsExactly(4, 4, 2);
    assertThat(segments).extracting(Segment::position).containsExactly(4L, 8L, 10L);
    assertThat(values(segments)).hasSize(10).isSorted();
  }

  @Test
  void theRateKnobPacesReadings() throws Exception {
    knobs = new Knobs(Map.of("segment", 5.0, "rate", 100.0));
    var start = System.nanoTime();

    assertThat(all(numbers(150), "", 0)).hasSize(30);

    // A busy machine may be late.
    assertThat((System.nanoTime() - start) / 1e9).isGreaterThan(1.25);
  }

  @Test
  void aLoopBeginsAgainAndPositionsGoOn() throws Exception {
    for (var length : List.of(1, 3)) {
      var file = numbers(length);
      var two = some(open(file, "?loop=true", 0), 2L * length + 1);
      assertThat(two).extracting(Segment::position).contains(2L * length + 1);
      assertThat(values(two).get(2 * length)).isZero();

      var late = some(open(file, "?loop=true", 3_000_000_001L), 1);
      assertThat(late.get(0).position()).isEqualTo(3_000_000_002L);
      assertThat(values(late)).containsExactly((double) (3_000_000_001L % length));
    }
  }

  @Test
  void emptyFilesHaveNoReadings() throws Exception {
    assertThat(all(file("a.csv", ""), "", 0)).isEmpty();
    assertThat(all(file("b.csv", "sensor,at,value,unit\n"), "?loop=true", 0)).isEmpty();
    assertThat(all(file("c.ndjson", "\n\n"), "?loop=true", 0)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "t1,1714564800000,x,C | line 3: 'value' is not a number: 'x'; expected a header and columns"
            + " sensor,at",
        "t1,1714564800000,NaN,C | line 3: 'value' is not a number: 'NaN'",
        "t1,1714564800000 | line 3: 'value' is missing",
        "t1,,3,C | line 3: 'at' is missing",
        "t1,yesterday,3,C | line 3: 'at' is neither a time as 2024-05-01T12:00:00Z nor",
        "t1,99999999999999999999,3,C | line 3: 'at' is neither a time",
        "t1,\"1714564800000\"2,3,C | line 3: "
      })
  void aBrokenCsvLineIsReportedWithItsNumber(String line, String message) {
    var good = "sensor,at,value,unit\nt1,1714564800000,1,C\n";

    failsForGood(file("a.csv", good + line + "\nt1,1714564800002,2,C\n"), "", message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"at\":1714564800000,\"value\":\"x\"} | line 2: 'value' is not a number: 'x'; expected"
            + " one object",
        "{\"at\":1714564800000,\"value\":null} | line 2: 'value' is missing",
        "{\"at\":1714564800000,\"value\":[1]} | line 2: 'value' is missing",
        "[1,2] | line 2: this is not an object",
        "{\"at\":1714564800000,\"value\" | line",
        "nonsense | line 2: "
      })
  void aBrokenNdjsonLineIsReportedWithItsNumber(String line, String message) {
    failsForGood(
        file("a.ndjson", "{\"at\":1714564800000,\"value\":1}\n" + line + "\n"), "", message);
  }

  @Test
  void readingsBeforeABrokenLineAreDelivered() {
    knobs = new Knobs(Map.of("segment", 2.0, "rate", 100.0));
    var probe =
        open(file("a.csv", "at,value\n1,1\n2,2\n3,3\n4,4\n5,5\nbad,6\n"), "?timeUnit=ms", 0)
            .runWith(TestSink.create(KIT.system().classicSystem()), KIT.system());
    probe.request(10);
    for (var position : List.of(2L, 4L, 5L))
      assertThat(probe.expectNext().position()).isEqualTo(position);
    assertThat(probe.expectError()).isInstanceOf(SourceException.class);
  }

  @ParameterizedTest
  @CsvSource({"fail, FAILED", "skip, SKIPPED"})
  void aBadRecordIsAnElementOfItsOwnAndTheRestIsRead(String onBad, Ending.Kind kind)
      throws Exception {
    knobs = new Knobs(Map.of("segment", 2.0));
    var at = "2024-05-01,";
    var file =
        file(
            "a.csv",
            "at,value\n" + at + "0\n" + at + "\n" + at + "NaN\n" + at + "3\n" + at + "4\n");
    for (long begin = 0; begin < 5; begin++) {
      var segments = all(file, "?onBad=" + onBad, begin);
      var positions = begin == 4 ? List.of(5L) : List.of(1L, 2L, 3L, 5L).subList((int) begin, 4);
      assertThat(segments).extracting(Segment::position).isEqualTo(positions);
      if (begin > 0) continue;
      assertThat(values(segments)).containsExactly(0.0, 3.0, 4.0);
      assertThat(segments.subList(1, 3))
          .extracting(s -> s.ending().orElseThrow().getKind())
          .containsOnly(kind);
      assertThat(segments.subList(1, 3))
          .extracting(s -> s.ending().orElseThrow().getReason())
          .containsExactly("line 3: 'value' is missing", "line 4: 'value' is not a number: 'NaN'");
    }
  }

  @Test
  void aLoopPassesBadRecordsEachTime() throws Exception {
    var file = file("a.ndjson", "{\"at\":\"2024-05-01\",\"value\":1}\noops\n");
    var segments = some(open(file, "?loop=true&onBad=fail", 0), 6);
    assertThat(segments).extracting(Segment::position).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
    assertThat(segments.stream().filter(s -> s.ending().isPresent())).hasSize(3);
    var late = some(open(file, "?loop=true&onBad=fail", 1_000_001), 2);
    assertThat(late).extracting(s -> s.ending().isPresent()).containsExactly(true, false);
  }

  @Test
  void packedFilesAndOtherEndingsAreRead() throws Exception {
    var packed = dir.resolve("pier.csv.gz");
    try (var out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      out.write("at,value\n2024-05-01,7\n".getBytes(StandardCharsets.UTF_8));
    }
    assertThat(readings(all(packed, "", 0)))
        .containsExactly(reading("pier", 1714521600000L, 7, ""));
    var line = "{\"at\":\"2024-05-01\",\"value\":7}\n";
    for (var other : List.of(file("pier.jsonl", line), file("pier.log", line))) {
      var query = other.toString().endsWith("log") ? "?format=ndjson" : "";
      assertThat(new FileReadings().claims(URI.create(other.toUri() + query))).isTrue();
      assertThat(readings(all(other, query, 0)))
          .containsExactly(reading("pier", 1714521600000L, 7, ""));
    }
  }

  @Test
  void filesThatCannotBeReadingsAreReported() {
    failsForGood(file("a.csv", "time,celsius\n1,2\n"), "", "no column [at, value]");
    failsForGood(file("a.csv", "at,at,value\n1,1,2\n"), "", "line 1: ");
    failsForGood(dir.resolve("nobody.csv"), "", "nobody.csv does not exist on this node");
    failsForGood(dir, "x.csv", "does not exist");
    failsForGood(file("long.csv", "at,value\n\"" + "x".repeat(3 << 20)), "", "a record is longer");
    failsForGood(file("long.ndjson", "{\"at\":\"" + "x".repeat(3 << 20)), "", "a record is longer");
    failsForGood(file("a.csv", CSV), "?speed=2", "unknown parameter 'speed'");
    failsForGood(file("a.csv", CSV), "?loop=maybe", "neither true nor false");
    failsForGood(file("a.csv", CSV), "?onBad=ignore", "onBad=ignore is none of stop, fail, skip");
    failsForGood(file("a.csv", CSV), "?timeUnit=m", "timeUnit=m is none of s, ms, us, ns");
    failsForGood(file("a.csv", CSV), "?format=xml", "format=xml is none of csv, ndjson");
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:a.csv", "file:///d/a.CSV?loop=true", "d/a.ndjson", "/a.csv?at=b"})
  void itClaimsFilesOfReadings(String uri) {
    assertThat(new FileReadings().claims(URI.create(uri))).isTrue();
    assertThat(new HttpReadings().claims(URI.create(uri))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:a.mp4", "ftp://h/a.csv", "synthetic:?bytes=1", "mailto:a.csv"})
  void itLeavesOtherUrisAlone(String uri) {
    assertThat(new FileReadings().claims(URI.create(uri))).isFalse();
    assertThat(new HttpReadings().claims(URI.create(uri))).isFalse();
  }

  @Test
  void theProvidersAreFoundAndClaimTheirExamples() {
    var found =
        ServiceLoader.load(SourceProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(p -> p.getClass().getPackage().equals(FileReadings.class.getPackage()))
            .toList();

    assertThat(found)
        .extracting(p -> p.descriptor().name())
        .containsExactlyInAnyOrder(
            "readings", "http-readings", "mqtt-messages", "mqtt-readings", "synthetic");
    assertThat(found).allMatch(p -> p.claims(URI.create(p.descriptor().example())));
  }

  private Path numbers(int count) {
    return file(
        "numbers.csv",
        IntStream.range(0, count)
            .mapToObj(i -> "t," + (1714564800000L + i) + "," + i)
            .collect(Collectors.joining("\n", "sensor,at,value\n", "\n")));
  }

  private Path file(String name, String text) {
    try {
      return Files.writeString(dir.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Source<Segment, NotUsed> open(Path file, String query, long position) {
    Supplier<Knobs> now = () -> knobs;
    return new FileReadings()
        .open(new SourceContext(URI.create(file.toUri() + query), position, now));
  }

  private List<Segment> all(Path file, String query, long position) throws Exception {
    return some(open(file, query, position), Long.MAX_VALUE);
  }

  private static List<Segment> some(Source<Segment, NotUsed> source, long count) throws Exception {
    return source
        .take(count)
        .runWith(Sink.seq(), KIT.system())
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS);
  }

  private void failsForGood(Path file, String query, String message) {
    assertThatThrownBy(() -> all(file, query, 0))
        .cause()
        .isInstanceOfSatisfying(
            SourceException.class, e -> assertThat(e.permanent()).as("permanent").isTrue())
        .hasMessageContaining(file.getFileName().toString())
        .hasMessageContaining(message);
  }

  static List<Reading> readings(List<Segment> segments) {
    return segments.stream()
        .flatMap(s -> s.payload().getReadings().getReadingList().stream())
        .toList();
  }

  private static List<Double> values(List<Segment> segments) {
    return readings(segments).stream().map(Reading::getValue).toList();
  }

  private static Reading reading(String sensor, long at, double value, String unit) {
    return Reading.newBuilder().setSensor(sensor).setAtMs(at).setValue(value).setUnit(unit).build();
  }
}
