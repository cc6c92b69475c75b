package io.dayu.cli;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;

/** A frame with boxes drawn on it. */
final class AnnotatedFrame {
  private static final Color[] COLOURS = {
    new Color(0x2E, 0xCC, 0x40), new Color(0xFF, 0x85, 0x1B), new Color(0x00, 0x74, 0xD9)
  };

  private AnnotatedFrame() {}

  /** Draws the boxes on an encoded picture. */
  static BufferedImage draw(byte[] picture, List<StageOutputs.Box> boxes) throws IOException {
    var read = ImageIO.read(new ByteArrayInputStream(picture));
    if (read == null) throw new IOException("the frame is neither JPEG nor PNG");
    var image = new BufferedImage(read.getWidth(), read.getHeight(), BufferedImage.TYPE_INT_RGB);
    var g = image.createGraphics();
    try {
      g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      g.drawImage(read, 0, 0, null);
      g.setStroke(new BasicStroke(Math.max(2, image.getHeight() / 270)));
      var words = true;
      for (var box : boxes) words = box(g, image, box, words);
    } finally {
      g.dispose();
    }
    return image;
  }

  private static boolean box(
      Graphics2D g, BufferedImage image, StageOutputs.Box box, boolean words) {
    int x = (int) Math.round(box.x() * image.getWidth());
    int y = (int) Math.round(box.y() * image.getHeight());
    int width = (int) Math.round(box.width() * image.getWidth());
    int height = (int) Math.round(box.height() * image.getHeight());
    g.setColor(COLOURS[Math.floorMod(box.label().hashCode(), COLOURS.length)]);
    g.drawRect(x, y, width, height);
    if (!words) return false;
    try {
      g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, Math.max(11, image.getHeight() / 36)));
      var text = String.format(Locale.ROOT, "%s %.0f %%", box.label(), box.score() * 100);
      var metrics = g.getFontMetrics();
      int top = Math.max(metrics.getHeight(), y);
      g.fillRect(x, top - metrics.getHeight(), metrics.stringWidth(text) + 6, metrics.getHeight());
      g.setColor(Color.WHITE);
      g.drawString(text, x + 3, top - metrics.getDescent());
      return true;
    } catch (RuntimeException | LinkageError noFonts) {
      // A headless JDK on a machine without fontconfig has no fonts; boxes need none.
      return false;
    }
  }

  /** Writes PNG, or JPEG where the name ends so. */
  static void write(BufferedImage image, Path file) throws IOException {
    var name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    var format = name.endsWith(".jpg") || name.endsWith(".jpeg") ? "jpg" : "png";
    if (file.toAbsolutePath().getParent() != null)
      Files.createDirectories(file.toAbsolutePath().getParent());
    if (!ImageIO.write(image, format, file.toFile()))
      throw new IOException("this JDK cannot write " + format);
  }
}
