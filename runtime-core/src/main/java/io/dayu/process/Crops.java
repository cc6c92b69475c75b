package io.dayu.process;

import com.google.protobuf.ByteString;
import io.dayu.element.Box;
import io.dayu.element.Frame;
import io.dayu.element.Frames;
import io.dayu.element.Media;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Cuts boxes out of the frames of an element; each frame is decoded once. For one thread. */
final class Crops {
  /**
   * Wider or higher parts of a picture are hardly ever needed, and a frame of 8K has half of it.
   */
  private static final long MAX_PIXELS = 1 << 26;

  private static final int LEAST_SIDE = 4; // pixels
  private static final float QUALITY = 0.92f; // characters suffer by less

  private final Frames frames;
  private final Map<Integer, BufferedImage> decoded = new HashMap<>();

  Crops(Frames frames) {
    this.frames = frames;
  }

  /**
   * What is in a box, as frames with one frame at the time of its own.
   *
   * @param box within its frame
   * @return empty if there is no such frame, or the box is hardly anything
   * @throws IOException if the frame cannot be read
   */
  Optional<Media> cut(Box box) throws IOException {
    if (box.getFrame() < 0 || box.getFrame() >= frames.getFrameCount()) return Optional.empty();
    var frame = frames.getFrame(box.getFrame());
    var image = decoded.get(box.getFrame());
    if (image == null) {
      image = decode(frame.getJpeg());
      decoded.put(box.getFrame(), image);
    }
    var place = place(box, image.getWidth(), image.getHeight());
    if (place.width < LEAST_SIDE || place.height < LEAST_SIDE) return Optional.empty();
    var part = image.getSubimage(place.x, place.y, place.width, place.height);
    var cut =
        Frame.newBuilder()
            .setJpeg(encode(part))
            .setWidth(place.width)
            .setHeight(place.height)
            .setOffsetMs(frame.getOffsetMs());
    return Optional.of(
        Media.newBuilder()
            .setFrames(Frames.newBuilder().addFrame(cut).setFps(frames.getFps()))
            .build());
  }

  private static Rectangle place(Box box, int width, int height) {
    int left = (int) Math.floor(box.getX() * width);
    int top = (int) Math.floor(box.getY() * height);
    int right = (int) Math.ceil((box.getX() + box.getWidth()) * width);
    int bottom = (int) Math.ceil((box.getY() + box.getHeight()) * height);
    return new Rectangle(left, top, Math.min(right, width) - left, Math.min(bottom, height) - top);
  }

  /** A place within the frame. A number that is none counts as 0. */
  static float clamp(double fraction) {
    return fraction > 0 ? (float) Math.min(fraction, 1) : 0;
  }

  private static BufferedImage decode(ByteString jpeg) throws IOException {
    var readers = ImageIO.getImageReadersByFormatName("jpeg");
    if (!readers.hasNext()) throw new IOException("this Java has no reader of JPEG");
    ImageReader reader = readers.next();
    try (var input = new MemoryCacheImageInputStream(jpeg.newInput())) {
      reader.setInput(input, true, true);
      long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
      if (pixels > MAX_PIXELS)
        throw new IOException("it has %s pixels, more than %s".formatted(pixels, MAX_PIXELS));
      return reader.read(0);
    } finally {
      reader.dispose();
    }
  }

  private static ByteString encode(BufferedImage image) throws IOException {
    var writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    var bytes = new ByteArrayOutputStream();
    try (var output = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(output);
      var param = writer.getDefaultWriteParam();
      param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      param.setCompressionQuality(QUALITY);
      writer.write(null, new IIOImage(image, null, null), param);
    } finally {
      writer.dispose();
    }
    return ByteString.copyFrom(bytes.toByteArray());
  }
}
