package io.dayu.catalog.video;

import com.google.protobuf.ByteString;
import io.dayu.element.Boxes;
import java.awt.BasicStroke;
import java.awt.Color;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Draws boxes on a frame, for people who look at what a test found: target/annotated. */
final class Annotated {
  private Annotated() {}

  static void write(String name, ByteString jpeg, Boxes boxes) throws IOException {
    var image = ImageIO.read(new ByteArrayInputStream(jpeg.toByteArray()));
    var graphics = image.createGraphics();
    graphics.setStroke(new BasicStroke(Math.max(2, image.getWidth() / 400f)));
    graphics.setFont(graphics.getFont().deriveFont(image.getWidth() / 50f));
    for (var box : boxes.getBoxList()) {
      var x = (int) (box.getX() * image.getWidth());
      var y = (int) (box.getY() * image.getHeight());
      graphics.setColor(Color.GREEN);
      graphics.drawRect(
          x,
          y,
          (int) (box.getWidth() * image.getWidth()),
          (int) (box.getHeight() * image.getHeight()));
      graphics.setColor(Color.RED);
      graphics.drawString(
          "%s %.2f %s"
              .formatted(
                  box.getLabel(), box.getScore(), box.getTrack() == 0 ? "" : "#" + box.getTrack()),
          x,
          Math.max(20, y - 4));
    }
    graphics.dispose();
    var file = Path.of("target", "annotated", name + ".png");
    Files.createDirectories(file.getParent());
    ImageIO.write(image, "png", file.toFile());
  }
}
