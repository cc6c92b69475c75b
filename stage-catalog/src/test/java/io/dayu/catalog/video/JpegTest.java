package io.dayu.catalog.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.dayu.catalog.Samples;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
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
          assertThat(decoded.image().cols()).isEqualTo(1024);
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
        try (var picture = Images.decode(turned, Images.Decoding.COLOR);
            var smaller = Images.decode(turned, Images.Decoding.HALF_GRAY);
            var stored =
                Images.decode(turned, s -> opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION | 1);
            var upright = new Mat()) {
          var decoded = picture.image();
          var half = smaller.image();
          assertThat(size)
              .as("%s %d", order, orientation)
              .isEqualTo(new Jpeg(decoded.cols(), decoded.rows()))
              .isEqualTo(new Jpeg(half.cols() * 2, half.rows() * 2));
          Orientation.ofExif(orientation).turn(stored.image(), upright);
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

  @Test
  void imagesWithMoreScansThanAnyEncoderWritesAreRefused() throws Exception {
    // The scan of a progressive image that adds nothing; repeated, each takes a walk through it.
    var scanned = withScans(progressive(), Jpeg.MAX_SCANS + 1);
    assertThatThrownBy(() -> Jpeg.read(scanned.asReadOnlyByteBuffer()))
        .isInstanceOf(BadFrameException.class)
        .hasMessageContaining("more than 100 scans is not accepted");
    assertThatThrownBy(() -> Images.decode(scanned, Images.Decoding.COLOR))
        .isInstanceOf(BadFrameException.class);
    // Behind a comment that looks like the end of the image.
    var comment = ByteString.copyFrom(new byte[] {-1, (byte) 0xfe, 0, 4, -1, (byte) 0xd9});
    var hidden = withScans(progressive(), 1, comment, Jpeg.MAX_SCANS + 1);
    assertThatThrownBy(() -> Jpeg.read(hidden.asReadOnlyByteBuffer()))
        .hasMessageContaining("more than 100 scans");
    assertThat(Jpeg.read(withScans(progressive(), 20).asReadOnlyByteBuffer()))
        .isEqualTo(new Jpeg(1024, 680));
  }

  @Test
  void aLargeImageMayHaveFewerScans() throws Exception {
    var large = progressive().toByteArray();
    var at = 2;
    while ((large[at + 1] & 0xff) != 0xc2)
      at += 2 + ((large[at + 2] & 0xff) << 8 | large[at + 3] & 0xff);
    ByteBuffer.wrap(large).putShort(at + 5, (short) 8000).putShort(at + 7, (short) 8000);
    var image = ByteString.copyFrom(large);
    assertThat(Jpeg.read(image.asReadOnlyByteBuffer())).isEqualTo(new Jpeg(8000, 8000));
    assertThatThrownBy(() -> Jpeg.read(withScans(image, 20).asReadOnlyByteBuffer()))
        .hasMessageContaining("8000 x 8000 pixels with more than 16 scans");
  }

  @Test
  void aBaselineImageWhoseScansAreApartIsBoundedToo() throws Exception {
    var bytes = car.toByteArray();
    var at = 2;
    while ((bytes[at + 1] & 0xff) != 0xda)
      at += 2 + ((bytes[at + 2] & 0xff) << 8 | bytes[at + 3] & 0xff);
    var one = new byte[] {-1, (byte) 0xda, 0, 8, 1, bytes[at + 5], 0, 0, 63, 0};
    var apart =
        car.substring(0, at)
            .concat(repeated(ByteString.copyFrom(one), Jpeg.MAX_SCANS + 1))
            .concat(ByteString.copyFrom(new byte[] {-1, (byte) 0xd9}));
    assertThatThrownBy(() -> Jpeg.read(apart.asReadOnlyByteBuffer()))
        .hasMessageContaining("more than 100 scans");
  }

  /** With more scans of its brightness before its end, which add nothing. */
  static ByteString withScans(ByteString image, int scans) {
    return withScans(image, scans, ByteString.EMPTY, 0);
  }

  private static ByteString withScans(ByteString image, int scans, ByteString between, int more) {
    var nothing = ByteString.copyFrom(new byte[] {-1, (byte) 0xda, 0, 8, 1, 1, 0, 1, 5, 0, 0, 0});
    return image
        .substring(0, image.size() - 2)
        .concat(repeated(nothing, scans))
        .concat(between)
        .concat(repeated(nothing, more))
        .concat(image.substring(image.size() - 2));
  }

  private static ByteString repeated(ByteString bytes, int times) {
    return ByteString.copyFrom(Collections.nCopies(times, bytes));
  }

  static ByteString progressive() throws Exception {
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
