package io.dayu.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SimServerTest {
  private static final double FPS = 20;
  private static final Duration SOON = Duration.ofSeconds(30);
  private static SimServer server;

  @BeforeAll
  static void start() throws IOException {
    var faults =
        Faults.parse("cam-2:disconnect-every=300ms,cam-3:silent-after=0s,cam-4:corrupt-every=2", 6);
    server =
        SimServer.start(
            new SimSettings("127.0.0.1", 0, 6, FPS, 180, Optional.empty(), 1, faults, 2, 50, 60));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void picturesArriveAtTheRateAskedFor() throws Exception {
    try (var client = MjpegClient.open(uri("/cam-0.mjpeg"))) {
      client.next(); // the scene is built for the first one
      var first = client.next();
      var last = first;
      // On a busy machine one or the other comes late, but the camera never falls behind for good.
      double late = 0; // seconds after its time
      for (int i = 0; i < 30 || late > 6 / FPS; i++) {
        var part = client.next();
        late = System.currentTimeMillis() / 1e3 - seconds(part);
        assertThat(late).as("none comes before its time").isGreaterThan(-0.002);
        assertThat(part.number()).isGreaterThan(last.number());
        assertThat(seconds(part) - seconds(first))
            .isCloseTo((part.number() - first.number()) / FPS, within(0.002));
        last = part;
      }
    }
  }

  @Test
  void viewersOfOneCameraSeeTheSamePictures() throws Exception {
    try (var one = MjpegClient.open(uri("/cam-0.mjpeg"));
        var two = MjpegClient.open(uri("/cam-0.mjpeg"))) {
      var a = one.next();
      var b = two.next();
      while (a.number() != b.number()) {
        if (a.number() < b.number()) {
          a = one.next();
        } else {
          b = two.next();
        }
      }
      assertThat(a.jpeg()).isEqualTo(b.jpeg());
      assertThat(a.timestamp()).isEqualTo(b.timestamp()).matches("\\d{10}\\.\\d{3}");
    }
  }

  @Test
  void aViewerWhoDoesNotReadDelaysNobodyAndOneWhoLeavesIsForgotten() throws Exception {
    var camera = server.cameras().get(1);
    try (var idle = new Socket()) {
      idle.setReceiveBufferSize(4096);
      idle.connect(new InetSocketAddress("127.0.0.1", server.port()));
      idle.getOutputStream()
          .write(
              "GET /cam-1.mjpeg HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      await().atMost(SOON).until(() -> camera.counts().viewers().get() == 1);
      try (var client = MjpegClient.open(uri("/cam-1.mjpeg"))) {
        long first = client.next().number();
        for (int i = 0; i < 30; i++) {
          client.next();
        }
        // Whoever waited for the other would miss all pictures until that one is given up.
        assertThat(client.next().number() - first)
            .isLessThan((long) (FPS * Viewers.LONGEST_WRITE.toSeconds()));
      }
      await().atMost(SOON).until(() -> camera.counts().viewers().get() == 1);
    }
    await().atMost(SOON).until(() -> camera.counts().viewers().get() == 0);
  }

  @Test
  void groundTruthOfAPictureIsToBeHadByItsNumber() throws Exception {
    try (var client = MjpegClient.open(uri("/cam-0.mjpeg"))) {
      var part = client.next();
      var truth = get("/cam-0/truth.json?frame=" + part.number());
      assertThat(truth.statusCode()).isEqualTo(200);
      assertThat(truth.body())
          .startsWith("{\"camera\":\"cam-0\",\"frame\":" + part.number() + ",\"at\":\"")
          .contains("\"label\":\"");
    }
    var recent = get("/cam-0/truth.ndjson?last=7").body().lines().toList();
    assertThat(recent).hasSizeBetween(1, 7).allMatch(l -> l.contains("\"boxes\":["));
  }

  @Test
  void aStillIsAPicture() throws Exception {
    var response =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(uri("/cam-0.jpg")).build(),
                HttpResponse.BodyHandlers.ofByteArray());
    assertThat(response.headers().firstValue("Content-Type")).contains("image/jpeg");
    assertThat(ImageIO.read(new ByteArrayInputStream(response.body())).getHeight()).isEqualTo(180);
  }

  @Test
  void theDisconnectFaultCutsTheStreamAndTheNextConnectionWorks() throws Exception {
    for (int i = 0; i < 2; i++) {
      try (var client = MjpegClient.open(uri("/cam-2.mjpeg"))) {
        assertThat(client.next().jpeg()).isNotEmpty();
        assertThatThrownBy(
                () -> {
                  while (true) {
                    client.next();
                  }
                })
            .isInstanceOf(IOException.class);
      }
    }
  }

  @Test
  void theSilentFaultKeepsTheConnectionOpenAndSendsNothing() throws Exception {
    try (var client = MjpegClient.open(uri("/cam-3.mjpeg"))) {
      var next =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return client.next().number();
                } catch (IOException e) {
                  return -1L;
                }
              });
      assertThatThrownBy(() -> next.get(1, TimeUnit.SECONDS)).isInstanceOf(TimeoutException.class);
    }
  }

  @Test
  void theCorruptFaultDamagesEveryNthPictureButNotTheStream() throws Exception {
    var camera = server.cameras().get(4);
    try (var client = MjpegClient.open(uri("/cam-4.mjpeg"))) {
      boolean even = false;
      boolean odd = false;
      while (!even || !odd) {
        var part = client.next();
        var intact = camera.footage().jpeg(part.number());
        if (part.number() % 2 == 0) {
          even = true;
          assertThat(part.jpeg()).hasSameSizeAs(intact).isNotEqualTo(intact);
        } else {
          odd = true;
          assertThat(part.jpeg()).isEqualTo(intact);
        }
      }
    }
  }

  @Test
  void readingsComeLiveAndAsHistory() throws Exception {
    var history = get("/sensor-1.csv?from=10&count=3").body().lines().toList();
    assertThat(history).hasSize(4).first().isEqualTo("sensor,atMs,value,unit,anomaly");
    assertThat(history.get(1)).matches("sensor-1,\\d{13},-?\\d+\\.\\d{3},°C,(true|false)");
    assertThat(get("/sensor-1.csv?from=11&count=1").body().lines().toList().get(1))
        .isEqualTo(history.get(2));

    var live =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(uri("/sensor-0.ndjson")).build(),
                HttpResponse.BodyHandlers.ofLines());
    try (var lines = live.body()) {
      var times =
          lines.limit(5).map(l -> match("\"atMs\":(\\d+)", l)).map(Long::parseLong).toList();
      assertThat(times).hasSize(5);
      for (int i = 1; i < times.size(); i++) {
        assertThat(times.get(i) - times.get(i - 1)).as("none is left out").isEqualTo(20);
      }
    }
  }

  @Test
  void whatIsNotThereIsRefusedWithAReason() throws Exception {
    assertThat(get("/cam-9.mjpeg").statusCode()).isEqualTo(404);
    assertThat(get("/cam-9.mjpeg").body()).contains("no cam-9").contains("6");
    assertThat(get("/nothing").body()).contains("/nothing");
    assertThat(get("/cam-0/truth.json?frame=-1").statusCode()).isEqualTo(400);
    assertThat(get("/cam-0/truth.json?frame=99999999").body()).contains("whole number");
    var post =
        HttpRequest.newBuilder(uri("/")).POST(HttpRequest.BodyPublishers.ofString("x")).build();
    var answer = HttpClient.newHttpClient().send(post, HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(405);
  }

  @Test
  void theIndexListsEverything() throws Exception {
    assertThat(get("/").body()).contains("/cam-5.mjpeg").contains("/sensor-1.csv");
  }

  @Test
  void aCameraNobodyWatchesMakesNoPictures() {
    assertThat(server.cameras().get(5).counts().sent().sum()).isZero();
  }

  @Test
  void closingWaitsForThoseWhoAreServed() throws Exception {
    var others = serving();
    var closing =
        SimServer.start(
            new SimSettings(
                "127.0.0.1", 0, 1, FPS, 180, Optional.empty(), 1, Faults.parse("", 1), 1, 50, 60));
    var clients = new ArrayList<MjpegClient>();
    try {
      var uri = URI.create("http://127.0.0.1:" + closing.port() + "/cam-0.mjpeg");
      for (int i = 0; i < 8; i++) {
        clients.add(MjpegClient.open(uri));
        clients.get(i).next();
      }
    } finally {
      closing.close();
    }
    assertThat(serving()).isSubsetOf(others);
    for (var client : clients) client.close();
  }

  /**
   * Threads at work for somebody; one of a pool that has ended may be about to die for a moment.
   */
  private static Set<Thread> serving() {
    return Thread.getAllStackTraces().entrySet().stream()
        .filter(thread -> thread.getKey().getName().equals("sim-source"))
        .filter(
            thread ->
                Arrays.stream(thread.getValue())
                    .anyMatch(frame -> frame.getClassName().startsWith("io.dayu.sim.")))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  private static double seconds(MjpegClient.Part part) {
    return Double.parseDouble(part.timestamp());
  }

  private static String match(String pattern, String text) {
    var match = Pattern.compile(pattern).matcher(text);
    assertThat(match.find()).as("%s in %s", pattern, text).isTrue();
    return match.group(1);
  }

  private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }
}
