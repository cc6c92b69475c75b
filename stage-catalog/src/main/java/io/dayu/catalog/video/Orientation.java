package io.dayu.catalog.video;

import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * How a stored picture is to be turned so that it stands upright. Phones and cameras store what the
 * sensor gives and write down how they were held.
 *
 * @param transposed rows become columns, before anything is mirrored
 * @param mirrored left and right are exchanged
 * @param upsideDown top and bottom are exchanged
 */
record Orientation(boolean transposed, boolean mirrored, boolean upsideDown) {
  static final Orientation UPRIGHT = new Orientation(false, false, false);

  /** Of Exif's tag 0x0112 (CIPA DC-008); what is none of its eight values means upright. */
  static Orientation ofExif(int value) {
    return switch (value) {
      case 2 -> new Orientation(false, true, false);
      case 3 -> new Orientation(false, true, true);
      case 4 -> new Orientation(false, false, true);
      case 5 -> new Orientation(true, false, false);
      case 6 -> new Orientation(true, true, false);
      case 7 -> new Orientation(true, true, true);
      case 8 -> new Orientation(true, false, true);
      default -> UPRIGHT;
    };
  }

  /**
   * Of the first four numbers of a display matrix (ISO/IEC 14496-12, 6.2.2): a point x, y is shown
   * at ax + cy, bx + dy. An angle between two quarters is taken for the nearer one, as its corners
   * would have to be made up.
   */
  static Orientation ofMatrix(int a, int b, int c, int d) {
    return Math.abs((long) a) + Math.abs((long) d) >= Math.abs((long) b) + Math.abs((long) c)
        ? new Orientation(false, a < 0, d < 0)
        : new Orientation(true, c < 0, b < 0);
  }

  /** Makes {@code upright} the image as it is to be looked at. */
  void turn(Mat image, Mat upright) {
    if (transposed) opencv_core.transpose(image, upright);
    else image.copyTo(upright);
    if (mirrored || upsideDown)
      opencv_core.flip(upright, upright, mirrored ? upsideDown ? -1 : 1 : 0);
  }
}
