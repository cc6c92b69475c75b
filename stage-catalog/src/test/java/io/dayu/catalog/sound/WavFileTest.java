package io.dayu.catalog.sound;

import static io.dayu.catalog.sound.Sounds.EXTENSIBLE;
import static io.dayu.catalog.sound.Sounds.FLOAT;
import static io.dayu.catalog.sound.Sounds.PCM;
import static io.dayu.catalog.sound.Sounds.chunk;
import static io.dayu.catalog.sound.Sounds.extensible;
import static io.dayu.catalog.sound.Sounds.format;
import static io.dayu.catalog.sound.Sounds.joined;
import static io.dayu.catalog.sound.Sounds.little;
import static io.dayu.catalog.sound.Sounds.wav;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.dayu.catalog.Stop;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class WavFileTest {
  private static final int RATE = 8_000;
  private static final double[] VALUES = {0, 0.5, -0.5, 0.99, -1};

  @Test
  void samplesOfEveryKindAreTheSame() {
    for (var bits : new int[] {8, 16, 24, 32})
      for (var head : List.of(format(PCM, 1, RATE, bits), extensible(PCM, 1, RATE, bits)))
        assertValues(read(wav(head, chunk("data", whole(bits)))), bits == 8 ? 0.01 : 1e-4);
    for (var bits : new int[] {32, 64})
      for (var head : List.of(format(FLOAT, 1, RATE, bits), extensible(FLOAT, 1, RATE, bits)))
        assertValues(read(wav(head, chunk("data", floating(bits)))), 1e-6);
  }

  @Test
  void samplesOfTwentyBitsStandAtTheTopOfTheirBytes() {
    assertValues(read(wav(format(PCM, 1, RATE, 20), chunk("data", whole(24)))), 1e-4);
  }

  @Test
  void numbersThatAreNoneAreSilence() {
    var data = little(8).putFloat(Float.NaN).putFloat(Float.NEGATIVE_INFINITY).array();
    assertThat(read(wav(format(FLOAT, 1, RATE, 32), chunk("data", data)))).containsExactly(0, 0);
  }

  @Test
  void otherChunksAreLeftOutAlsoThoseOfOddSizes() {
    var other = chunk("LIST", new byte[] {1, 2, 3});
    var bytes =
        wav(other, format(PCM, 1, RATE, 16), other, chunk("data", whole(16)), other, new byte[3]);
    assertValues(read(bytes), 1e-4);
  }

  @Test
  void aRecordingInProgressIsReadToTheEndThatItHasNow() {
    for (var size : new long[] {0, 0xFFFF_FFFFL, 0x7FFF_FFFFL, 0x8000_0000L, 0x7FFF_F000L})
      assertValues(read(wav(format(PCM, 1, RATE, 16), chunk("data", size, whole(16)))), 1e-4);
    for (var size : new long[] {0, -1})
      assertValues(read(big(size, joined(whole(16), new byte[1]))), 1e-4);
  }

  @Test
  void aLargeFileSaysElsewhereHowLargeItIs() {
    assertValues(read(big(10, joined(whole(16), chunk("LIST", new byte[20])))), 1e-4);
  }

  @Test
  void whatIsMissingAtTheEndIsTold() throws Exception {
    var bytes = wav(format(PCM, 2, RATE, 16), chunk("data", new byte[RATE * 4 * 3]));
    for (var cut : new int[] {1, 4, RATE * 4, RATE * 4 * 3 - 4}) {
      var file = file(Arrays.copyOf(bytes, bytes.length - cut));
      try (var wav = WavFile.open(file, new Stop()).orElseThrow()) {
        var moments = wav.read(new float[RATE * 8], RATE * 4);
        assertThat(moments).isEqualTo((RATE * 4 * 3 - cut) / 4);
        assertThat(wav.missing().orElseThrow())
            .startsWith("it ends at ")
            .endsWith("although it should last 3.0 s");
      }
    }
  }

  @Test
  void itGoesToAnyMoment() throws Exception {
    try (var wav = WavFile.open(file(ordinary()), new Stop()).orElseThrow()) {
      assertThat(wav.length()).hasValue(5);
      assertThat(wav.seek(3)).isEqualTo(3);
      var two = new float[10];
      assertThat(wav.read(two, 10)).isEqualTo(2);
      assertThat(two[0]).isCloseTo(0.99f, within(1e-3f));
      assertThat(wav.seek(1)).isEqualTo(1);
      assertThat(wav.read(two, 1)).isEqualTo(1);
      assertThat(two[0]).isCloseTo(0.5f, within(1e-3f));
      assertThat(wav.seek(99)).isEqualTo(5);
      assertThat(wav.read(two, 1)).isZero();
    }
  }

  @Test
  void whatItCannotReadIsLeftToOthers() throws Exception {
    for (var bytes :
        List.of(
            new byte[0],
            "RIFF".getBytes(),
            Sounds.file("RIFX", format(PCM, 1, RATE, 16)),
            wav(format(2, 1, RATE, 4), chunk("data", new byte[10])),
            wav(format(PCM, 1, RATE, 64), chunk("data", new byte[16])),
            wav(extensible(6, 1, RATE, 8), chunk("data", new byte[10])),
            new byte[1000])) assertThat(WavFile.open(file(bytes), new Stop())).isEmpty();
  }

  @Test
  void headersThatMakeNoSenseAreRefusedInWords() {
    assertRefused(wav(format(PCM, 0, RATE, 16), chunk("data", whole(16))), "0 channels");
    assertRefused(wav(format(PCM, 1000, RATE, 16), chunk("data", whole(16))), "1000 channels");
    assertRefused(wav(format(PCM, 1, 0, 16), chunk("data", whole(16))), "0 samples a second");
    assertRefused(wav(format(PCM, 1, -1, 16), chunk("data", whole(16))), "samples a second");
    assertRefused(
        wav(chunk("fmt ", Sounds.plain(PCM, 1, RATE, 16, 3, 16).array())), "16 bits have 3 bytes");
    assertRefused(wav(chunk("fmt ", new byte[8])), "does not say enough");
    assertRefused(
        wav(chunk("fmt ", Sounds.plain(EXTENSIBLE, 1, RATE, 16, 2, 16).array())),
        "does not say enough");
    assertRefused(wav(chunk("data", whole(16)), format(PCM, 1, RATE, 16)), "before they begin");
    assertRefused(wav(format(PCM, 1, RATE, 16)), "before its first sample");
    assertRefused(wav(format(PCM, 1, RATE, 16), chunk("data", new byte[0])), "no samples");
    assertRefused(
        wav(format(PCM, 1, RATE, 16), chunk("LIST", 5000, new byte[4])), "before its first");
  }

  /** Whatever stands in a file, it is read or refused, and in bounded time. */
  @Property(tries = 200)
  void noBytesMakeItFailOtherwise(
      @ForAll @IntRange(max = 200) int cut,
      @ForAll @Size(max = 8) List<@IntRange(max = 79) Integer> places,
      @ForAll long seed)
      throws Exception {
    var bytes =
        Arrays.copyOf(
            joined(ordinary(), chunk("LIST", new byte[50]), new byte[20]), Math.max(0, 120 - cut));
    var random = new Random(seed);
    for (var place : places) if (place < bytes.length) bytes[place] = (byte) random.nextInt();
    try (var wav = WavFile.open(file(bytes), new Stop()).orElse(null)) {
      if (wav == null) return;
      var most = (int) Math.min(1_000, wav.length().orElseThrow());
      var read = new float[most * wav.channels()];
      assertThat(wav.read(read, most)).isEqualTo(most);
      assertThat(wav.seek(Long.MAX_VALUE)).isEqualTo(wav.length().orElseThrow());
    } catch (IOException e) {
      assertThat(e.getMessage()).as("words for users").matches("it .*|there are no samples in it");
    }
  }

  private static byte[] ordinary() {
    return wav(format(PCM, 1, RATE, 16), chunk("data", whole(16)));
  }

  /** A file whose size stands in a chunk for large ones. */
  private static byte[] big(long size, byte[] behindHead) {
    var sizes = chunk("ds64", little(28).putLong(0).putLong(size).putLong(0).putInt(0).array());
    return Sounds.file(
        "RF64",
        sizes,
        format(PCM, 1, RATE, 16),
        joined("data".getBytes(), little(4).putInt(-1).array(), behindHead));
  }

  private static byte[] whole(int bits) {
    var bytes = little(VALUES.length * bits / 8);
    for (var value : VALUES)
      switch (bits) {
        case 8 -> bytes.put((byte) (128 + Math.round(value * 127)));
        case 16 -> bytes.putShort((short) Math.round(value * 32_768));
        case 24 -> {
          var all = (int) Math.round(value * 8_388_608);
          bytes.put((byte) all).put((byte) (all >> 8)).put((byte) (all >> 16));
        }
        default -> bytes.putInt((int) Math.round(value * 2_147_483_648.0));
      }
    return bytes.array();
  }

  private static byte[] floating(int bits) {
    var bytes = little(VALUES.length * bits / 8);
    for (var value : VALUES)
      if (bits == 64) bytes.putDouble(value);
      else bytes.putFloat((float) value);
    return bytes.array();
  }

  private static void assertValues(float[] read, double tolerance) {
    assertThat(read).hasSize(VALUES.length);
    for (var i = 0; i < read.length; i++)
      assertThat((double) read[i]).isCloseTo(VALUES[i], within(tolerance));
  }

  private static void assertRefused(byte[] bytes, String words) {
    assertThatThrownBy(() -> WavFile.open(file(bytes), new Stop()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(words);
  }

  private static float[] read(byte[] bytes) {
    try (var wav = WavFile.open(file(bytes), new Stop()).orElseThrow()) {
      var read = new float[100];
      var moments = wav.read(read, 100);
      assertThat(wav.missing()).isEqualTo(Optional.empty());
      return Arrays.copyOf(read, moments);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path file(byte[] bytes) throws IOException {
    var file = Files.createTempFile("sound", ".wav");
    file.toFile().deleteOnExit();
    return Files.write(file, bytes);
  }
}
