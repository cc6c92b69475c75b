package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import io.dayu.element.Ending;
import io.dayu.element.Media;
import io.dayu.element.Reading;
import io.dayu.link.FlowKit;
import io.dayu.source.Access;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MqttReadingsStreamTest {
  private static final ActorTestKit KIT = FlowKit.start();
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Clock CLOCK = Clock.fixed(Instant.ofEpochMilli(77), ZoneOffset.UTC);

  /** A source that is read one element after the other. */
  private static final class Reader {
    private final SinkQueueWithCancel<Segment> elements;
    private final AtomicReference<LongConsumer> settled;
    private CompletionStage<Optional<Segment>> asked;

    private Reader(SourceProvider provider, String uri, long position, Knobs knobs) {
      settled = new AtomicReference<>();
      elements =
          provider
              .open(
                  new SourceContext(
                      URI.create(uri),
                      "plant/meter",
                      position,
                      () -> knobs,
                      settled::set,
                      () -> {},
                      end -> {},
                      Access.ANYTHING))
              .runWith(Sink.queue(1), KIT.system());
    }

    Segment next() throws Exception {
      if (asked == null) asked = elements.pull();
      try {
        var element = asked.toCompletableFuture().get(SOON.toSeconds(), TimeUnit.SECONDS);
        return element.orElseThrow(() -> new AssertionError("the source has ended"));
      } catch (ExecutionException e) {
        if (e.getCause() instanceof SourceException failure) throw failure;
        throw e;
      } finally {
        asked = null;
      }
    }

    List<Double> next(int count) throws Exception {
      var values = new ArrayList<Double>();
      while (values.size() < count)
        next().payload().getReadings().getReadingList().forEach(r -> values.add(r.getValue()));
      return values;
    }

    void settled(long upTo) {
      settled.get().accept(upTo);
    }

    void staysSilent() {
      if (asked == null) asked = elements.pull();
      var came =
          asked.toCompletableFuture().copy().completeOnTimeout(null, 400, TimeUnit.MILLISECONDS);
      assertThat(came.handle((element, failure) -> failure == null ? element : failure).join())
          .isNull();
    }
  }

  @TempDir Path dir;
  private Mosquitto broker;

  @AfterEach
  void stop() {
    if (broker != null) broker.close();
  }

  @AfterAll
  static void shutDown() {
    KIT.shutdownTestKit();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void whatWasNotSettledComesAgainInOrderAndNothingElse(int version) throws Exception {
    broker = Mosquitto.start(dir, 10);
    var uri = broker.uri("plant/meter?outstanding=10&version=" + version);
    var first = subscribed(uri);
    broker.publish("plant/meter", numbers(1, 11));

    assertThat(first.next(10)).isEqualTo(values(1, 10));
    first.staysSilent(); // held back until something is settled
    first.settled(4);
    assertThat(first.next(1)).containsExactly(11.0);
    awaitAcknowledged(4);

    // The next process of the node; the first one never acknowledges anything more.
    var second = read(new MqttReadings(name -> null, CLOCK), uri, 4);
    assertThat(second.next(7)).isEqualTo(values(5, 11));
    second.staysSilent();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void aBrokerThatComesBackIsReadOnWithoutTakingAnythingTwice(int version) throws Exception {
    broker = Mosquitto.start(dir, 10);
    var uri = broker.uri("plant/meter?version=" + version);
    var provider = new MqttReadings(name -> null, CLOCK);
    var first = subscribed(provider, uri);
    broker.publish("plant/meter", "1", "2", "2", "4", "5");
    assertThat(first.next(5)).containsExactly(1.0, 2.0, 2.0, 4.0, 5.0);
    first.settled(2);
    awaitAcknowledged(2);
    broker.stop();
    assertThatThrownBy(first::next)
        .isInstanceOfSatisfying(
            SourceException.class,
            e -> {
              assertThat(e.permanent()).isFalse();
              assertThat(e.getMessage()).contains("no connection");
            });
    first.settled(3); // while nobody hears it
    var tooEarly = read(provider, uri, 5);
    assertThatThrownBy(tooEarly::next)
        .isInstanceOfSatisfying(SourceException.class, e -> assertThat(e.permanent()).isFalse());

    broker.start();
    broker.publish("plant/meter", "6");
    var again = read(provider, uri, 5);
    assertThat(again.next()).extracting(Segment::position).isEqualTo(6L);
    again.staysSilent();
    again.settled(6);
    awaitAcknowledged(6);

    // All were acknowledged, those from before the restart too.
    broker.publish("plant/meter", "7");
    var next = read(new MqttReadings(name -> null, CLOCK), uri, 6);
    assertThat(next.next(1)).containsExactly(7.0);
    next.staysSilent();
  }

  @Test
  void aReaderThatStartsAnewTakesAgainWhatItsPredecessorHad() throws Exception {
    broker = Mosquitto.start(dir, 10);
    var uri = broker.uri("plant/meter");
    var provider = new MqttReadings(name -> null, CLOCK);
    var first = subscribed(provider, uri);
    broker.publish("plant/meter", numbers(1, 3));
    assertThat(first.next(3)).isEqualTo(values(1, 3));
    broker.stop();
    assertThatThrownBy(first::next).isInstanceOf(SourceException.class);
    broker.start();
    // Not at 3: whoever had the elements is gone.
    assertThat(read(provider, uri, 1).next(3)).isEqualTo(values(1, 3));
  }

  @Test
  void aReaderThatLeavesAcknowledgesWhatIsSettledLater() throws Exception {
    broker = Mosquitto.start(dir, 10);
    var uri = broker.uri("plant/meter");
    var first = subscribed(uri);
    broker.publish("plant/meter", numbers(1, 3));
    assertThat(first.next(3)).isEqualTo(values(1, 3));
    first.elements.cancel();
    first.settled(3);
    awaitAcknowledged(3);
    broker.publish("plant/meter", "4");
    assertThat(read(new MqttReadings(name -> null, CLOCK), uri, 3).next(1)).containsExactly(4.0);
  }

  @Test
  void messagesAreNumbersOrObjectsAndOthersFailWithTheirReason() throws Exception {
    broker = Mosquitto.start(dir, 100);
    var reader = subscribed(broker.uri("plant/%23?value=celsius"));
    broker.publish(
        "plant/door",
        "20.5",
        "{\"celsius\": 3, \"unit\": \"C\"}\n{\"sensor\":\"s\",\"at\":1714564800005,\"celsius\":4}",
        "not a number",
        "");
    assertThat(reader.next().payload().getReadings().getReadingList())
        .containsExactly(reading("plant/door", 77, 20.5, ""));
    var both = reader.next();
    assertThat(both.payload().getReadings().getReadingList())
        .containsExactly(reading("plant/door", 77, 3, "C"), reading("s", 1714564800005L, 4, ""));
    assertThat(both.position()).isEqualTo(2);
    var odd = reader.next();
    assertThat(odd.ending().orElseThrow().getReason())
        .isEqualTo("plant/door: 'celsius' is not a number: 'not a number'");
    assertThat(odd.payload()).isEqualTo(Media.getDefaultInstance());
    assertThat(odd.position()).isEqualTo(3);
    assertThat(reader.next().ending().orElseThrow().getReason())
        .isEqualTo("plant/door: the message is empty");
  }

  @Test
  void whatIsNoReadingFailsWithItsReason() throws Exception {
    broker = Mosquitto.start(dir, 100);
    var reader = subscribed(broker.uri("plant/meter?value=SI7021.Temperature"));
    var messages = new LinkedHashMap<String, String>();
    messages.put("21.5 C", "is not a number: '21.5 C'");
    messages.put("unavailable", "is not a number: 'unavailable'");
    messages.put("nan", "is not a number: 'nan'");
    messages.put("null", "is not a number: 'null'");
    messages.put("72F", "is not a number: '72F'");
    messages.put("21.5\0", "is not a number: '21.5\\u0000'");
    messages.put("", "the message is empty");
    messages.put("[1,2]", "this is not an object but an array");
    messages.put("[]", "this is not an object but an array");
    messages.put("{\"SI7021\":{}}", "'SI7021.Temperature' is missing; there is SI7021");
    messages.put("{\"SI7021\":{\"Temperature\":[1]}}", "there is an array; name what is in it");
    messages.put("{\"SI7021\":", "the JSON is cut off");
    messages.put("{\"SI7021\":{\"Temperature\":1}}{}", "object 2: 'SI7021.Temperature' is missing");
    messages.put("{oops}", "this is no JSON that can be read");
    broker.publish("plant/meter", messages.keySet().toArray(String[]::new));
    broker.publish("plant/meter", "{\"SI7021\":{\"Temperature\":21.5}}", "22,5");
    long position = 0;
    for (var reason : messages.values()) {
      var element = reader.next();
      assertThat(element.position()).isEqualTo(++position);
      assertThat(element.ending().orElseThrow().getKind()).isEqualTo(Ending.Kind.FAILED);
      assertThat(element.ending().orElseThrow().getReason())
          .startsWith("plant/meter: ")
          .contains(reason);
    }
    assertThat(reader.next(2)).containsExactly(21.5, 22.5);
    reader.settled(position + 2);
    awaitAcknowledged((int) position + 2);
  }

  @Test
  void whatIsNoReadingCanBeLeftOutOrEndTheStream() throws Exception {
    broker = Mosquitto.start(dir, 100);
    var reader = subscribed(broker.uri("plant/meter?onBad=skip"));
    broker.publish("plant/meter", "oops", "7");
    assertThat(reader.next().ending().orElseThrow().getKind()).isEqualTo(Ending.Kind.SKIPPED);
    assertThat(reader.next(1)).containsExactly(7.0);
    var strict = subscribed(broker.uri("plant/meter?onBad=stop&client=strict"));
    await().atMost(SOON).until(() -> log().contains("Sending SUBACK to strict"));
    broker.publish("plant/meter", "oops");
    assertThatThrownBy(strict::next)
        .isInstanceOfSatisfying(SourceException.class, e -> assertThat(e.permanent()).isTrue())
        .hasMessageContaining("plant/meter: 'value' is not a number: 'oops'");
  }

  @Test
  void readingsShareAnElementButDoNotWaitForOthersForLong() throws Exception {
    broker = Mosquitto.start(dir, 100);
    var ten = new Knobs(Map.of("segment", 10.0));
    var reader =
        new Reader(new MqttReadings(name -> null, CLOCK), broker.uri("plant/meter"), 0, ten);
    awaitSubscription(reader);
    broker.publish("plant/meter", numbers(1, 55));
    var elements = new ArrayList<Segment>();
    while (elements.isEmpty() || elements.get(elements.size() - 1).position() < 55)
      elements.add(reader.next());
    assertThat(elements).as("some share one, however slowly they come").hasSizeBetween(6, 54);
    assertThat(elements)
        .allSatisfy(e -> assertThat(e.payload().getReadings().getReadingCount()).isBetween(1, 10));
    assertThat(
            elements.stream()
                .flatMap(e -> e.payload().getReadings().getReadingList().stream())
                .map(Reading::getValue))
        .isEqualTo(values(1, 55));
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void aRetainedMessageIsTakenOnce(int version) throws Exception {
    broker = Mosquitto.start(dir, 10);
    broker.publish(MqttQos.AT_LEAST_ONCE, true, "plant/meter", "1");
    var uri = broker.uri("plant/meter?version=" + version);
    var first = read(new MqttReadings(name -> null, CLOCK), uri, 0);
    assertThat(first.next(1)).containsExactly(1.0);
    first.settled(1);
    awaitAcknowledged(1);
    broker.publish("plant/meter", "2");
    assertThat(first.next(1)).containsExactly(2.0);
    var second = read(new MqttReadings(name -> null, CLOCK), uri, 1);
    assertThat(second.next(1)).containsExactly(2.0);
    second.staysSilent();
  }

  @Test
  void messagesAsTheyAreAreAnotherKindOfSource() throws Exception {
    broker = Mosquitto.start(dir, 10);
    var uri = URI.create(broker.uri("plant/%23?format=opaque"));
    var provider = new MqttMessages();
    assertThat(provider.claims(uri)).isTrue();
    assertThat(new MqttReadings().claims(uri)).isFalse();
    var reader = read(provider, uri.toString(), 0);
    awaitSubscription(reader);
    broker.publish("plant/x", "hello");
    assertThat(reader.next().payload().getOpaque().toStringUtf8()).isEqualTo("hello");
  }

  private static UnaryOperator<String> credentials(String login) {
    return Map.of(
            "DAYU_CREDENTIALS_PLANT", login, "DAYU_CREDENTIALS_PLANT_HOSTS", "10.0.0.0/8,127.0.0.1")
        ::get;
  }

  @Test
  void credentialsGoToTheirHostsOnlyAndEncrypted() {
    var problems =
        Map.of(
            "mqtt://evil.example/plant", "credentials=plant is not for evil.example",
            "mqtt://10.0.0.1/plant", "would go to 10.0.0.1 unencrypted");
    problems.forEach(
        (uri, words) ->
            assertThat(problem(uri + "?credentials=plant", credentials("meter:secret")))
                .contains(words)
                .doesNotContain("secret"));
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void credentialsThatAreRefusedAreToldAndNeverShown(int version) throws Exception {
    var passwords = Files.writeString(dir.resolve("passwords"), "meter:right\n");
    var hashed =
        new ProcessBuilder("mosquitto_passwd", "-U", passwords.toString()).inheritIO().start();
    assertThat(hashed.waitFor()).isZero();
    broker = Mosquitto.start(dir, 10, "password_file " + passwords);
    var uri = broker.uri("plant/meter?credentials=plant&version=" + version);

    assertThat(refusal(uri, credentials("meter:secret")))
        .contains("refuses the connection", "correct the credentials")
        .doesNotContain("secret");
    assertThat(problem(uri, name -> null)).contains("DAYU_CREDENTIALS_PLANT", "user:password");
    assertThat(refusal(broker.uri("plant/meter?version=" + version), name -> null))
        .contains("refuses");
    assertThat(problem("mqtt://meter:secret@127.0.0.1/plant", name -> null))
        .contains("DAYU_CREDENTIALS_PLANT")
        .doesNotContain("secret");

    read(new MqttReadings(credentials("meter:right"), CLOCK), uri, 0).staysSilent();
    await().atMost(SOON).until(() -> log().contains("as dayu-plant-meter"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mqtt://127.0.0.1",
        "mqtt://127.0.0.1/",
        "mqtt://127.0.0.1/a/#",
        "mqtt://127.0.0.1/a/%23/b",
        "mqtt://127.0.0.1/a?version=4",
        "mqtt://127.0.0.1/a?qos=2",
        "mqtt://127.0.0.1/a?format=xml",
        "mqtt://127.0.0.1/a?outstanding=70000"
      })
  void aUriThatMeansNothingIsForGood(String uri) {
    assertThat(problem(uri, name -> null)).isNotBlank();
  }

  @Test
  void aBrokerThatIsNotThereIsTriedAgain() {
    var reader = read(new MqttReadings(name -> null, CLOCK), "mqtt://127.0.0.1:1/plant", 0);
    assertThatThrownBy(reader::next)
        .isInstanceOfSatisfying(
            SourceException.class,
            e -> {
              assertThat(e.permanent()).isFalse();
              assertThat(e.getMessage()).contains("mqtt://127.0.0.1:1: no connection");
            });
  }

  /** What nobody but whoever wrote the pipeline, or started the node, can mend. */
  private String problem(String uri, UnaryOperator<String> environment) {
    return failure(uri, environment, true);
  }

  /** What is tried again. */
  private String refusal(String uri, UnaryOperator<String> environment) {
    return failure(uri, environment, false);
  }

  private String failure(String uri, UnaryOperator<String> environment, boolean permanent) {
    var failure = new AtomicReference<String>();
    var reader = read(new MqttReadings(environment, CLOCK), uri, 0);
    assertThatThrownBy(reader::next)
        .isInstanceOfSatisfying(
            SourceException.class,
            e -> {
              assertThat(e.permanent()).as(e.getMessage()).isEqualTo(permanent);
              failure.set(e.getMessage());
            });
    return failure.get();
  }

  private Reader subscribed(String uri) throws Exception {
    return subscribed(new MqttReadings(name -> null, CLOCK), uri);
  }

  private Reader subscribed(SourceProvider provider, String uri) throws Exception {
    var reader = read(provider, uri, 0);
    awaitSubscription(reader);
    return reader;
  }

  /** What is published before the session exists is not kept for it. */
  private void awaitSubscription(Reader reader) {
    reader.asked = reader.elements.pull();
    await().atMost(SOON).until(() -> log().contains("Sending SUBACK to dayu-plant-meter"));
  }

  /** The broker numbers messages from 1. */
  private void awaitAcknowledged(int message) {
    await().atMost(SOON).until(() -> log().contains("(Mid: %d,".formatted(message)));
  }

  private String log() throws Exception {
    return Files.readString(dir.resolve("mosquitto.log"));
  }

  private static Reader read(SourceProvider provider, String uri, long position) {
    return new Reader(provider, uri, position, Knobs.NONE);
  }

  private static String[] numbers(int first, int last) {
    return IntStream.rangeClosed(first, last).mapToObj(String::valueOf).toArray(String[]::new);
  }

  private static List<Double> values(int first, int last) {
    return IntStream.rangeClosed(first, last).mapToObj(i -> (double) i).toList();
  }

  private static Reading reading(String sensor, long at, double value, String unit) {
    return Reading.newBuilder().setSensor(sensor).setAtMs(at).setValue(value).setUnit(unit).build();
  }
}
