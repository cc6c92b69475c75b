package io.dayu.catalog.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small files whose pictures take more memory or time than a node has. */
class PictureBombsStreamTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final int SIDE = 16_000;

  @TempDir private Path directory;

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void aVideoOfTooLargePicturesIsRefusedWithTheirSize() throws Exception {
    var film = film("bomb.mkv", "png_pipe", Pngs.black(SIDE, SIDE));
    assertThat(Files.size(film)).isLessThan(2_000_000);
    assertThatThrownBy(() -> read(film, Map.of()))
        .cause()
        .isInstanceOfSatisfying(
            SourceException.class, e -> assertThat(e.permanent()).as("permanent").isTrue())
        .hasMessageContainingAll("bomb.mkv", "16000 x 16000 pixels", "64 million");
  }

  @Test
  void picturesThatGrowWithinAVideoAreNotDecoded() throws Exception {
    var film =
        film(
            "grows.mkv",
            "png_pipe",
            Pngs.black(64, 48),
            Pngs.black(SIDE, SIDE),
            Pngs.black(64, 48));
    var segments = read(film, Map.of());
    assertThat(segments)
        .hasSize(2)
        .allSatisfy(s -> assertThat(s.payload().getFrames().getFrame(0).getWidth()).isEqualTo(64));
  }

  @Test
  void picturesThatGrowWithinTheLimitAreReadAndTheirMemoryIsGivenBack() throws Exception {
    var film =
        film(
            "wider.mkv",
            "png_pipe",
            Pngs.black(64, 48),
            Pngs.black(3000, 2000),
            Pngs.black(64, 48));
    assertThat(read(film, Map.of()))
        .extracting(s -> s.payload().getFrames().getFrame(0).getWidth())
        .containsExactly(64, 3000, 64);
    // Everything can be taken by another one only if nothing is held any longer.
    DecoderMemory.SHARED.take(0, DecoderMemory.SHARED.limit(), "another");
    try {
      assertThatThrownBy(() -> read(film, Map.of()))
          .cause()
          .isInstanceOfSatisfying(
              SourceException.class, e -> assertThat(e.permanent()).as("permanent").isFalse())
          .hasMessageContainingAll("wider.mkv", "of which others have");
    } finally {
      DecoderMemory.SHARED.free(DecoderMemory.SHARED.limit());
    }
    assertThat(read(film, Map.of())).hasSize(3);
  }

  @Test
  void whatNeverFitsIsRefusedForGood() {
    var memory = new DecoderMemory(100 << 20);
    memory.take(0, 60 << 20, "one.mp4");
    assertThatThrownBy(() -> memory.take(0, 101 << 20, "two.mp4"))
        .isInstanceOfSatisfying(
            SourceException.class, e -> assertThat(e.permanent()).as("permanent").isTrue())
        .hasMessageContainingAll("two.mp4", "101 MB", "100 MB", "smaller pictures");
    memory.take(60 << 20, 90 << 20, "one.mp4");
    memory.take(0, 10 << 20, "two.mp4");
  }

  @Test
  void aVideoWhosePicturesHaveTooManyScansIsRefused() throws Exception {
    var image = JpegTest.progressive();
    var film = film("scans.mkv", "jpeg_pipe", image, JpegTest.withScans(image, 1000), image);
    assertThatThrownBy(() -> read(film, Map.of()))
        .cause()
        .hasMessageContainingAll("scans.mkv", "more than 100 scans");
    assertThat(read(film("two.mkv", "jpeg_pipe", image, image), Map.of())).hasSize(2);
  }

  @Test
  void anElementIsFullBeforeItsFramesFillTheHeap() throws Exception {
    var films = new Films(directory);
    var noise =
        films.make(
            "noise.mkv",
            List.of("-f", "lavfi", "-i", "nullsrc=size=1600x1200:rate=10:duration=3"),
            List.of("-vf", "geq=random(1)*255:128:128", "-c:v", "mjpeg", "-q:v", "2"));
    var segments = read(noise, Map.of("segment", 1000.0));
    assertThat(segments.size()).isGreaterThan(1);
    assertThat(segments)
        .allSatisfy(
            s -> assertThat(s.payload().getSerializedSize()).isLessThan(2 * VideoKnobs.MAX_BYTES));
    assertThat(segments.stream().mapToInt(s -> s.payload().getFrames().getFrameCount()).sum())
        .isEqualTo(30);
  }

  /** A film of these pictures one after the other. */
  private Path film(String name, String format, ByteString... pictures) throws Exception {
    var pipe = directory.resolve(name + ".pipe");
    try (var out = Files.newOutputStream(pipe)) {
      for (var picture : pictures) picture.writeTo(out);
    }
    return new Films(directory)
        .make(name, List.of("-f", format, "-framerate", "10", "-i", pipe.toString(), "-c", "copy"));
  }

  private static List<Segment> read(Path film, Map<String, Double> knobs) {
    var context = new SourceContext(film.toUri(), 0, () -> new Knobs(knobs));
    return new VideoFileSource()
        .open(context)
        .runWith(Sink.seq(), KIT.system())
        .toCompletableFuture()
        .orTimeout(60, TimeUnit.SECONDS)
        .join();
  }
}
