package io.dayu.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dayu.facts.Decision;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.View;
import io.dayu.generate.Progress;
import io.dayu.link.FlowKit;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plans;
import io.dayu.read.FileReadings;
import io.dayu.read.Mosquitto;
import io.dayu.read.MqttReadings;
import io.dayu.source.Knobs;
import io.dayu.source.SourceProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kind of source that can be replayed goes on exactly where its node was killed. */
final class RestartStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  /** While nothing changes nothing is written, so that a copy of the file is whole. */
  private static final Duration QUIET = Duration.ofMillis(300);

  private static final int COUNT = 300;
  private static final int STORED = 100;
  private static final StreamName STREAM = StreamName.parse("one/in");

  private enum Kind {
    NUMBERS,
    CSV,
    NDJSON,
    MQTT_3,
    MQTT_5
  }

  @TempDir Path dir;
  private final List<TestNode> nodes = new ArrayList<>();

  /** The progress that was kept last. */
  private final AtomicReference<Progress> kept = new AtomicReference<>();

  private ActorTestKit kit;
  private Mosquitto broker;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
  }

  @AfterEach
  void stop() {
    nodes.forEach(TestNode::close);
    kit.shutdownTestKit();
    if (broker != null) broker.close();
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aKilledNodeGoesOnWhereTheLastSettledElementEnded(Kind kind) throws Exception {
    var uri = prepare(kind);
    var first = node(kind, "first");
    // From then on the store is away, so that something is under way when the node is killed.
    first.beforeStore =
        () -> {
          if (first.numbersStored(STREAM).size() >= STORED)
            throw new IllegalStateException("the store is away");
        };
    run(first, uri, 1);
    if (broker != null) {
      await().atMost(SOON).until(() -> log().contains("Sending SUBACK to dayu-one-in"));
      broker.publish("plant/meter", numbers());
    }
    await()
        .atMost(SOON)
        .during(QUIET)
        .until(
            () -> {
              var ledger = ledger(first);
              return ledger.delivered() == first.numbersStored(STREAM).size()
                  && ledger.delivered() >= STORED
                  && ledger.inFlight() > 0
                  && kept.get().delivered() == ledger.delivered()
                  && kept.get().generated() == ledger.generated();
            });
    var settled = first.numbersStored(STREAM);
    var killed = Files.createDirectory(dir.resolve("killed"));
    Files.copy(dir.resolve("first").resolve("streams.mv"), killed.resolve("streams.mv"));
    first.close();
    nodes.remove(first);

    var second = node(kind, "killed");
    run(second, uri, 1);
    await().atMost(SOON).until(() -> second.numbersStored(STREAM).contains((long) COUNT - 1));
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(ledger(second)).isEqualTo(new Ledger(COUNT, COUNT, 0, 0, 0)));
    var again = second.numbersStored(STREAM);
    assertThat(again).isEqualTo(range(settled.size(), COUNT));
    assertThat(settled).isEqualTo(range(0, settled.size()));
    assertThat(second.stored.get(STREAM).firstKey())
        .isGreaterThan(first.stored.get(STREAM).lastKey());
  }

  /** An element of several readings ends between two readings, wherever it was cut. */
  @ParameterizedTest
  @ValueSource(ints = {3, 7})
  void noReadingIsSkippedWhateverTheElementsSize(int segment) throws Exception {
    var uri = prepare(Kind.CSV);
    var first = node(Kind.CSV, "first");
    first.beforeStore =
        () -> {
          if (first.numbersStored(STREAM).size() >= STORED)
            throw new IllegalStateException("the store is away");
        };
    run(first, uri, segment);
    await()
        .atMost(SOON)
        .during(QUIET)
        .until(
            () ->
                first.numbersStored(STREAM).size() >= STORED
                    && kept.get().delivered() == first.stored.get(STREAM).size());
    var killed = Files.createDirectory(dir.resolve("killed"));
    Files.copy(dir.resolve("first").resolve("streams.mv"), killed.resolve("streams.mv"));
    first.close();
    nodes.remove(first);
    var second = node(Kind.CSV, "killed");
    run(second, uri, segment + 1);
    await()
        .atMost(SOON)
        .until(
            () ->
                second.stream(STREAM).filter(r -> r.state() == StreamState.COMPLETED).isPresent());
    assertThat(second.numbersStored(STREAM))
        .isEqualTo(range(first.numbersStored(STREAM).size(), COUNT));
  }

  private String prepare(Kind kind) throws Exception {
    return switch (kind) {
      case NUMBERS -> "numbers:x";
      case CSV ->
          Files.writeString(dir.resolve("n.csv"), "sensor,at,value\n" + lines("s,%1$d,%1$d"))
                  .toUri()
              + "?timeUnit=ms";
      case NDJSON ->
          Files.writeString(dir.resolve("n.ndjson"), lines("{\"at\":%1$d,\"value\":%1$d}")).toUri()
              + "?timeUnit=ms";
      case MQTT_3, MQTT_5 -> {
        broker = Mosquitto.start(Files.createDirectory(dir.resolve("broker")), 1_000);
        yield broker.uri("plant/meter?version=" + (kind == Kind.MQTT_3 ? 3 : 5));
      }
    };
  }

  private TestNode node(Kind kind, String directory) throws Exception {
    SourceProvider provider =
        switch (kind) {
          case NUMBERS -> TestNode.numbers("numbers", true, COUNT, 5_000);
          case CSV, NDJSON -> new FileReadings();
          case MQTT_3, MQTT_5 -> new MqttReadings();
        };
    var node =
        new TestNode(
            kit,
            "edge-1",
            Role.CLOUD,
            Files.createDirectories(dir.resolve(directory)),
            List.of(provider),
            List.of(Plans.READER),
            memory -> TestNode.watched(memory, kept));
    nodes.add(node);
    return node;
  }

  private static void run(TestNode node, String uri, int segment) {
    var view = TestNode.view(node, node.pipeline("one", uri, "reader"));
    var knobs = new Knobs(Map.of("segment", (double) segment));
    var decisions = new TreeMap<StreamName, Decision>();
    view.decisions()
        .forEach(
            (stream, d) ->
                decisions.put(
                    stream,
                    new Decision(
                        d.stream(), d.version(), d.at(), d.route(), d.warm(), knobs, d.reason())));
    node.controller.tell(
        new Controller.Viewed(new View(view.nodes(), decisions, view.pipelines())));
  }

  private static Ledger ledger(TestNode node) {
    return node.stream(STREAM).map(StreamReport::ledger).orElse(Ledger.EMPTY);
  }

  private String log() throws Exception {
    return Files.readString(dir.resolve("broker").resolve("mosquitto.log"));
  }

  private static String[] numbers() {
    return IntStream.range(0, COUNT).mapToObj(String::valueOf).toArray(String[]::new);
  }

  private static String lines(String format) {
    return IntStream.range(0, COUNT).mapToObj(format::formatted).collect(Collectors.joining("\n"))
        + "\n";
  }

  private static TreeSet<Long> range(int from, int to) {
    return LongStream.range(from, to).boxed().collect(Collectors.toCollection(TreeSet::new));
  }
}
