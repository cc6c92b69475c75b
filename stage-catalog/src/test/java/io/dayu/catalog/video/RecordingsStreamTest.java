package io.dayu.catalog.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.dayu.catalog.Natives;
import io.dayu.catalog.Stop;
import io.dayu.element.Frame;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Video files as recorders, phones and editing programs make them. */
class RecordingsStreamTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final Map<String, Double> ALL = Map.of();
  private static final Map<String, Double> FIVE = Map.of("fps", 5.0);
  private static final Map<String, Double> TWO = Map.of("fps", 2.0, "segment", 3.0);

  @TempDir private static Path directory;
  private static Films films;
  private static Path clock;
  private static Path broadcast;

  private final VideoFileSource provider = new VideoFileSource();

  @BeforeAll
  static void makeFilms() throws Exception {
    Natives.openCv();
    films = new Films(directory);
    clock = films.clock("clock.mp4");
    broadcast = films.clock("clock.ts"); // MPEG-4 copied from an MP4 would lack its header
  }

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void aLoopedFileThatDoesNotTellItsLengthGoesOnRoundByRound() throws Exception {
    for (var live : List.of(live("live.mkv", "matroska"), broadcast)) {
      var once = offsets(read(live, "", 0, FIVE, 1000));
      assertThat(once).as("%s", live).isEqualTo(every(200, 0, 12_000));
      var looped = read(live, "?loop=true", 0, FIVE, 150);
      assertThat(offsets(looped)).as("%s", live).isEqualTo(every(200, 0, 30_000));
      var again = read(live, "?loop=true", looped.get(100).position(), FIVE, 20);
      assertThat(again).as("%s", live).isEqualTo(looped.subList(101, 121));
    }
  }

  @Test
  void aReaderThatWaitsForItsNextFrameEndsWhenToldSo() throws Exception {
    var stop = new Stop();
    try (var reader =
        new VideoFileReader(timeLapse(), true, false, 0, () -> new Knobs(ALL), stop)) {
      assertThat(reader.next()).isPresent();
      var waiting = CompletableFuture.supplyAsync(reader::next);
      stop.ask();
      assertThat(waiting.get(30, TimeUnit.SECONDS)).isEmpty();
    }
  }

  @Test
  void everyContainerGoesOnWhereItWasWithoutLossOrRepetition() throws Exception {
    for (var film :
        List.of(
            clock,
            broadcast,
            films.copied(broadcast, "late.ts", List.of(), "-output_ts_offset", "3600"),
            films.joined("again.ts", broadcast, broadcast),
            films.copied(clock, "trimmed.mp4", List.of("-ss", "6")),
            films.copied(
                clock, "fragments.mp4", List.of(), "-movflags", "frag_keyframe+empty_moov"),
            films.copied(clock, "clock.mkv", List.of()),
            live("live.mkv", "matroska"),
            films.clock("clock.avi"),
            films.make("clock.flv", Films.CLOCK, List.of("-c:v", "flv", "-g", "20")),
            films.make(
                "clock.mpg", Films.CLOCK, List.of("-c:v", "mpeg2video", "-r", "25", "-bf", "2")),
            films.make("clock.wmv", Films.CLOCK, List.of("-c:v", "wmv2", "-g", "20"))))
      for (var knobs : List.of(ALL, FIVE, TWO)) {
        var whole = read(film, "", 0, knobs, 1000);
        for (var stop : new int[] {0, whole.size() / 3, whole.size() / 2, whole.size() - 2})
          assertThat(read(film, "", whole.get(stop).position(), knobs, 1000))
              .as("%s %s after segment %d", film.getFileName(), knobs, stop)
              .isEqualTo(whole.subList(stop + 1, whole.size()));
      }
  }

  @Test
  void allOfATransportStreamIsReadWhereverItsClockBegins() throws Exception {
    var late = films.copied(broadcast, "late.ts", List.of(), "-output_ts_offset", "3600");
    for (var film : List.of(broadcast, late)) {
      assertThat(offsets(read(film, "", 0, ALL, 1000))).isEqualTo(every(100, 0, 12_000));
      assertThat(offsets(read(film, "", 0, FIVE, 1000))).isEqualTo(every(200, 0, 12_000));
    }
  }

  @Test
  void timeGoesOnWhereRecordingsWerePutBehindEachOther() throws Exception {
    var late = films.copied(broadcast, "late.ts", List.of(), "-output_ts_offset", "3600");
    var back = films.joined("back.ts", broadcast, broadcast);
    assertThat(offsets(read(back, "", 0, FIVE, 1000))).isEqualTo(every(200, 0, 24_000));
    var forth = films.joined("forth.ts", broadcast, late, broadcast);
    assertThat(offsets(read(forth, "", 0, FIVE, 1000))).isEqualTo(every(200, 0, 36_000));
  }

  @Test
  void aVideoThatWasTrimmedWithoutEncodingItAgainIsReadToItsEnd() throws Exception {
    var trimmed = films.copied(clock, "trimmed.mp4", List.of("-ss", "6.5"));
    assertThat(offsets(read(trimmed, "", 0, ALL, 1000))).isEqualTo(every(100, 0, 5_500));
  }

  @Test
  void aPictureThatStandsForLongIsNoMissingEnd() throws Exception {
    assertThat(offsets(read(timeLapse(), "", 0, ALL, 1000))).isEqualTo(every(60_000, 0, 300_000));
  }

  @Test
  void anEndThatIsMissingIsToldWhereTheFileSaysHowLongItShouldBe() throws Exception {
    for (var film :
        List.of(
            films.copied(clock, "fast.mp4", List.of(), "-movflags", "+faststart"),
            films.copied(clock, "clock.mkv", List.of()),
            films.clock("clock.avi"))) {
      var bytes = Files.readAllBytes(film);
      var cut = film.resolveSibling("cut-" + film.getFileName());
      Files.write(cut, Arrays.copyOf(bytes, bytes.length * 6 / 10));
      assertThat(catchThrowable(() -> read(cut, "", 0, ALL, 1000)))
          .as("%s", cut.getFileName())
          .cause()
          .isInstanceOf(SourceException.class)
          .hasMessageContaining("although it should last 12.0 s");
    }
  }

  @Test
  void whatHoldsNoPicturesSaysSo() throws Exception {
    var sound = films.make("sound.mp4", List.of("-f", "lavfi", "-i", "sine=duration=1"));
    var empty = Files.createFile(directory.resolve("empty.mp4"));
    assertThatThrownBy(() -> read(sound, "", 0, ALL, 1))
        .hasMessageContaining("there are no pictures in it");
    assertThatThrownBy(() -> read(empty, "", 0, ALL, 1)).hasMessageContaining("it is empty");
  }

  @Test
  void picturesStandUprightHoweverThePhoneWasHeld() throws Exception {
    for (var turn :
        List.of(
            List.of("-display_rotation", "0"),
            List.of("-display_rotation", "90"),
            List.of("-display_rotation", "180"),
            List.of("-display_rotation", "270"),
            List.of("-display_rotation", "0", "-display_hflip"),
            List.of("-display_rotation", "0", "-display_vflip"),
            List.of("-display_rotation", "90", "-display_hflip"),
            List.of("-display_rotation", "270", "-display_hflip")))
      assertLooksAsFfmpegShowsIt(films.copied(clock, "turned.mp4", turn));
  }

  @Test
  void picturesWithPixelsThatAreNoSquaresHaveTheirTrueProportions() throws Exception {
    var wide =
        films.make("wide.mp4", Films.CLOCK, List.of("-t", "1", "-vf", "setsar=16/11"), Films.MPEG4);
    var frame = frames(read(wide, "", 0, ALL, 1)).get(0);
    assertThat(frame.getWidth()).isEqualTo(466);
    assertThat(frame.getHeight()).isEqualTo(240);
  }

  private static void assertLooksAsFfmpegShowsIt(Path film) throws Exception {
    var shown = films.make("shown.png", List.of("-i", film.toString(), "-frames:v", "1"));
    var frame = frames(new RecordingsStreamTest().read(film, "", 0, ALL, 1)).get(0);
    try (var expected = opencv_imgcodecs.imread(shown.toString());
        var picture = Images.decode(frame.getJpeg(), Images.Decoding.COLOR)) {
      var actual = picture.image();
      assertThat(actual.cols()).isEqualTo(expected.cols()).isEqualTo(frame.getWidth());
      assertThat(actual.rows()).isEqualTo(expected.rows()).isEqualTo(frame.getHeight());
      var pixels = (double) actual.cols() * actual.rows() * 3;
      assertThat(opencv_core.norm(expected, actual, opencv_core.NORM_L1, null) / pixels)
          .isLessThan(5);
    }
  }

  private static Path live(String name, String format) throws Exception {
    return films.copied(clock, name, List.of(), "-live", "1", "-f", format);
  }

  /** A picture a minute. */
  private static Path timeLapse() throws Exception {
    return films.make(
        "lapse.mp4",
        List.of("-f", "lavfi", "-i", "testsrc=size=64x48:rate=1/60:duration=300"),
        List.of("-c:v", "mpeg4"));
  }

  private static List<Long> every(long step, long first, long end) {
    return LongStream.iterate(first, at -> at < end, at -> at + step).boxed().toList();
  }

  private List<Segment> read(
      Path film, String query, long position, Map<String, Double> knobs, int most) {
    var uri = URI.create(film.toUri() + query);
    return provider
        .open(new SourceContext(uri, position, () -> new Knobs(knobs)))
        .take(most)
        .runWith(Sink.<Segment>seq(), KIT.system())
        .toCompletableFuture()
        .orTimeout(60, TimeUnit.SECONDS)
        .join();
  }

  private static List<Frame> frames(List<Segment> segments) {
    return segments.stream().flatMap(s -> s.payload().getFrames().getFrameList().stream()).toList();
  }

  private static List<Long> offsets(List<Segment> segments) {
    return frames(segments).stream().map(Frame::getOffsetMs).toList();
  }
}
