package io.dayu.catalog.video;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The one thing of a JPEG's Exif block that matters here: how the camera was held. */
final class Exif {
  private static final byte[] BEGIN = {'E', 'x', 'i', 'f', 0, 0};
  private static final int LITTLE_ENDIAN = 0x4949;
  private static final int ORIENTATION = 0x0112;
  private static final int SHORT = 3;
  private static final int ENTRY_BYTES = 12;

  private Exif() {}

  /**
   * @param block the content of a JPEG's APP1 segment; what is no Exif, or damaged, means upright
   */
  static Orientation orientation(ByteBuffer block) {
    if (block.remaining() < BEGIN.length + 8
        || !block.slice(block.position(), BEGIN.length).equals(ByteBuffer.wrap(BEGIN)))
      return Orientation.UPRIGHT;
    var tiff = block.slice(block.position() + BEGIN.length, block.remaining() - BEGIN.length);
    if (tiff.getShort(0) == LITTLE_ENDIAN) tiff.order(ByteOrder.LITTLE_ENDIAN);
    var at = tiff.getInt(4);
    if (at < 0 || at > tiff.limit() - 2) return Orientation.UPRIGHT;
    var entries = tiff.getShort(at) & 0xffff;
    at += 2;
    for (var i = 0; i < entries && at + ENTRY_BYTES <= tiff.limit(); i++, at += ENTRY_BYTES)
      if ((tiff.getShort(at) & 0xffff) == ORIENTATION && tiff.getShort(at + 2) == SHORT)
        return Orientation.ofExif(tiff.getShort(at + 8));
    return Orientation.UPRIGHT;
  }
}
