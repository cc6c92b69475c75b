package io.dayu.catalog.video;

import com.google.protobuf.ByteString;
import io.dayu.catalog.Samples;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.awt.image.ConvolveOp;
import java.awt.image.Kernel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import javax.imageio.ImageIO;

/** Pictures made from a photograph. */
final class Pictures {
  private Pictures() {}

  static BufferedImage photo(String name) throws IOException {
    return ImageIO.read(Samples.media(name).toFile());
  }

  static ByteString jpeg(BufferedImage image) throws IOException {
    var out = new ByteArrayOutputStream();
    ImageIO.write(image, "jpg", out);
    return ByteString.copyFrom(out.toByteArray());
  }

  /** With something in front of it. */
  static BufferedImage with(BufferedImage image, int x, int y, int width, int height) {
    var result = copy(image);
    var graphics = result.createGraphics();
    graphics.setColor(Color.ORANGE);
    graphics.fillRect(x, y, width, height);
    graphics.dispose();
    return result;
  }

  static BufferedImage mapped(BufferedImage image, UnaryOperator<Color> map) {
    var result = copy(image);
    for (var y = 0; y < result.getHeight(); y++)
      for (var x = 0; x < result.getWidth(); x++)
        result.setRGB(x, y, map.apply(new Color(result.getRGB(x, y))).getRGB());
    return result;
  }

  static BufferedImage blurred(BufferedImage image) {
    var weights = new float[121];
    Arrays.fill(weights, 1 / 121f);
    return new ConvolveOp(new Kernel(11, 11, weights), ConvolveOp.EDGE_NO_OP, null)
        .filter(image, null);
  }

  private static BufferedImage copy(BufferedImage image) {
    var result = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
    result.createGraphics().drawImage(image, 0, 0, null);
    return result;
  }
}
