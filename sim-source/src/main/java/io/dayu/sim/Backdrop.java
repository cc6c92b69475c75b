package io.dayu.sim;

import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.awt.image.ConvolveOp;
import java.awt.image.Kernel;

/**
 * An empty street before a factory, made of the photograph {@code car2.jpg}: what its car hides is
 * filled with clean parts of the same picture. Numbers are pixels of that photograph (1500 x 938).
 */
final class Backdrop {
  private static final int WIDTH = 1500;
  private static final int CLEAN_WINDOWS_END = 326;
  private static final int WINDOWS_END = 436;
  private static final int WALL_END = 606;
  private static final int CLEAN_ROAD_START = 760;
  private static final int CLEAN_STRIP_START = 1400;
  private static final int CROP_TOP = 60;
  private static final int CROP_HEIGHT = WIDTH * 9 / 16;

  private Backdrop() {}

  /** Frame-sized, 16:9, without alpha. */
  static BufferedImage of(BufferedImage photo, int width, int height, boolean mirrored) {
    var street = new BufferedImage(WIDTH, photo.getHeight(), BufferedImage.TYPE_INT_RGB);
    var g = Cutout.graphics(street);
    g.drawImage(photo, 0, 0, null);
    mirrorRows(g, photo, CLEAN_WINDOWS_END, WINDOWS_END, CLEAN_WINDOWS_END);
    tileWall(g, photo);
    mirrorRows(g, photo, WALL_END, CLEAN_ROAD_START, 2 * CLEAN_ROAD_START - WALL_END);
    g.dispose();

    var frame = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    var f = Cutout.graphics(frame);
    int left = mirrored ? WIDTH : 0;
    f.drawImage(
        street, 0, 0, width, height, left, CROP_TOP, WIDTH - left, CROP_TOP + CROP_HEIGHT, null);
    f.dispose();
    return soft(frame);
  }

  /** Slightly out of focus: the grain of the road would make the pictures half as large again. */
  private static BufferedImage soft(BufferedImage sharp) {
    var weights = new float[] {1, 2, 1, 2, 4, 2, 1, 2, 1};
    for (int i = 0; i < weights.length; i++) {
      weights[i] /= 16;
    }
    return new ConvolveOp(new Kernel(3, 3, weights), ConvolveOp.EDGE_NO_OP, null)
        .filter(sharp, null);
  }

  /**
   * Fills rows {@code top..bottom} with as many rows, upside down, that end above {@code
   * sourceBottom}.
   */
  private static void mirrorRows(
      Graphics2D g, BufferedImage photo, int top, int bottom, int sourceBottom) {
    g.drawImage(
        photo, 0, top, WIDTH, bottom, 0, sourceBottom, WIDTH, sourceBottom - (bottom - top), null);
  }

  /**
   * Repeats the strip right of the car over the whole width, every second time mirrored so that the
   * bricks meet.
   */
  private static void tileWall(Graphics2D g, BufferedImage photo) {
    int strip = WIDTH - CLEAN_STRIP_START;
    for (int i = 0; i * strip < WIDTH; i++) {
      int x = i * strip;
      int from = i % 2 == 0 ? CLEAN_STRIP_START : WIDTH;
      int to = i % 2 == 0 ? WIDTH : CLEAN_STRIP_START;
      g.drawImage(
          photo, x, WINDOWS_END, x + strip, WALL_END, from, WINDOWS_END, to, WALL_END, null);
    }
  }
}
