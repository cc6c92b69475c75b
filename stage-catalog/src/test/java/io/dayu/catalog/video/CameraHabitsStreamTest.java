package io.dayu.catalog.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.dayu.catalog.Samples;
import io.dayu.catalog.Stop;
import io.dayu.element.Frame;
import io.dayu.source.Access;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cameras as they really are. */
class CameraHabitsStreamTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final String MULTIPART = "multipart/x-mixed-replace; boundary=b";
  private static byte[] first;
  private static byte[] second;

  private final MjpegCameraSource provider =
      new MjpegCameraSource(
          Map.of(
                  "DAYU_CREDENTIALS_YARD", "admin:p@ss/wo:rd",
                  "DAYU_CREDENTIALS_YARD_HOSTS", "127.0.0.1")
              ::get);

  @BeforeAll
  static void load() throws Exception {
    first = Samples.jpeg("car1.jpg").toByteArray();
    second = Samples.jpeg("car2.jpg").toByteArray();
  }

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  /** {@code LENGTH} stands for the length of the image, {@code IMAGE} for the image. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "as it should be, boundary=b, --b|TYPE|Content-Length: LENGTH||IMAGE|",
    "space before the equals sign, boundary =--my, --my|TYPE|Content-Length: LENGTH||IMAGE|",
    "quoted boundary, 'boundary=\"--my b\"', --my b|TYPE|Content-Length: LENGTH||IMAGE|",
    "no first boundary, boundary=e8b8, TYPE|Content-Length: LENGTH||IMAGE|--e8b8|",
    "boundary without dashes, boundary=ipcam, ipcam|TYPE|Content-Length: LENGTH||IMAGE|",
    "another boundary, boundary=BoundaryString, --my|TYPE|Content-Length: LENGTH||IMAGE|",
    "another boundary and no length, boundary=BoundaryString, --my|TYPE||IMAGE|",
    "no boundary declared, x=y, --my|TYPE||IMAGE|",
    "line end before the image, boundary=b, --b|TYPE|Content-Length: LENGTH|||IMAGE|",
    "the same without a length, boundary=b, --b|TYPE|||IMAGE|",
    "boundary right behind the image, boundary=b, --b|TYPE||IMAGE",
    "the same with a length, boundary=b, --b|TYPE|Content-Length: LENGTH||IMAGE",
    "nothing but images, boundary=b, IMAGE",
    "length too short, boundary=b, --b|TYPE|Content-Length: 5000||IMAGE|",
    "length too long, boundary=b, --b|TYPE|Content-Length: 123456789||IMAGE|",
    "length zero, boundary=b, --b|TYPE|Content-Length: 0||IMAGE|",
    "length negative, boundary=b, --b|TYPE|Content-Length: -1||IMAGE|",
    "length beyond all numbers, boundary=b, --b|TYPE|Content-Length: 99999999999999999999||IMAGE|",
    "no headers, boundary=b, --b||IMAGE|",
    "zeros behind the image, boundary=b, --b|TYPE||IMAGEZEROS|",
  })
  void framesAreFoundByTheirMarkers(String habit, String declared, String part) throws Exception {
    for (var newline : List.of("\r\n", "\n"))
      try (var camera =
          new TestCamera(
              false,
              out -> {
                TestCamera.head(out, "multipart/x-mixed-replace;" + declared);
                for (var image : List.of(first, second, first))
                  out.write(part(part, image, newline));
              })) {
        assertThat(read(camera.uri(), 3))
            .as("%s", newline.length())
            .extracting(Frame::getJpeg)
            .containsExactly(
                ByteString.copyFrom(first),
                ByteString.copyFrom(second),
                ByteString.copyFrom(first));
      }
  }

  @Test
  void aPictureThatIsCutOffEndsAtTheBoundaryOrBeforeTheNext() throws Exception {
    for (int length : new int[] {4, 30, 400, 1000, 30_000, first.length - 2})
      for (var name : List.of("b", "other")) {
        var cut = Arrays.copyOf(first, length);
        try (var camera =
            new TestCamera(
                false,
                out -> {
                  TestCamera.head(out, MULTIPART);
                  for (var image : List.of(second, cut, second))
                    out.write(part("--" + name + "|TYPE||IMAGE|", image, "\r\n"));
                })) {
          var frames = read(camera.uri(), 3);
          assertThat(frames)
              .as("%s bytes, %s", length, name)
              .extracting(f -> f.getJpeg().size())
              .containsExactly(second.length, length, second.length);
          assertThat(frames.get(1).getJpeg()).isEqualTo(ByteString.copyFrom(cut));
          assertThat(frames.get(1).getWidth()).isZero();
        }
      }
  }

  /** The segment that is cut off would end exactly where one of the next picture begins. */
  @Test
  void aPictureThatIsCutOffDoesNotSwallowTheNext() throws Exception {
    int between = part("|--b|TYPE||", first, "\r\n").length;
    var cut = new byte[30];
    int length = cut.length + between - 2; // of the segment, which begins at 2, without its marker
    cut[0] = (byte) 0xff;
    cut[1] = (byte) 0xd8;
    cut[2] = (byte) 0xff;
    cut[3] = (byte) 0xe1;
    cut[5] = (byte) length;
    try (var camera =
        new TestCamera(
            false,
            out -> {
              TestCamera.head(out, MULTIPART);
              out.write(part("--b|TYPE||IMAGE|", cut, "\r\n"));
              out.write(part("--b|TYPE||IMAGE|", first, "\r\n"));
            })) {
      assertThat(read(camera.uri(), 2))
          .extracting(Frame::getJpeg)
          .containsExactly(ByteString.copyFrom(cut), ByteString.copyFrom(first));
    }
  }

  @Test
  void aPreviewWithinAPictureIsNoPicture() throws Exception {
    var preview = Arrays.copyOf(first, 20_000);
    preview[19_998] = (byte) 0xff;
    preview[19_999] = (byte) 0xd9;
    var image = new ByteArrayOutputStream();
    image.write(second, 0, 2);
    image.write(new byte[] {(byte) 0xff, (byte) 0xe1, 20_002 >> 8, (byte) 20_002});
    image.write(preview);
    image.write(second, 2, second.length - 2);
    try (var camera =
        new TestCamera(
            false,
            out -> {
              TestCamera.head(out, MULTIPART);
              out.write(image.toByteArray());
              out.write(first);
            })) {
      assertThat(read(camera.uri(), 2))
          .extracting(Frame::getJpeg)
          .containsExactly(ByteString.copyFrom(image.toByteArray()), ByteString.copyFrom(first));
    }
  }

  @Test
  void chunksAndFoldedHeadersAreRead() throws Exception {
    try (var camera =
        new TestCamera(
            false,
            out -> {
              TestCamera.text(
                  out,
                  "HTTP/1.1 200\r\nContent-Type : multipart/x-mixed-replace;\r\n\tboundary=b\r\n"
                      + "Content-Length: 0\r\ntransfer-encoding: Chunked\r\n\r\n");
              var body = part("--b|TYPE||IMAGE|--b|TYPE||IMAGE|", first, "\r\n");
              for (int at = 0; at < body.length; at += 1000) {
                var chunk = Arrays.copyOfRange(body, at, Math.min(body.length, at + 1000));
                TestCamera.text(out, Integer.toHexString(chunk.length) + ";x=y\r\n");
                out.write(chunk);
                TestCamera.text(out, "\r\n");
              }
            })) {
      assertThat(read(camera.uri(), 2))
          .extracting(Frame::getJpeg)
          .containsOnly(ByteString.copyFrom(first));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "text/html, <p>hunter2</p>, 'text/html, 14 bytes in which there is no JPEG image'",
    "application/json, '{\"a\":\"hunter2\"}', 'application/json, 15 bytes in which'",
    "multipart/x-mixed-replace;boundary=b, '--b|Content-Type: image/png||hunter2',"
        + " 'multipart/x-mixed-replace of image/png, 39 bytes in which'",
    "'', hunter2, 'no content type, 7 bytes in which'",
    "hunter2, , 'no content type, 0 bytes in which'",
  })
  void whatIsNoPictureIsNamedAndNotShown(String type, String content, String told)
      throws Exception {
    try (var camera =
        new TestCamera(
            true,
            out -> {
              TestCamera.head(out, type);
              if (content != null) TestCamera.text(out, content.replace("|", "\r\n"));
            })) {
      assertFails(camera.uri(), "it answers with " + told);
    }
  }

  @Test
  void aWaitThatIsOverIsToldAsItWas() throws Exception {
    var told =
        Map.of(
            "silent", "it sent nothing for 0.3 s",
            "answer", "the head of its answer is not complete after 0.3 s",
            "words", "14 bytes in which there is no JPEG image after 0.3 s",
            "begun", "a picture is not complete after 0.3 s, 2000 bytes of it came",
            "one", "it sent nothing for 0.3 s",
            "noise", "it sent no picture for 0.3 s");
    for (var habit : told.keySet())
      try (var camera =
          new TestCamera(
              false,
              out -> {
                if (habit.equals("answer")) TestCamera.text(out, "HTTP/1.0 2");
                if (habit.equals("answer") || habit.equals("silent")) return;
                TestCamera.head(out, MULTIPART);
                if (habit.equals("words")) TestCamera.text(out, "--b\r\nhunter2\r\n");
                if (habit.equals("begun")) out.write(first, 0, 2000);
                if (habit.equals("one") || habit.equals("noise")) out.write(first);
                if (habit.equals("noise")) out.write(new byte[1 << 20]);
              })) {
        var uri = camera.uri("/a.mjpeg?timeout=300ms");
        assertFails(uri, told.get(habit) + "; timeout=30s in the uri waits longer");
      }
  }

  @Test
  void aPatienceIsGivenInTheUriAndAWrongOneIsRefusedAtOnce() {
    assertThat(CameraRequest.of(URI.create("http://c/a.mjpeg?timeout=1m")).timeout())
        .isEqualTo(Duration.ofMinutes(1));
    assertThat(CameraRequest.of(URI.create("http://c/a.mjpeg")).timeout())
        .isEqualTo(Duration.ofSeconds(5));
    for (var wrong : List.of("timeout=8", "every=1ms", "timeout=1s&timeout=2s"))
      assertThatThrownBy(() -> provider.check(URI.create("http://c/a.mjpeg?" + wrong)))
          .as(wrong)
          .isInstanceOfSatisfying(SourceException.class, e -> assertThat(e.permanent()).isTrue());
    provider.check(URI.create("http://c/?action=stream&format=mjpeg&credentials=yard"));
  }

  @Test
  void theCameraIsAskedForWhatIsItsOwn() throws Exception {
    try (var camera =
        new TestCamera(
            true,
            out -> {
              TestCamera.head(out, MULTIPART);
              out.write(first);
            })) {
      var uri = camera.uri("/?action=stream&timeout=10s&x=%20%c3%a4&format=mjpeg&every=1s");
      assertThat(read(uri, 1)).hasSize(1);
      assertThat(camera.requests.get(0))
          .startsWith("GET /?action=stream&x=%20%c3%a4&format=mjpeg HTTP/1.1\r\nHost: 127.0.0.1:")
          .contains("\r\nConnection: close\r\n");
    }
  }

  @Test
  void singlePicturesAreAskedForAgainAndAgain() throws Exception {
    var count = new AtomicInteger();
    var reached = new AtomicInteger();
    try (var camera =
        new TestCamera(
            true,
            (request, out) -> {
              int n = count.getAndIncrement();
              if (n == 3) {
                TestCamera.text(out, "HTTP/1.1 304 Not Modified\r\n\r\n");
                return;
              }
              // The first is sent twice, as by a camera that has not taken another one yet.
              var image = n == 2 ? second : first;
              TestCamera.text(
                  out,
                  "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %s\r\n%s\r\n"
                      .formatted(image.length, n == 2 ? "ETag: \"2\"\r\n" : ""));
              out.write(image);
            })) {
      var context =
          new SourceContext(
              camera.uri("/snap.jpg?every=100ms"),
              "p/s",
              0,
              () -> Knobs.NONE,
              settled -> {},
              reached::incrementAndGet,
              end -> {},
              Access.ANYTHING);
      assertThat(frames(context, 3))
          .extracting(Frame::getJpeg)
          .containsExactly(
              ByteString.copyFrom(first), ByteString.copyFrom(second), ByteString.copyFrom(first));
      assertThat(reached).hasValue(2);
      assertThat(camera.requests.get(2)).doesNotContain("If-");
      assertThat(camera.requests.get(3)).contains("If-None-Match: \"2\"\r\n");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Basic realm=\"cam\", Authorization: Basic YWRtaW46cEBzcy93bzpyZA==",
    "'Digest realm=\"cam\", nonce=\"abc123\", qop=\"auth\", algorithm=MD5', username=\"admin\"",
    "'Digest realm=\"cam\", nonce=\"abc123\", qop=\"auth\", algorithm=SHA-256', qop=auth"
  })
  void theLoginIsGivenAsTheCameraWantsIt(String challenge, String sent) throws Exception {
    var count = new AtomicInteger();
    try (var camera =
        new TestCamera(
            true,
            (request, out) -> {
              if (!request.contains("Authorization")) {
                refuse(out, challenge);
                return;
              }
              TestCamera.head(out, "image/jpeg");
              out.write(count.getAndIncrement() % 2 == 0 ? first : second);
            })) {
      assertThat(read(camera.uri("/snap.jpg?every=100ms&credentials=yard"), 3)).hasSize(3);
      // The first is without a login, and no other is refused.
      assertThat(camera.requests.get(0)).doesNotContain("Authorization", "credentials");
      for (int i = 1; i < 4; i++) {
        var request = camera.requests.get(i);
        assertThat(request).contains(sent).doesNotContain("p@ss");
        if (challenge.startsWith("Digest")) assertThat(request).contains("nc=0000000" + i);
      }
    }
  }

  @Test
  void aRefusedLoginIsToldWithoutThePasswordAndNotTriedAgainSoon() throws Exception {
    try (var camera =
        new TestCamera(
            true, out -> refuse(out, "Digest realm=\"cam\", nonce=\"a\", qop=\"auth\""))) {
      assertRefused(camera.uri("/a.mjpeg?credentials=yard"), "it refuses the user or the password");
      assertThat(camera.requests).hasSize(2);
      assertRefused(camera.uri(), "give credentials=NAME, and user:password in the environment");
      var uri = camera.uri().toString().replace("//", "//admin:hunter2@");
      assertRefused(URI.create(uri), "it refuses the user or the password");
    }
  }

  @Test
  void aReaderEndsWhenItIsToldToWhateverItWaitsFor() throws Exception {
    for (var head :
        List.of(
            "",
            "HTTP/1.1 200 OK\r\nContent-Type: " + MULTIPART + "\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: "
                + MULTIPART
                + "\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n--b\n\r\n")) {
      var asked = new CountDownLatch(1);
      try (var camera =
          new TestCamera(
              false,
              out -> {
                TestCamera.text(out, head);
                asked.countDown();
              })) {
        var context = new SourceContext(camera.uri("/a.mjpeg?timeout=1h"), 0, () -> Knobs.NONE);
        var stop = new Stop();
        var reading =
            CompletableFuture.<Object>supplyAsync(
                () -> {
                  try (var reader = new MjpegReader(new Camera(context, name -> null), stop)) {
                    return reader.next();
                  } catch (SourceException e) {
                    return e;
                  }
                });
        assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
        stop.ask();
        assertThat(reading.get(30, TimeUnit.SECONDS)).isNotNull();
      }
    }
  }

  private static void refuse(OutputStream out, String challenge) throws IOException {
    TestCamera.text(
        out, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: " + challenge + "\r\n\r\n");
  }

  /** What a camera writes around an image; a bar stands for a line end. */
  private static byte[] part(String pattern, byte[] image, String newline) throws IOException {
    var out = new ByteArrayOutputStream();
    var text =
        pattern
            .replace("TYPE", "Content-Type: image/jpeg")
            .replace("LENGTH", String.valueOf(image.length))
            .replace("ZEROS", "\0".repeat(500))
            .replace("|", newline);
    for (var rest = text; !rest.isEmpty(); ) {
      int at = rest.indexOf("IMAGE");
      TestCamera.text(out, at < 0 ? rest : rest.substring(0, at));
      if (at >= 0) out.write(image);
      rest = at < 0 ? "" : rest.substring(at + "IMAGE".length());
    }
    return out.toByteArray();
  }

  private void assertFails(URI uri, String message) {
    assertThatThrownBy(() -> read(uri, 10))
        .cause()
        .isInstanceOfSatisfying(SourceException.class, e -> assertThat(e.permanent()).isFalse())
        .hasMessageContaining(message)
        .hasMessageNotContaining("hunter2");
  }

  private void assertRefused(URI uri, String message) {
    assertThatThrownBy(() -> read(uri, 1))
        .cause()
        .isInstanceOfSatisfying(
            SourceException.class,
            e -> {
              assertThat(e.permanent()).isFalse();
              assertThat(e.atLeast()).isGreaterThan(Duration.ofMinutes(1));
            })
        .hasMessageContaining(message)
        .hasMessageNotContainingAny("hunter2", "p@ss");
  }

  private List<Frame> read(URI uri, int count) {
    return frames(new SourceContext(uri, 0, () -> Knobs.NONE), count);
  }

  private List<Frame> frames(SourceContext context, int count) {
    assertThat(provider.claims(context.uri())).isTrue();
    return provider
        .open(context)
        .take(count)
        .runWith(Sink.<Segment>seq(), KIT.system())
        .toCompletableFuture()
        .orTimeout(60, TimeUnit.SECONDS)
        .join()
        .stream()
        .flatMap(s -> s.payload().getFrames().getFrameList().stream())
        .toList();
  }
}
