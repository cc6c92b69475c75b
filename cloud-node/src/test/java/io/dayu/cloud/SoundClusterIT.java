package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import io.dayu.element.Audio;
import io.dayu.element.Wav;
import io.dayu.local.Home;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Sound of files goes through the pipeline of {@code examples/sound} on one edge and a cloud. */
class SoundClusterIT {
  private static final int RATE = 44_100;
  private static final Path HOME = Home.find().root();
  private static Cluster cluster;

  @BeforeAll
  static void start() {
    cluster = Cluster.start(SoundClusterIT.class, 1, n -> n);
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  @AfterEach
  void deleteAll() {
    cluster.deleteAll();
  }

  @Test
  void howLoudARecordingIsIsToldForAllOfItAndKeptAsSound() throws IOException {
    var wav = cluster.nodes().directory().resolve("hall.wav");
    Files.write(wav, Wav.write(knocks(10)));
    submit("hall", wav, "");
    cluster.awaitDelivered("hall", 20);
    var results = cluster.results("hall");
    assertThat(Cluster.seqs(results))
        .containsExactlyInAnyOrderElementsOf(LongStream.range(0, 20).boxed().toList());
    for (var result : results) {
      boolean knock = result.path("seq").asLong() == 15;
      assertThat(reading(result, "level"))
          .as(result.toString())
          .isCloseTo(knock ? -6 : -40, within(3.0));
      if (knock) assertThat(result.at("/outputs/loud/labels/0/name").asText()).isEqualTo("level");
      assertThat(label(result, "voice")).as("it knocks and hums, and nobody speaks").isZero();
    }
    var kept = results.stream().filter(r -> r.hasNonNull("frame")).findFirst().orElseThrow();
    var sound = cluster.fetch(cluster.nodes().api().resolve(kept.path("frame").asText()));
    assertThat(sound.status()).isEqualTo(200);
    assertThat(sound.text()).startsWith("RIFF");
  }

  @Test
  void whereSomebodySpeaksIsTold() throws IOException {
    submit("speech", HOME.resolve("stage-catalog/src/test/resources/sound/speech.opus"), "");
    cluster.awaitLedger("speech", l -> l.delivered() >= 12 && l.inFlight() == 0);
    var results = cluster.results("speech");
    var voiced = results.stream().filter(r -> label(r, "voice") > 0.5).toList();
    assertThat(Cluster.seqs(voiced)).contains(3L, 5L).doesNotContain(0L, 1L);
    assertThat(label(voiced.get(0), "from")).isBetween(0.9, 6.0);
  }

  @Test
  void aKilledEdgeGoesOnWithTheNextSample() throws IOException {
    var wav = cluster.nodes().directory().resolve("long.wav");
    Files.write(wav, Wav.write(knocks(20)));
    submit("killed", wav, "realtime=true&");
    cluster.awaitLedger("killed", l -> l.delivered() >= 6);
    cluster.nodes().kill("edge-1");
    cluster.nodes().restart("edge-1");
    var ledger = cluster.awaitDelivered("killed", 40);
    assertThat(ledger.generated()).isEqualTo(40);
    // Numbers that the killed node had reserved are left out, so only their order counts.
    var levels =
        cluster.results("killed").stream()
            .sorted(Comparator.comparingLong(r -> r.path("seq").asLong()))
            .map(r -> reading(r, "level"))
            .toList();
    assertThat(levels).hasSize(40);
    for (var i = 0; i < levels.size(); i++)
      assertThat(levels.get(i)).as("element %s", i).isCloseTo(i == 15 ? -6 : -40, within(3.0));
  }

  /**
   * Under a name of its own, since results stay when a pipeline is deleted.
   *
   * @param parameters of the file's uri, with an ampersand behind each
   */
  private static void submit(String name, Path file, String parameters) throws IOException {
    var yaml = Files.readString(HOME.resolve("examples/sound/pipeline.yaml"));
    assertThat(yaml).contains("{name: sound}", "file:/tmp/hall.wav?");
    cluster.submit(
        yaml.replace("{name: sound}", "{name: %s}".formatted(name))
            .replace("file:/tmp/hall.wav?", "file:" + file + "?" + parameters));
  }

  /** A hum, and from 7.5 to 8 seconds something loud. */
  private static Audio knocks(int seconds) {
    var samples = ByteBuffer.allocate(2 * RATE * seconds).order(ByteOrder.LITTLE_ENDIAN);
    for (var i = 0; i < RATE * seconds; i++) {
      boolean loud = i >= RATE * 15 / 2 && i < RATE * 8;
      samples.putShort((short) ((loud ? 16_384 : 328) * Math.sin(2 * Math.PI * 1_000 * i / RATE)));
    }
    return Audio.newBuilder()
        .setData(ByteString.copyFrom(samples.flip()))
        .setSampleRate(RATE)
        .setChannels(1)
        .build();
  }

  private static double reading(JsonNode result, String sensor) {
    return named(Cluster.items(result.at("/outputs/level/readings")), "sensor", sensor);
  }

  private static double label(JsonNode result, String name) {
    return named(Cluster.items(result.at("/outputs/voice/labels")), "name", name);
  }

  private static double named(List<JsonNode> all, String field, String name) {
    return all.stream()
        .filter(each -> each.path(field).asText().equals(name))
        .mapToDouble(each -> each.path("value").asDouble())
        .findFirst()
        .orElseThrow();
  }
}
