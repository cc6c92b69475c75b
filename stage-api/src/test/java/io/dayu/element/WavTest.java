package io.dayu.element;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import org.junit.jupiter.api.Test;

/** Against the JDK, which reads and writes WAV files too. */
class WavTest {
  private static final byte[] SAMPLES = {1, 0, -1, -1, 0, 64, 0, -64};
  private static final AudioFormat FORMAT = new AudioFormat(16_000, 16, 2, true, false);

  private static Audio audio() {
    return Audio.newBuilder()
        .setData(ByteString.copyFrom(SAMPLES))
        .setSampleRate(16_000)
        .setChannels(2)
        .build();
  }

  @Test
  void theJdkReadsWhatIsWritten() throws Exception {
    try (var stream =
        AudioSystem.getAudioInputStream(new ByteArrayInputStream(Wav.write(audio())))) {
      assertThat(stream.getFormat().matches(FORMAT)).isTrue();
      assertThat(stream.readAllBytes()).isEqualTo(SAMPLES);
    }
  }

  @Test
  void whatTheJdkWritesIsRead() throws Exception {
    assertThat(Wav.read(written())).contains(audio());
  }

  private static byte[] written() throws Exception {
    var file = new ByteArrayOutputStream();
    AudioSystem.write(
        new AudioInputStream(new ByteArrayInputStream(SAMPLES), FORMAT, SAMPLES.length / 4),
        AudioFileFormat.Type.WAVE,
        file);
    return file.toByteArray();
  }

  @Test
  void otherChunksAreLeftOutAndALengthThatNobodyKnewIsTheRest() {
    var plain = ByteBuffer.wrap(Wav.write(audio())).order(ByteOrder.LITTLE_ENDIAN);
    plain.putInt(4, -1).putInt(40, -1);
    var list = new byte[] {'L', 'I', 'S', 'T', 3, 0, 0, 0, 'a', 'b', 'c', 0};
    var file = new byte[plain.capacity() + list.length];
    System.arraycopy(plain.array(), 0, file, 0, 12);
    System.arraycopy(list, 0, file, 12, list.length);
    System.arraycopy(plain.array(), 12, file, 12 + list.length, plain.capacity() - 12);

    assertThat(Wav.read(file)).contains(audio());
  }

  @Test
  void aFileThatIsCutOffIsNoneOrIsReadAsFarAsItGoes() {
    var file = Wav.write(audio());
    for (int length = 0; length < 44; length++)
      assertThat(Wav.read(Arrays.copyOf(file, length))).as("%s bytes", length).isEmpty();
    var shorter = Wav.read(Arrays.copyOf(file, file.length - 1)).orElseThrow();
    assertThat(shorter.getData()).isEqualTo(ByteString.copyFrom(SAMPLES, 0, 4));
  }

  @Test
  void otherSamplesAreNotRead() {
    var eightBits = Wav.write(audio());
    eightBits[34] = 8;
    assertThat(Wav.read(eightBits)).isEmpty();
    var compressed = Wav.write(audio());
    compressed[20] = 85;
    assertThat(Wav.read(compressed)).isEmpty();
  }

  @Test
  void whatIsEncodedIsNotWritten() {
    var mp3 = audio().toBuilder().setContentType("audio/mpeg").build();
    assertThatThrownBy(() -> Wav.write(mp3)).isInstanceOf(IllegalArgumentException.class);
  }
}
