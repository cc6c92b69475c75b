package io.dayu.sim;

import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.TexturePaint;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;

/**
 * An object cut out of a photograph, scaled for one camera. Its picture is cropped to its pixels:
 * every edge column and row has at least one pixel of the object.
 */
record Cutout(String label, BufferedImage picture, boolean[] mask, int pixels) {
  private static final int HALF_OPAQUE = 128;

  /** Cuts along {@code outline}, scales to {@code height} pixels and mirrors if asked to. */
  static Cutout of(Outline outline, BufferedImage photo, int height, boolean mirrored) {
    var bounds = outline.shape().getBounds();
    var cut = new BufferedImage(bounds.width, bounds.height, BufferedImage.TYPE_INT_ARGB_PRE);
    var g = graphics(cut);
    g.translate(-bounds.x, -bounds.y);
    g.setPaint(new TexturePaint(photo, new Rectangle(0, 0, photo.getWidth(), photo.getHeight())));
    g.fill(outline.shape());
    g.dispose();
    int width = Math.max(1, Math.round(bounds.width * (float) height / bounds.height));
    return cropped(outline.label(), scaled(cut, width, height, mirrored));
  }

  int width() {
    return picture.getWidth();
  }

  int height() {
    return picture.getHeight();
  }

  /** Whether the pixel belongs to the object; false outside the picture. */
  boolean covers(int x, int y) {
    return x >= 0 && y >= 0 && x < width() && y < height() && mask[y * width() + x];
  }

  static Graphics2D graphics(BufferedImage image) {
    var g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    return g;
  }

  /**
   * Halves as long as possible first: one bilinear step by more than two skips pixels and makes
   * edges crawl.
   */
  private static BufferedImage scaled(
      BufferedImage image, int width, int height, boolean mirrored) {
    var now = image;
    while (now.getWidth() > 2 * width && now.getHeight() > 2 * height) {
      now = step(now, now.getWidth() / 2, now.getHeight() / 2, false);
    }
    return step(now, width, height, mirrored);
  }

  private static BufferedImage step(BufferedImage from, int width, int height, boolean mirrored) {
    var to = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB_PRE);
    var g = graphics(to);
    var place = new AffineTransform();
    if (mirrored) {
      place.translate(width, 0);
      place.scale(-1, 1);
    }
    place.scale(width / (double) from.getWidth(), height / (double) from.getHeight());
    g.drawImage(from, place, null);
    g.dispose();
    return to;
  }

  private static Cutout cropped(String label, BufferedImage image) {
    int left = image.getWidth();
    int top = image.getHeight();
    int right = -1;
    int bottom = -1;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        if (opaque(image, x, y)) {
          left = Math.min(left, x);
          right = Math.max(right, x);
          top = Math.min(top, y);
          bottom = Math.max(bottom, y);
        }
      }
    }
    if (right < 0) {
      throw new IllegalArgumentException(
          "the outline of a " + label + " holds no pixel at this size");
    }
    int width = right - left + 1;
    int height = bottom - top + 1;
    var picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB_PRE);
    var g = picture.createGraphics();
    g.drawImage(image, -left, -top, null);
    g.dispose();
    var mask = new boolean[width * height];
    int pixels = 0;
    for (int i = 0; i < mask.length; i++) {
      mask[i] = opaque(picture, i % width, i / width);
      pixels += mask[i] ? 1 : 0;
    }
    return new Cutout(label, picture, mask, pixels);
  }

  private static boolean opaque(BufferedImage image, int x, int y) {
    return image.getRGB(x, y) >>> 24 >= HALF_OPAQUE;
  }
}
