package io.dayu.catalog.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.dayu.catalog.Samples;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class JpegTest {
  private static ByteString car; // 1024 x 680

  @BeforeAll
  static void load() throws Exception {
    car = Samples.jpeg("car1.jpg");
  }

  @Test
  void whateverFollowsTheImageIsNoMatter() throws Exception {
    var noise = new byte[100_000];
    new Random(1).nextBytes(noise);
    for (var i = 1; i < noise.length; i++) if (noise[i - 1] == -1) noise[i] = 0;
    for (var image : List.of(car, progressive()))
      for (var trailer : List.of(new byte[3000], new byte[6000], new byte[1 << 20], noise)) {
        var followed = image.concat(ByteString.copyFrom(trailer));
        assertThat(Jpeg.read(followed.asReadOnlyByteBuffer())).isEqualTo(new Jpeg(1024, 680));
        try (var decoded = Images.decode(followed, Images.Decoding.COLOR)) {
          assertThat(decoded.cols()).isEqualTo(1024);
        }
      }
  }

  @Test
  void anImageThatIsCutOffIsToldHoweverLongTheRest() throws Exception {
    for (var image : List.of(car, progressive()))
      for (var length : new int[] {image.size() / 2, image.size() - 5000, image.size() - 2})
        assertThatThrownBy(() -> Jpeg.read(image.substring(0, length).asReadOnlyByteBuffer()))
            .isInstanceOf(BadFrameException.class)
            .hasMessageContaining("truncated");
  }

  @Test
  void imagesAreAsLargeAsTheyAreLookedAt() throws Exception {
    for (var order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN))
      for (var orientation = 0; orientation <= 9; orientation++) {
        var turned = held(orientation, order);
        var size = Jpeg.read(turned.asReadOnlyByteBuffer());
        try (var decoded = Images.decode(turned, Images.Decoding.COLOR);
            var half = Images.decode(turned, Images.Decoding.HALF_GRAY);
            var stored =
                Images.decode(turned, s -> opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION | 1);
            var upright = new Mat()) {
          assertThat(size)
              .as("%s %d", order, orientation)
              .isEqualTo(new Jpeg(decoded.cols(), decoded.rows()))
              .isEqualTo(new Jpeg(half.cols() * 2, half.rows() * 2));
          Orientation.ofExif(orientation).turn(stored, upright);
          assertThat(opencv_core.norm(decoded, upright)).isZero();
        }
      }
  }

  @Test
  void aDamagedExifBlockMeansUpright() throws Exception {
    var random = new Random(2);
    var whole = held(6, ByteOrder.BIG_ENDIAN).toByteArray();
    for (var i = 0; i < 10_000; i++) {
      var damaged = Arrays.copyOf(whole, whole.length);
      for (var hits = 0; hits < 3; hits++)
        damaged[12 + random.nextInt(24)] = (byte) random.nextInt();
      assertThat(Jpeg.read(ByteBuffer.wrap(damaged)))
          .isIn(new Jpeg(1024, 680), new Jpeg(680, 1024));
    }
  }

  /** The car, taken with a camera that was held in one of eight ways. */
  private static ByteString held(int orientation, ByteOrder order) {
    var tiff = ByteBuffer.allocate(26).order(order);
    tiff.putShort((short) (order == ByteOrder.BIG_ENDIAN ? 0x4d4d : 0x4949)).putShort((short) 42);
    tiff.putInt(8).putShort((short) 1).putShort((short) 0x0112).putShort((short) 3).putInt(1);
    tiff.putShort((short) orientation).putShort((short) 0).putInt(0);
    var block = ByteBuffer.allocate(4 + 6 + 26).putShort((short) 0xffe1).putShort((short) 34);
    block.put(new byte[] {'E', 'x', 'i', 'f', 0, 0}).put(tiff.array()).flip();
    return car.substring(0, 2).concat(ByteString.copyFrom(block)).concat(car.substring(2));
  }

  private static ByteString progressive() throws Exception {
    var out = new ByteArrayOutputStream();
    var writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    var how = writer.getDefaultWriteParam();
    how.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    try (var target = ImageIO.createImageOutputStream(out)) {
      writer.setOutput(target);
      writer.write(null, new IIOImage(Pictures.photo("car1.jpg"), null, null), how);
    } finally {
      writer.dispose();
    }
    return ByteString.copyFrom(out.toByteArray());
  }
}
