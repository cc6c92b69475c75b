package io.dayu.catalog.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.dayu.catalog.Samples;
import io.dayu.element.Frame;
import io.dayu.source.Access;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MjpegCameraSourceStreamTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static byte[] car1;
  private static byte[] car2;
  private final MjpegCameraSource provider = new MjpegCameraSource();

  @BeforeAll
  static void load() throws Exception {
    car1 = Samples.jpeg("car1.jpg").toByteArray(); // 1024 x 680
    car2 = Samples.jpeg("car2.jpg").toByteArray(); // 1500 x 938
  }

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void framesArriveAsTheCameraMadeThem() throws Exception {
    try (var camera =
        new TestCamera(
            false,
            out -> {
              TestCamera.head(out, "multipart/x-mixed-replace; boundary=frame");
              TestCamera.part(out, car1);
              TestCamera.part(out, car2);
            })) {
      var frames = read(camera, 2, Map.of());
      assertThat(frames)
          .extracting(Frame::getJpeg)
          .containsExactly(ByteString.copyFrom(car1), ByteString.copyFrom(car2));
      assertThat(frames).extracting(Frame::getWidth).containsExactly(1024, 1500);
      assertThat(frames).extracting(Frame::getHeight).containsExactly(680, 938);
    }
  }

  @Test
  void framesWithoutLengthAndWithMoreDashesThanDeclaredAreRead() throws Exception {
    for (var boundary : List.of("frame", "--frame", "\"frame\"")) {
      for (var delimiter : List.of("--frame", "----frame")) {
        try (var camera =
            new TestCamera(
                true,
                out -> {
                  TestCamera.head(out, "multipart/x-mixed-replace;boundary=" + boundary);
                  for (var jpeg : List.of(car1, car2)) {
                    TestCamera.text(out, delimiter + "\r\nContent-Type: image/jpeg\r\n\r\n");
                    out.write(jpeg);
                    TestCamera.text(out, "\r\n");
                  }
                  TestCamera.text(out, delimiter + "\r\n");
                })) {
          assertThat(read(camera, 2, Map.of()))
              .as(boundary + " " + delimiter)
              .extracting(Frame::getJpeg)
              .containsExactly(ByteString.copyFrom(car1), ByteString.copyFrom(car2));
        }
      }
    }
  }

  @Test
  void framesAreScaledDownButNeverUp() throws Exception {
    try (var camera =
        new TestCamera(
            false,
            out -> {
              TestCamera.head(out, "multipart/x-mixed-replace; boundary=frame");
              TestCamera.part(out, car1);
              TestCamera.part(out, car2);
            })) {
      var frames = read(camera, 2, Map.of("height", 700.0, "segment", 2.0));
      assertThat(frames.get(0).getJpeg()).isEqualTo(ByteString.copyFrom(car1));
      assertThat(Jpeg.read(frames.get(1).getJpeg().asReadOnlyByteBuffer()))
          .isEqualTo(new Jpeg(1120, 700))
          .isEqualTo(new Jpeg(frames.get(1).getWidth(), frames.get(1).getHeight()));
    }
  }

  /** A camera does not send them again. */
  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void whatWasReadWhenThePipelineIsPausedIsGiven(int segment) throws Exception {
    try (var camera =
        new TestCamera(
            false,
            out -> {
              TestCamera.head(out, "multipart/x-mixed-replace; boundary=frame");
              for (int i = 0; i < 10; i++) TestCamera.part(out, car1);
            })) {
      var end = new AtomicReference<Runnable>();
      var read = new AtomicInteger();
      var context =
          new SourceContext(
              camera.uri(),
              "p/s",
              0,
              () -> {
                read.incrementAndGet();
                return new Knobs(Map.of("segment", (double) segment));
              },
              settled -> {},
              () -> {},
              end::set,
              Access.ANYTHING);
      var source = provider.open(context).runWith(Sink.queue(1), KIT.system());
      await().atMost(Duration.ofSeconds(60)).until(() -> read.get() == 10);
      end.get().run();
      var frames = new ArrayList<Frame>();
      for (var next = next(source); next.isPresent(); next = next(source))
        frames.addAll(next.get().payload().getFrames().getFrameList());
      assertThat(frames).hasSize(10);
    }
  }

  @Test
  void aCameraThatIsWaitedForEndsAtOnceWhenItsPipelineIsPaused() throws Exception {
    try (var camera = new TestCamera(false, TestCamera.NOTHING)) {
      var end = new AtomicReference<Runnable>();
      var context =
          new SourceContext(
              camera.uri(),
              "p/s",
              0,
              () -> Knobs.NONE,
              settled -> {},
              () -> {},
              end::set,
              Access.ANYTHING);
      var source = provider.open(context).runWith(Sink.queue(1), KIT.system());
      await().atMost(Duration.ofSeconds(60)).until(() -> !camera.requests.isEmpty());
      end.get().run();
      assertThat(next(source)).isEmpty();
    }
  }

  private static Optional<Segment> next(SinkQueueWithCancel<Segment> source) {
    return source.pull().toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
  }

  @Test
  void aBrokenFrameIsHandedOnSoThatItIsCounted() throws Exception {
    var broken = Arrays.copyOf(car1, 1000);
    try (var camera =
        new TestCamera(
            false,
            out -> {
              TestCamera.head(out, "multipart/x-mixed-replace; boundary=frame");
              TestCamera.part(out, broken);
              TestCamera.part(out, car1);
            })) {
      var frames = read(camera, 2, Map.of("height", 100.0));
      assertThat(frames.get(0).getJpeg()).isEqualTo(ByteString.copyFrom(broken));
      assertThat(frames.get(0).getWidth()).isZero();
      assertThat(frames.get(1).getHeight()).isEqualTo(100);
    }
  }

  @Test
  void aCameraThatDisconnectsCanBeOpenedAgain() throws Exception {
    try (var camera =
        new TestCamera(
            true,
            out -> {
              TestCamera.head(out, "multipart/x-mixed-replace; boundary=frame");
              TestCamera.part(out, car1);
            })) {
      for (var i = 0; i < 2; i++) {
        assertThat(read(camera, 1, Map.of())).hasSize(1);
        assertFails(camera.uri(), "it closed the connection");
      }
    }
  }

  @Test
  void aCameraThatEndsItsStreamCanBeOpenedAgain() throws Exception {
    try (var camera =
        new TestCamera(
            true,
            out -> {
              TestCamera.head(out, "multipart/x-mixed-replace; boundary=frame");
              TestCamera.part(out, car1);
              TestCamera.text(out, "--frame--\r\n");
            })) {
      assertFails(camera.uri(), "it ended the stream");
    }
  }

  @Test
  void aCameraThatSendsNothingFailsAfterATimeout() throws Exception {
    try (var silent = new TestCamera(false, TestCamera.NOTHING)) {
      var begin = System.nanoTime();
      assertFails(silent.uri(), "it sent nothing for 5.0 s");
      assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin))
          .isBetween(4900L, 50_000L);
    }
  }

  @Test
  void whatIsNoCameraIsNamed() throws Exception {
    try (var missing =
            new TestCamera(true, out -> TestCamera.text(out, "HTTP/1.0 404 Not Found\r\n\r\n"));
        var page =
            new TestCamera(
                true,
                out -> {
                  TestCamera.head(out, "text/html");
                  TestCamera.text(out, "<html></html>");
                });
        var garbage =
            new TestCamera(
                true,
                out -> {
                  TestCamera.head(out, "multipart/x-mixed-replace; boundary=frame");
                  out.write(new byte[100_000]);
                });
        var huge =
            new TestCamera(
                true,
                out -> {
                  TestCamera.head(out, "multipart/x-mixed-replace; boundary=frame");
                  out.write(endless());
                })) {
      assertFails(missing.uri(), "it answers with status 404");
      assertFails(
          page.uri(), "it answers with text/html, 13 bytes in which there is no JPEG image");
      assertFails(
          garbage.uri(), "multipart/x-mixed-replace, 100000 bytes in which there is no JPEG image");
      assertFails(huge.uri(), "a frame has more than 16 MB");
    }
  }

  @Test
  void anUnreachableCameraFailsWithoutItsPassword() throws Exception {
    int port;
    try (var camera = new TestCamera(true, TestCamera.NOTHING)) {
      port = camera.uri().getPort();
    }
    var uri = URI.create("http://user:secret@127.0.0.1:" + port + "/cam.mjpg");
    assertThatThrownBy(() -> read(uri, 1, Map.of()))
        .cause()
        .isInstanceOf(SourceException.class)
        .hasMessageContaining("http://127.0.0.1:" + port + "/cam.mjpg cannot be read")
        .hasMessageNotContaining("secret");
  }

  @Test
  void theUserOfTheUriIsSent() throws Exception {
    try (var camera =
        new TestCamera(
            true,
            out -> {
              TestCamera.head(out, "multipart/x-mixed-replace; boundary=frame");
              TestCamera.part(out, car1);
            })) {
      var uri = URI.create(camera.uri().toString().replace("127", "user:secret@127"));
      assertThat(read(uri, 1, Map.of())).hasSize(1);
      assertThat(camera.requests.get(0)).contains("Authorization: Basic dXNlcjpzZWNyZXQ=");
    }
  }

  @Test
  void aCameraThatLeadsElsewhereIsNotFollowedAndTheAddressIsTold() throws Exception {
    try (var other = new TestCamera(true, TestCamera.NOTHING);
        var camera =
            new TestCamera(
                true,
                out ->
                    TestCamera.text(
                        out, "HTTP/1.0 302 Found\r\nLocation: " + other.uri() + "\r\n\r\n"))) {
      assertFails(camera.uri(), "it leads to " + other.uri());
      assertThat(other.requests).isEmpty();
    }
  }

  @Test
  void itClaimsCameras() {
    for (var uri :
        List.of(
            "http://cam/a.mjpeg",
            "https://u:p@cam:81/b/c.MJPG?x=1",
            "http://cam/snap.jpg?every=10s",
            "http://cam/snap.jpeg",
            "http://cam/?action=stream&format=mjpeg",
            "http://cam/stream?format=JPEG"))
      assertThat(provider.claims(URI.create(uri))).as(uri).isTrue();
    for (var uri :
        List.of(
            "http://cam/a.mp4",
            "rtsp://cam/a.mjpeg",
            "file:///a.mjpeg",
            "http:a",
            "http://cam/stream")) assertThat(provider.claims(URI.create(uri))).as(uri).isFalse();
  }

  /** An image whose end does not come. */
  private static byte[] endless() {
    var bytes = Arrays.copyOf(car1, (16 << 20) + 100);
    Arrays.fill(bytes, car1.length / 2, bytes.length, (byte) 1);
    return bytes;
  }

  private void assertFails(URI uri, String message) {
    assertThatThrownBy(() -> read(uri, 10, Map.of()))
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(SourceException.class, e -> assertThat(e.permanent()).isFalse())
        .hasMessageContaining(message);
  }

  private List<Frame> read(TestCamera camera, int frames, Map<String, Double> knobs) {
    return read(camera.uri(), frames, knobs);
  }

  /** The first frames of the stream; the connection is closed afterwards. */
  private List<Frame> read(URI uri, int frames, Map<String, Double> knobs) {
    assertThat(provider.claims(uri)).isTrue();
    return provider
        .open(new SourceContext(uri, 0, () -> new Knobs(knobs)))
        .take((long) (frames / knobs.getOrDefault("segment", 1.0)))
        .runWith(Sink.<Segment>seq(), KIT.system())
        .toCompletableFuture()
        .orTimeout(60, TimeUnit.SECONDS)
        .join()
        .stream()
        .flatMap(s -> s.payload().getFrames().getFrameList().stream())
        .toList();
  }
}
