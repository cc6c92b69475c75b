package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.pipeline.RunState;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EventStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final TestServer server = new TestServer("dayu.http.heartbeat = 100ms");

  @BeforeEach
  void fill() {
    Street.fill(server.control, Instant.now());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /** Lines of an event stream as they come; {@code end} when it ends. */
  private static final class Reader implements AutoCloseable {
    private final InputStream in;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    Reader(TestServer server, String path) {
      var response = server.send(server.request(path), BodyHandlers.ofInputStream());
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.headers().firstValue("Content-Type").orElse(""))
          .startsWith("text/event-stream");
      assertThat(response.headers().firstValue("X-Accel-Buffering"))
          .as("a proxy hands on every event at once")
          .contains("no");
      in = response.body();
      var thread = new Thread(this::read, "event-reader");
      thread.setDaemon(true);
      thread.start();
    }

    private void read() {
      try (var reader =
          new java.io.BufferedReader(new java.io.InputStreamReader(in, StandardCharsets.UTF_8))) {
        reader.lines().forEach(lines::add);
      } catch (IOException | java.io.UncheckedIOException e) {
        // closed by the test, or by the server: either way it is the end
      }
      lines.add("end");
    }

    String line() {
      try {
        var line = lines.poll(SOON.toSeconds(), TimeUnit.SECONDS);
        if (line == null) throw new AssertionError("nothing came for " + SOON.toSeconds() + " s");
        return line;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
    }

    /** The data of the next event of a name. */
    JsonNode next(String name) {
      while (!line().equals("event: " + name)) {
        // others, heartbeats and blank lines
      }
      var line = line();
      while (!line.startsWith("data: ")) line = line();
      try {
        return new ObjectMapper().readTree(line.substring(6));
      } catch (IOException e) {
        throw new AssertionError(line, e);
      }
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  private Reader results(String query) {
    var before = server.control.readers();
    var reader = new Reader(server, "/api/v1/pipelines/crossing/results/stream" + query);
    await().atMost(SOON).until(() -> server.control.readers() == before + 1);
    return reader;
  }

  @Test
  void resultsComeAsTheyAreStored() throws Exception {
    try (var reader = results("")) {
      server.control.store(Street.result(0, false), Optional.empty());
      assertThat(reader.next("result").get("seq").asInt()).isZero();
      server.control.store(Street.result(1, false), Optional.empty());
      assertThat(reader.next("result").at("/outputs/count/labels/0/name").asText())
          .isEqualTo("person");
    }
  }

  @Test
  void resultsWithoutFramesAreLeftOutWhenOnlyFramesAreAsked() throws Exception {
    try (var reader = results("?frames=only")) {
      server.control.store(Street.result(0, false), Optional.empty());
      server.control.store(Street.result(1, true), Optional.of(Street.frame()));
      assertThat(reader.next("result").get("seq").asInt()).isEqualTo(1);
    }
  }

  @Test
  void aSilentStreamShowsSignsOfLife() throws Exception {
    try (var reader = results("")) {
      for (int i = 0; i < 3; i++) {
        assertThat(reader.line()).isEqualTo(":");
        assertThat(reader.line()).isEmpty();
      }
    }
  }

  @Test
  void theServerStopsReadingResultsWhenTheClientHasGone() throws Exception {
    results("").close();
    await().atMost(SOON).until(() -> server.control.readers() == 0);
  }

  @Test
  void eventsBeginWithThePresentAndGoOnWithChanges() throws Exception {
    try (var reader = new Reader(server, "/api/v1/pipelines/crossing/events")) {
      var first = reader.next("decision");
      assertThat(first.at("/decision/version").asInt()).isEqualTo(1);
      assertThat(first.get("changed")).isEmpty();
      server.control.decide(Street.decision(2, "cloud-1", "edge-1 is at 93 % CPU"));
      var second = reader.next("decision");
      assertThat(second.at("/decision/reason").asText()).contains("93 %");
      assertThat(second.get("changed").toString()).isEqualTo("[\"detect\"]");
      server.control.report(
          Street.node("edge-1", Role.EDGE, 0.2, List.of(), List.of()), Instant.now());
      var gone = reader.next("stage");
      assertThat(gone.get("state").asText()).isEqualTo("gone");
      server.control.turn("crossing", RunState.PAUSED);
      assertThat(reader.next("pipeline").get("state").asText()).isEqualTo("wanted");
      long version = server.control.view().pipelines().get("crossing").version();
      var report =
          Street.stream(
                  Street.STREAM, StreamState.PAUSED, new Ledger(10, 9, 1, 0, 0), Optional.empty())
              .with(100, version);
      server.control.report(
          Street.node("edge-1", Role.EDGE, 0.2, List.of(), List.of(report)), Instant.now());
      assertThat(reader.next("pipeline").get("state").asText()).isEqualTo("drained");
      server.control.delete("crossing", Set.of());
      assertThat(reader.next("pipeline").get("state").asText()).isEqualTo("deleted");
    }
  }

  @Test
  void streamsEndWhenTheServerStops() throws Exception {
    try (var reader = new Reader(server, "/api/v1/pipelines/crossing/events")) {
      reader.next("decision");
      server.close();
      var line = reader.line();
      while (!line.equals("end")) line = reader.line();
    }
  }
}
