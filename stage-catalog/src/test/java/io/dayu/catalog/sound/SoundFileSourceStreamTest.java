package io.dayu.catalog.sound;

import static io.dayu.catalog.sound.Sounds.PCM;
import static io.dayu.catalog.sound.Sounds.chunk;
import static io.dayu.catalog.sound.Sounds.format;
import static io.dayu.catalog.sound.Sounds.samples;
import static io.dayu.catalog.sound.Sounds.sine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import io.dayu.catalog.video.VideoFileSource;
import io.dayu.element.Audio;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import java.net.URI;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.bytedeco.ffmpeg.global.avcodec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SoundFileSourceStreamTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final int RATE = 44_100;
  private final SoundFileSource provider = new SoundFileSource();
  @TempDir Path directory;

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void aFileIsReadInSegmentsThatTogetherAreAllOfIt() throws Exception {
    var sound = samples(RATE * 2 + 1234, sine(440, RATE, 0.5));
    var segments = read(file("a.wav", sound).toUri(), 0, Map.of("segment", 500.0));
    assertThat(segments).hasSize(5);
    assertThat(together(segments)).isEqualTo(sound);
    assertThat(segments)
        .extracting(s -> audio(s).getOffsetMs())
        .containsExactly(0L, 500L, 1000L, 1500L, 2000L);
    assertThat(audio(segments.get(0)).getSampleRate()).isEqualTo(RATE);
    assertThat(audio(segments.get(0)).getChannels()).isEqualTo(1);
    assertThat(audio(segments.get(0)).getContentType()).isEmpty();
    assertThat(audio(segments.get(4)).getData().size()).isEqualTo(2 * 1234);
  }

  @Test
  void itGoesOnAtAnyPositionWithTheVerySameSamples() throws Exception {
    var wav = file("a.wav", samples(RATE + 7077, i -> Math.sin(i * i * 1e-6) * 0.7));
    var coded = directory.resolve("a.ogg");
    Sounds.encoded(
        coded, avcodec.AV_CODEC_ID_VORBIS, RATE, 2, RATE + 7077, 0, sine(300, RATE, 0.5));
    for (var path : List.of(wav, coded))
      for (var knobs :
          List.of(
              Map.of("segment", 300.0),
              Map.of("segment", 333.0, "rate", 16_000.0),
              Map.of("segment", 250.0, "rate", 48_000.0))) {
        var whole = read(path.toUri(), 0, knobs);
        for (var i = 0; i < whole.size(); i++)
          assertThat(read(path.toUri(), whole.get(i).position(), knobs))
              .as("%s after segment %s with %s", path, i, knobs)
              .isEqualTo(whole.subList(i + 1, whole.size()));
      }
  }

  @Test
  void aLoopedFileGoesOnAfterItsEndAndIsReopenedInTheSameRound() throws Exception {
    var wav = file("a.wav", samples(RATE + 77, sine(440, RATE, 0.5)));
    var coded = directory.resolve("a.flac");
    Sounds.encoded(coded, avcodec.AV_CODEC_ID_FLAC, RATE, 1, RATE + 77, 0, sine(440, RATE, 0.5));
    for (var path : List.of(wav, coded))
      for (var rate : new double[] {0, 16_000}) {
        var knobs = Map.of("segment", 400.0, "rate", rate);
        var uri = URI.create(path.toUri() + "?loop=true");
        var once = read(path.toUri(), 0, knobs);
        var looped = run(open(uri, 0, knobs).take(10));
        assertThat(once).hasSize(3);
        assertThat(looped.subList(3, 6))
            .extracting(s -> audio(s).getData())
            .isEqualTo(once.stream().map(s -> audio(s).getData()).toList());
        assertThat(looped)
            .extracting(s -> audio(s).getOffsetMs())
            .startsWith(0L, 400L, 800L, 1001L);
        assertThat(looped).extracting(Segment::position).isSorted().doesNotHaveDuplicates();
        for (var i = 0; i < 9; i++)
          assertThat(run(open(uri, looped.get(i).position(), knobs).take(9 - i)))
              .as("%s after segment %s at rate %s", path, i, rate)
              .isEqualTo(looped.subList(i + 1, 10));
      }
  }

  @Test
  void channelsStayUnlessTheyAreToBeMixed() throws Exception {
    var both = samples(2 * 1000, i -> i % 2 == 0 ? 0.5 : -0.25);
    var file = directory.resolve("both.wav");
    Files.write(file, Sounds.wav(format(PCM, 2, 8_000, 16), chunk("data", both.toByteArray())));
    var own = audio(read(file.toUri(), 0, Map.of()).get(0));
    assertThat(own.getChannels()).isEqualTo(2);
    assertThat(own.getData()).isEqualTo(both);
    var mixed = audio(read(URI.create(file.toUri() + "?channels=1"), 0, Map.of()).get(0));
    assertThat(mixed.getChannels()).isEqualTo(1);
    assertThat(mixed.getData().size()).isEqualTo(2000);
    assertThat(values(mixed)[500]).isCloseTo((short) 4096, within((short) 2));
  }

  @Test
  void aToneIsTheSameToneAtTheRateAskedFor() throws Exception {
    var file = file("tone.wav", samples(RATE * 2, sine(1_000, RATE, 0.5)));
    var segments = read(file.toUri(), 0, Map.of("rate", 16_000.0, "segment", 100.0));
    assertThat(segments).hasSize(20).allMatch(s -> audio(s).getSampleRate() == 16_000);
    var heard = together(segments).asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    for (var i = 0; heard.hasRemaining(); i++) {
      var expected = 32_767 * sine(1_000, 16_000, 0.5).applyAsDouble(i);
      var value = heard.getShort();
      if (i > 100 && i < 31_900) assertThat((double) value).isCloseTo(expected, within(40.0));
    }
  }

  @Test
  void knobsOutOfRangeCountAsTheNearestThatMakeSense() throws Exception {
    var file = file("a.wav", samples(8_000, sine(440, RATE, 0.5)));
    assertThat(audio(read(file.toUri(), 0, Map.of("rate", 1.0)).get(0)).getSampleRate())
        .isEqualTo(Recording.SLOWEST);
    assertThat(read(file.toUri(), 0, Map.of("segment", -5.0))).hasSize(19); // 10 ms each
  }

  @Test
  void realtimeGivesNoElementBeforeItWouldHaveBeenHeard() throws Exception {
    var file = file("a.wav", samples(RATE, sine(440, RATE, 0.5)));
    var uri = URI.create(file.toUri() + "?realtime=true");
    var begin = System.nanoTime();
    var segments = run(open(uri, 0, Map.of("segment", 200.0)));
    assertThat(segments).hasSize(5);
    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .isGreaterThanOrEqualTo(Duration.ofMillis(990));
  }

  @Test
  void encodedSoundIsDecoded() throws Exception {
    var codecs =
        Map.of(
            "a.mp3", avcodec.AV_CODEC_ID_MP3,
            "a.m4a", avcodec.AV_CODEC_ID_AAC,
            "a.flac", avcodec.AV_CODEC_ID_FLAC,
            "a.ogg", avcodec.AV_CODEC_ID_VORBIS,
            "a.aiff", avcodec.AV_CODEC_ID_PCM_S16BE,
            "mulaw.wav", avcodec.AV_CODEC_ID_PCM_MULAW);
    for (var codec : codecs.entrySet()) {
      var file = directory.resolve(codec.getKey());
      Sounds.encoded(file, codec.getValue(), RATE, 2, RATE * 2, 0, sine(1_000, RATE, 0.5));
      var segments = read(URI.create(file.toUri() + "?channels=1"), 0, Map.of());
      var heard = values(audio(segments.get(0)));
      assertThat(seconds(segments)).as(codec.getKey()).isCloseTo(2, within(0.1));
      assertThat(hertz(heard, RATE)).as(codec.getKey()).isCloseTo(1_000, within(20.0));
      assertThat(root(heard)).as(codec.getKey()).isCloseTo(0.5 / Math.sqrt(2), within(0.03));
    }
  }

  @Test
  void theSoundOfAVideoIsReadWhereItIsAskedFor() throws Exception {
    var video = directory.resolve("a.mp4");
    Sounds.encoded(video, avcodec.AV_CODEC_ID_AAC, RATE, 1, RATE * 2, 20, sine(500, RATE, 0.5));
    var segments = read(URI.create(video.toUri() + "?sound=true"), 0, Map.of());
    assertThat(seconds(segments)).isCloseTo(2, within(0.1));
    assertThat(hertz(values(audio(segments.get(0))), RATE)).isCloseTo(500, within(10.0));
    var silent = directory.resolve("silent.mp4");
    Sounds.encoded(silent, 0, RATE, 0, 0, 20, i -> 0);
    assertUnreadable(URI.create(silent.toUri() + "?sound=true"), "there is no sound in it");
  }

  @Test
  void everyUriOfAFileHasOneKindOfSource() {
    var video = new VideoFileSource();
    for (var uri :
        List.of("file:///a/b.wav", "/b.MP3?loop=true", "file:c.flac", "file:/v.mp4?sound=true"))
      assertThat(List.of(provider.claims(URI.create(uri)), video.claims(URI.create(uri))))
          .as(uri)
          .containsExactly(true, false);
    for (var uri : List.of("file:///a/b.mp4", "/b.webm?loop=true", "file:/v.mp4?sound=false"))
      assertThat(List.of(provider.claims(URI.create(uri)), video.claims(URI.create(uri))))
          .as(uri)
          .containsExactly(false, true);
    for (var uri : List.of("http://host/a.wav", "file:/a.csv", "wav"))
      assertThat(provider.claims(URI.create(uri))).as(uri).isFalse();
    assertThat(provider.claims(URI.create(provider.descriptor().example()))).isTrue();
  }

  @Test
  void aParameterThatMakesNoSenseIsRefusedWhenAPipelineIsSubmitted() {
    provider.check(URI.create("file:/a.wav?loop=true&realtime=false&channels=1"));
    provider.check(URI.create("file:/a.mp4?sound=true"));
    for (var wrong :
        List.of(
            "file:/a.wav?loop=yes", "file:a.wav?realtime", "/a.wav?rate=5", "/a.wav?channels=2"))
      assertThatThrownBy(() -> provider.check(URI.create(wrong)))
          .as(wrong)
          .isInstanceOfSatisfying(SourceException.class, e -> assertThat(e.permanent()).isTrue());
  }

  @Test
  void whatCannotBeReadFailsForGoodWithItsNameAndWhy() throws Exception {
    assertUnreadable(directory.resolve("missing.wav").toUri(), "there is no readable file");
    assertUnreadable(written("empty.wav", new byte[0]), "it is empty");
    assertUnreadable(written("zeros.wav", new byte[100_000]), "zeros.wav");
    assertUnreadable(written("text.mp3", "hello".getBytes()), "text.mp3");
    assertUnreadable(
        written("list.mp3", "#EXTM3U\n#EXTINF:1,\nother.mp3\n".getBytes()), "list.mp3");
    assertUnreadable(written("none.wav", Sounds.wav(format(PCM, 1, RATE, 16))), "before its first");
    var whole = Files.readAllBytes(file("a.wav", samples(RATE, i -> 0.1)));
    assertUnreadable(
        written("cut.wav", Arrays.copyOf(whole, whole.length / 2)),
        "it ends at 0.5 s although it should last 1.0 s");
    assertUnreadable(written("head.wav", Arrays.copyOf(whole, 30)), "cut off");
    var coded = directory.resolve("a.flac");
    Sounds.encoded(coded, avcodec.AV_CODEC_ID_FLAC, RATE, 1, RATE * 5, 0, i -> Math.sin(i * i));
    var bytes = Files.readAllBytes(coded);
    assertUnreadable(
        written("cut.flac", Arrays.copyOf(bytes, bytes.length / 2)),
        "although it should last 5.0 s");
  }

  @Test
  void aFileThatIsCutOffGivesWhatThereIsFirst() throws Exception {
    var whole = Files.readAllBytes(file("a.wav", samples(RATE, sine(440, RATE, 0.5))));
    var uri = written("cut.wav", Arrays.copyOf(whole, whole.length / 2));
    var segments = run(open(uri, 0, Map.of("segment", 100.0)).take(5));
    assertThat(segments).hasSize(5);
  }

  private Path file(String name, ByteString samples) throws Exception {
    return Files.write(
        directory.resolve(name),
        Sounds.wav(format(PCM, 1, RATE, 16), chunk("data", samples.toByteArray())));
  }

  private URI written(String name, byte[] content) throws Exception {
    return Files.write(directory.resolve(name), content).toUri();
  }

  private void assertUnreadable(URI uri, String message) {
    assertThatThrownBy(() -> read(uri, 0, Map.of()))
        .as(uri.toString())
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(SourceException.class, e -> assertThat(e.permanent()).isTrue())
        .hasMessageContaining(message);
  }

  private List<Segment> read(URI uri, long position, Map<String, Double> knobs) {
    return run(open(uri, position, knobs));
  }

  private Source<Segment, ?> open(URI uri, long position, Map<String, Double> knobs) {
    assertThat(provider.claims(uri)).isTrue();
    return provider.open(new SourceContext(uri, position, () -> new Knobs(knobs)));
  }

  private static List<Segment> run(Source<Segment, ?> source) {
    return source
        .runWith(Sink.seq(), KIT.system())
        .toCompletableFuture()
        .orTimeout(60, TimeUnit.SECONDS)
        .join();
  }

  private static Audio audio(Segment segment) {
    return segment.payload().getAudio();
  }

  private static ByteString together(List<Segment> segments) {
    return ByteString.copyFrom(segments.stream().map(s -> audio(s).getData()).toList());
  }

  private static short[] values(Audio audio) {
    var samples = audio.getData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    var values = new short[samples.remaining() / 2];
    samples.asShortBuffer().get(values);
    return values;
  }

  private static double seconds(List<Segment> segments) {
    return segments.stream()
        .mapToDouble(
            s ->
                audio(s).getData().size() / 2.0 / audio(s).getChannels() / audio(s).getSampleRate())
        .sum();
  }

  /** By how often it rises through zero in the second half of it. */
  private static double hertz(short[] values, int rate) {
    var from = values.length / 2;
    var rises =
        IntStream.range(from, values.length - 1)
            .filter(i -> values[i] < 0 && values[i + 1] >= 0)
            .count();
    return (double) rises * rate / (values.length - from);
  }

  private static double root(short[] values) {
    var from = values.length / 4;
    return Math.sqrt(
        IntStream.range(from, values.length * 3 / 4)
            .mapToDouble(i -> values[i] / 32_768.0 * values[i] / 32_768.0)
            .average()
            .orElse(0));
  }
}
