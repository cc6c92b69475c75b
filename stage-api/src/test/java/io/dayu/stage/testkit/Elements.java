package io.dayu.stage.testkit;

import com.google.protobuf.ByteString;
import io.dayu.element.Box;
import io.dayu.element.Boxes;
import io.dayu.element.Element;
import io.dayu.element.Frame;
import io.dayu.element.Frames;
import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.element.Reading;
import io.dayu.element.Readings;
import io.dayu.element.Text;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;

/**
 * Elements and media for tests of stages. Elements are number 0 of a stream {@code test/source}; to
 * vary one use its {@code toBuilder()}.
 */
public final class Elements {
  private static final int FPS = 10;

  private Elements() {}

  /** An element that carries {@code payload}. */
  public static Element of(Media payload) {
    return base().setPayload(payload).build();
  }

  /** An element without payload that went through stage {@code from}, which gave {@code output}. */
  public static Element of(Media output, String from) {
    return base().addOutputs(Outputs.of(from, output)).build();
  }

  /** The same element after stage {@code from} gave {@code output}. */
  public static Element with(Element element, String from, Media output) {
    return element.toBuilder().addOutputs(Outputs.of(from, output)).build();
  }

  /** A clip of pictures, encoded as JPEG, at 10 frames a second. */
  public static Element frames(BufferedImage... pictures) {
    return jpegs(Arrays.stream(pictures).map(Elements::jpeg).toArray(byte[][]::new));
  }

  /** A clip of JPEG files at 10 frames a second. */
  public static Element jpegs(byte[]... files) {
    var frames = Frames.newBuilder().setFps(FPS);
    for (var file : files) {
      var picture = picture(file);
      frames.addFrame(
          Frame.newBuilder()
              .setJpeg(ByteString.copyFrom(file))
              .setWidth(picture.getWidth())
              .setHeight(picture.getHeight())
              .setOffsetMs(frames.getFrameCount() * 1000L / FPS));
    }
    return of(Media.newBuilder().setFrames(frames).build());
  }

  /** Values of one sensor, one a second, beginning at time 0. */
  public static Element readings(String sensor, double... values) {
    var readings = Readings.newBuilder();
    for (var value : values)
      readings.addReading(
          Reading.newBuilder()
              .setSensor(sensor)
              .setAtMs(readings.getReadingCount() * 1000L)
              .setValue(value));
    return of(Media.newBuilder().setReadings(readings).build());
  }

  /** Lines of text. */
  public static Element text(String... lines) {
    var text = Text.newBuilder().addAllLine(List.of(lines));
    return of(Media.newBuilder().setText(text).build());
  }

  public static Element opaque(byte[] bytes) {
    return of(Media.newBuilder().setOpaque(ByteString.copyFrom(bytes)).build());
  }

  public static Media boxes(Box... boxes) {
    return Media.newBuilder().setBoxes(Boxes.newBuilder().addAllBox(List.of(boxes))).build();
  }

  /** A box in the first frame, in fractions of its width and height. */
  public static Box box(
      String label, double score, double x, double y, double width, double height) {
    return Box.newBuilder()
        .setLabel(label)
        .setScore((float) score)
        .setX((float) x)
        .setY((float) y)
        .setWidth((float) width)
        .setHeight((float) height)
        .build();
  }

  /** Labels in alphabetical order. */
  public static Media labels(Map<String, Double> values) {
    var labels = Labels.newBuilder();
    new TreeMap<>(values)
        .forEach(
            (name, value) -> labels.addLabel(Label.newBuilder().setName(name).setValue(value)));
    return Media.newBuilder().setLabels(labels).build();
  }

  private static Element.Builder base() {
    return Element.newBuilder().setStream("test/source").setAttempt(1).setOrigin("test-node");
  }

  private static byte[] jpeg(BufferedImage picture) {
    var bytes = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(picture, "jpeg", bytes))
        throw new IllegalArgumentException("no JPEG without transparency; use TYPE_INT_RGB");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static BufferedImage picture(byte[] file) {
    try {
      var picture = ImageIO.read(new ByteArrayInputStream(file));
      if (picture == null) throw new IllegalArgumentException("not a picture");
      return picture;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
