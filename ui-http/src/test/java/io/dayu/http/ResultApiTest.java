package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.element.Media;
import io.dayu.element.Wav;
import io.dayu.store.Pruner;
import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ResultApiTest {
  private final TestServer server = new TestServer();

  @BeforeEach
  void fill() {
    Street.fill(server.control, Instant.now());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void resultsArePagedInOrderWithoutGap() {
    for (int seq = 0; seq < 5; seq++)
      server.control.store(Street.result(seq, false), Optional.empty());
    var path = "/api/v1/pipelines/crossing/results?limit=2";
    var seen = new StringBuilder();
    var page = server.get(path).json();
    while (true) {
      page.get("items").forEach(item -> seen.append(item.get("seq").asInt()));
      if (!page.has("next")) break;
      page = server.get(path + "&after=" + page.get("next").asText()).json();
    }
    assertThat(seen).hasToString("01234");
  }

  @Test
  void aResultHasTheDocumentedShape() {
    server.control.store(Street.result(3, true), Optional.of(Street.frame()));
    var item = server.get("/api/v1/pipelines/crossing/results").json().at("/items/0");
    assertThat(item.get("stream").asText()).isEqualTo("crossing/cam-0");
    assertThat(item.get("status").asText()).isEqualTo("delivered");
    assertThat(item.get("createdAt").asText()).isEqualTo("2026-03-01T10:00:00.003Z");
    assertThat(item.get("latencyMs").asDouble()).isEqualTo(41.5);
    assertThat(item.get("attempt").asInt()).isEqualTo(2);
    assertThat(item.get("decision").asInt()).isEqualTo(7);
    assertThat(item.at("/outputs/detect/boxes/0").toString())
        .isEqualTo(
            "{\"x\":0.1,\"y\":0.45,\"width\":0.11,\"height\":0.4,\"label\":\"person\","
                + "\"score\":0.87,\"track\":0,\"frame\":0}");
    assertThat(item.at("/outputs/count").toString())
        .isEqualTo(
            "{\"type\":\"labels\",\"labels\":[{\"name\":\"person\",\"value\":2.0},{\"name\":\"car\",\"value\":1.0}]}");
    assertThat(item.at("/trace/0").toString())
        .isEqualTo(
            "{\"stage\":\"detect\",\"node\":\"edge-1\",\"queueMs\":1.5,\"workMs\":15.25,\"transferMs\":0.0,\"tries\":1}");
    assertThat(item.get("frame").asText())
        .isEqualTo("/api/v1/pipelines/crossing/results/cam-0/3/frame");
  }

  @Test
  void aFailedResultTellsWhereAndWhy() {
    server.control.store(Street.failed(0), Optional.empty());
    var item = server.get("/api/v1/pipelines/crossing/results").json().at("/items/0");
    assertThat(item.get("status").asText()).isEqualTo("failed");
    assertThat(item.get("ending").toString())
        .isEqualTo("{\"kind\":\"failed\",\"stage\":\"detect\",\"reason\":\"not a frame\"}");
    assertThat(item.has("frame")).isFalse();
  }

  @Test
  void resultsOutliveTheirPipeline() {
    server.control.store(Street.result(0, false), Optional.empty());
    server.control.delete("crossing", Set.of());
    assertThat(server.get("/api/v1/pipelines/crossing/results").json().get("items")).hasSize(1);
  }

  @Test
  void aPageSaysWhyItIsEmptyWhereResultsAreNotKept() {
    server.control.store(Street.result(0, false), Optional.empty());
    var path = "/api/v1/pipelines/crossing/results";
    assertThat(server.get(path).json().has("note")).isFalse();

    server.control.keepNoResults();
    assertThat(server.get(path).json().get("note").asText()).contains("dayu.store.keep-results");
  }

  @Test
  void theFirstPageTellsHowManyResultsBeforeItArePruned() {
    for (int seq = 3; seq < 5; seq++)
      server.control.store(Street.result(seq, false), Optional.empty());
    var age = Duration.ofDays(7);
    for (var pruned : List.of(0, 1_203)) {
      server.control.holds(
          new Pruner.Usage(
              1_000,
              2_000,
              Map.of("crossing", new Pruner.Pipeline(age, 1_205, pruned, Optional.empty()))));
      var first = server.get("/api/v1/pipelines/crossing/results?limit=1").json();
      if (pruned == 0) assertThat(first.has("note")).isFalse();
      else
        assertThat(first.get("note").asText())
            .contains("1,203 of 1,205", "spec.delivery.retain", "dayu.store");
      var next = "&after=" + first.get("next").asText();
      assertThat(server.get("/api/v1/pipelines/crossing/results?limit=1" + next).json().has("note"))
          .isFalse();
    }
  }

  @Test
  void aWrongLimitOrPlaceIsABadRequest() {
    for (var query : new String[] {"limit=0", "limit=1001", "limit=many", "after=nonsense"}) {
      var answer = server.get("/api/v1/pipelines/crossing/results?" + query);
      assertThat(answer.status()).as(query).isEqualTo(400);
      assertThat(answer.json().get("remedy").asText()).isNotBlank();
    }
  }

  @Test
  void keptSoundIsServedAsAWavFile() {
    server.control.store(Street.result(3, true), Optional.of(Street.sound()));
    var frame = "/api/v1/pipelines/crossing/results/cam-0/3/frame";
    var answer = server.get(frame);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).isEqualTo("audio/wav");
    assertThat(Wav.read(answer.response().body())).hasValue(Street.sound().getAudio());
    assertThat(server.get(frame + "?index=1").status()).isEqualTo(404);
    var encoded = Street.sound().getAudio().toBuilder().setContentType("text/html").build();
    server.control.store(
        Street.result(4, true), Optional.of(Media.newBuilder().setAudio(encoded).build()));
    assertThat(server.get(frame.replace("3", "4")).status())
        .as("what might be anything")
        .isEqualTo(404);
  }

  @Test
  void aKeptFrameIsServedAsItWasRead() throws Exception {
    server.control.store(Street.result(3, true), Optional.of(Street.frame()));
    var answer = server.get("/api/v1/pipelines/crossing/results/cam-0/3/frame");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).isEqualTo("image/jpeg");
    var image = ImageIO.read(new ByteArrayInputStream(answer.response().body()));
    assertThat(image.getWidth()).isEqualTo(640);
  }

  @Test
  void aFrameThatWasNotKeptIsNotFound() {
    server.control.store(Street.result(3, true), Optional.of(Street.frame()));
    var frames = "/api/v1/pipelines/crossing/results/cam-0/";
    assertThat(server.get(frames + "4/frame").status()).isEqualTo(404);
    assertThat(server.get(frames + "3/frame?index=1").status()).isEqualTo(404);
    assertThat(server.get(frames + "three/frame").status()).isEqualTo(400);
  }

  @Test
  void aFrameOfWhatCannotBeAStreamIsABadRequest() {
    var answer = server.get("/api/v1/pipelines/crossing/results/cam%2F0/3/frame");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().get("detail").asText()).contains("crossing/cam/0");
    assertThat(answer.json().get("remedy").asText()).isNotBlank();
  }
}
