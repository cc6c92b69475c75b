package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.dayu.element.Media;
import io.dayu.element.Reading;
import io.dayu.element.Readings;
import io.dayu.facts.FailedElements;
import io.dayu.facts.FailedElements.Item;
import io.dayu.facts.FailedElements.Question;
import io.dayu.facts.FailedElements.Why;
import io.dayu.facts.FailureCause;
import io.dayu.pipeline.RunState;
import io.dayu.pipeline.StreamName;
import java.io.ByteArrayInputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FailedApiTest {
  private static final String FAILED = "/api/v1/pipelines/crossing/failed";
  private static final String RETRY = "/api/v1/pipelines/crossing/retry";

  private final TestServer server = new TestServer();
  private final List<Question> asked = new CopyOnWriteArrayList<>();

  @BeforeEach
  void fill() {
    Street.fill(server.control, Instant.now());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static Item item(long seq) {
    return new Item(
        seq,
        new FailureCause("detect", "not a frame"),
        Instant.parse("2026-03-01T10:00:01Z"),
        Instant.parse("2026-03-01T10:00:00Z"),
        "frames",
        70_000,
        1,
        3,
        seq == 5 ? OptionalLong.of(9) : OptionalLong.empty());
  }

  /** As a node does that keeps these. */
  private void keep(Map<Long, Media> kept) {
    server.control.keepFailed(
        (node, question) -> {
          assertThat(node).isEqualTo("edge-1");
          assertThat(question.stream()).isEqualTo(StreamName.parse("crossing/cam-0"));
          asked.add(question);
          if (question instanceof FailedElements.Page page) {
            var left = kept.keySet().stream().filter(seq -> seq > page.after()).sorted().toList();
            return new FailedElements.Items(
                left.stream().limit(page.limit()).map(FailedApiTest::item).toList(),
                left.size() > page.limit());
          }
          if (question instanceof FailedElements.Part part) {
            if (!kept.containsKey(part.seq()))
              return new FailedElements.Refused(Why.NOT_KEPT, "it is not kept");
            var bytes = kept.get(part.seq()).toByteString();
            int from = (int) part.offset();
            return new FailedElements.Bytes(
                bytes.size(), bytes.substring(from, Math.min(bytes.size(), from + 1000)));
          }
          if (question instanceof FailedElements.Retry retry)
            return new FailedElements.Retried(
                new TreeMap<>(Map.of(retry.pick().after() + 1, 100L)),
                List.of(),
                List.of(7L),
                50,
                retry.pick().after() + 1,
                retry.pick().after() < 1);
          return new FailedElements.Dropped(kept.size());
        });
  }

  private TestServer.Answer send(String method, String path, String body) {
    return server.send(
        server
            .request(path)
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(body)));
  }

  @Test
  void failedElementsArePagedWithReasonsAndTheWayToTheirPayload() {
    keep(
        Map.of(
            3L,
            Media.getDefaultInstance(),
            5L,
            Media.getDefaultInstance(),
            8L,
            Media.getDefaultInstance()));
    var seen = new ArrayList<Long>();
    var page = server.get(FAILED + "?limit=2").json();
    assertThat(page.at("/items/0").toString())
        .isEqualTo(
            "{\"stream\":\"crossing/cam-0\",\"source\":\"cam-0\",\"seq\":3,\"node\":\"edge-1\",\"stage\":\"detect\","
                + "\"reason\":\"not a frame\",\"failedAt\":\"2026-03-01T10:00:01Z\",\"createdAt\":\"2026-03-01T10:00:00Z\","
                + "\"media\":\"frames\",\"bytes\":70000,\"retries\":1,\"firstSeq\":3,"
                + "\"payload\":\"/api/v1/pipelines/crossing/failed/cam-0/3\"}");
    assertThat(page.at("/items/1/retriedAs").asLong()).isEqualTo(9);
    while (true) {
      page.get("items").forEach(item -> seen.add(item.get("seq").asLong()));
      if (!page.has("next")) break;
      page = server.get(FAILED + "?limit=2&after=" + page.get("next").asText()).json();
    }
    assertThat(seen).containsExactly(3L, 5L, 8L);
    server.get(FAILED + "?stage=count&source=cam-0");
    assertThat(asked.get(asked.size() - 1))
        .isEqualTo(
            new FailedElements.Page(
                StreamName.parse("crossing/cam-0"), Optional.of("count"), -1, 100));
  }

  @Test
  void aNodeThatIsCutOffIsToldByName() {
    server.control.keepFailed(
        (node, question) ->
            new FailedElements.Refused(Why.AWAY, "node edge-1, which keeps them, is cut off"));
    var page = server.get(FAILED);
    assertThat(page.status()).isEqualTo(200);
    assertThat(page.json().toString())
        .isEqualTo(
            "{\"items\":[],\"away\":[{\"source\":\"cam-0\",\"node\":\"edge-1\",\"why\":\"node edge-1, which keeps them, is cut off\"}]}");
    var payload = server.get(FAILED + "/cam-0/3");
    assertThat(payload.status()).isEqualTo(503);
    assertThat(payload.json().get("detail").asText()).contains("edge-1").contains("cut off");
    assertThat(payload.json().get("remedy").asText()).contains("when node edge-1 is back");
    assertThat(send("POST", RETRY, "{\"all\": true}").status()).isEqualTo(503);
    assertThat(send("DELETE", FAILED, "").json().at("/away/0/node").asText()).isEqualTo("edge-1");
  }

  @Test
  void aPictureIsAPictureAndAllElseIsJsonOrBytes() throws Exception {
    var readings =
        Media.newBuilder()
            .setReadings(
                Readings.newBuilder().addReading(Reading.newBuilder().setSensor("s").setValue(2)))
            .build();
    var opaque = Media.newBuilder().setOpaque(ByteString.copyFrom(new byte[3000])).build();
    keep(Map.of(1L, Street.frame(), 2L, readings, 3L, opaque));
    var picture = server.get(FAILED + "/cam-0/1");
    assertThat(picture.header("Content-Type")).isEqualTo("image/jpeg");
    assertThat(ImageIO.read(new ByteArrayInputStream(picture.response().body()))).isNotNull();
    assertThat(server.get(FAILED + "/cam-0/1?index=7").status()).isEqualTo(404);
    var json =
        server.send(server.request(FAILED + "/cam-0/1").header("Accept", "application/json"));
    assertThat(json.json().get("type").asText()).isEqualTo("frames");
    assertThat(server.get(FAILED + "/cam-0/2").json().at("/readings/0/value").asDouble())
        .isEqualTo(2);
    var bytes = server.get(FAILED + "/cam-0/3");
    assertThat(bytes.header("Content-Type")).isEqualTo("application/octet-stream");
    assertThat(bytes.response().body()).as("in parts").hasSize(3000);
    assertThat(server.get(FAILED + "/cam-0/4").status()).isEqualTo(404);
  }

  @Test
  void aRetryGoesOnWhereTheAnswerBeforeEnded() {
    keep(Map.of());
    var first = send("POST", RETRY, "{\"all\": true}");
    assertThat(first.status()).as(first.text()).isEqualTo(200);
    assertThat(first.json().get("retried").toString())
        .isEqualTo("[{\"source\":\"cam-0\",\"seq\":0,\"as\":100}]");
    assertThat(first.json().at("/left/0").toString())
        .isEqualTo("{\"source\":\"cam-0\",\"seq\":7,\"why\":\"it is on its way already\"}");
    var next = first.json().get("next").asText();
    assertThat(next).isEqualTo("cam-0:0:50");
    send("POST", RETRY, "{\"all\": true, \"after\": \"%s\"}".formatted(next));
    assertThat(((FailedElements.Retry) asked.get(1)).pick())
        .isEqualTo(new FailedElements.Pick(List.of(), Optional.empty(), 0, 50));
    send("POST", RETRY, "{\"source\": \"cam-0\", \"seqs\": [3, 5], \"stage\": \"detect\"}");
    assertThat(((FailedElements.Retry) asked.get(2)).pick())
        .isEqualTo(new FailedElements.Pick(List.of(3L, 5L), Optional.of("detect"), -1, -1));
  }

  @Test
  void aPausedPipelineIsNotRetried() {
    keep(Map.of());
    server.control.turn("crossing", RunState.PAUSED);
    var answer = send("POST", RETRY, "{\"all\": true}");
    assertThat(answer.status()).isEqualTo(409);
    assertThat(answer.json().get("remedy").asText()).contains("/resume");
    assertThat(asked).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "all",
        "{}",
        "{\"all\": false}",
        "{\"all\": 1}",
        "{\"all\": true} x",
        "{\"seqs\": [1]}",
        "{\"source\": \"cam-0\", \"seqs\": []}",
        "{\"source\": \"cam-0\", \"seqs\": [-1]}",
        "{\"source\": \"cam-0\", \"seqs\": [1.5]}",
        "{\"source\": \"cam-0\", \"seqs\": [\"1\"]}",
        "{\"source\": \"cam-0\", \"seqs\": [99999999999999999999]}",
        "{\"source\": 7, \"all\": true}",
        "{\"all\": true, \"after\": \"x\"}",
        "{\"all\": true, \"after\": \"cam-9:1\"}",
        "{\"all\": true, \"every\": 1}"
      })
  void aBodyThatMakesNoSenseIsRefusedWithWhatToSend(String body) {
    keep(Map.of());
    var answer = send("POST", RETRY, body);
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.json().get("remedy").asText()).isNotBlank();
    assertThat(asked).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "/api/v1/pipelines/nobody/failed, 404",
    "/api/v1/pipelines/crossing/failed?source=cam-9, 404",
    "/api/v1/pipelines/crossing/failed/cam-9/1, 404",
    "/api/v1/pipelines/crossing/failed/cam-0/x, 400",
    "/api/v1/pipelines/crossing/failed/cam-0/-1, 400",
    "/api/v1/pipelines/crossing/failed?after=%00, 400",
    "/api/v1/pipelines/crossing/failed?limit=0, 400"
  })
  void anAddressThatIsWrongIsToldSo(String path, int status) {
    keep(Map.of());
    assertThat(server.get(path).status()).isEqualTo(status);
  }
}
