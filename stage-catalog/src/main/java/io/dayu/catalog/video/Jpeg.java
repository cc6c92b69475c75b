package io.dayu.catalog.video;

import java.nio.ByteBuffer;

/**
 * What a JPEG says about itself, read without decoding it and without natives. Decoders fill the
 * missing part of a truncated image with grey and say nothing, so completeness is checked here.
 *
 * @param width pixels
 * @param height pixels
 */
record Jpeg(int width, int height) {
  /** A small file can claim a huge image; decoded, it takes three bytes per pixel. */
  static final int MAX_PIXELS = 64_000_000;

  private static final int TRAILER = 4096; // cameras pad their images or append a few bytes of data

  /** The image in the remaining bytes, whose position is left unchanged. */
  static Jpeg read(ByteBuffer bytes) throws BadFrameException {
    var data = bytes.slice();
    if (data.remaining() == 0) throw new BadFrameException("the frame is empty");
    if (data.remaining() < 4 || (data.getShort(0) & 0xffff) != 0xffd8)
      throw new BadFrameException("not a JPEG image");
    var at = 2;
    Jpeg size = null;
    while (true) {
      if (at + 4 > data.limit()) throw truncated(data);
      if (unsigned(data, at) != 0xff)
        throw new BadFrameException("corrupt JPEG image: no marker at byte " + at);
      var marker = unsigned(data, at + 1);
      if (marker == 0xff) {
        at++;
      } else if (marker == 0x01 || marker >= 0xd0 && marker <= 0xd7) {
        at += 2;
      } else {
        if (marker == 0xda) break;
        var length = data.getShort(at + 2) & 0xffff;
        if (length < 2 || marker == 0xd9)
          throw new BadFrameException("corrupt JPEG image: marker without content at byte " + at);
        if (isFrame(marker)) {
          if (at + 9 > data.limit()) throw truncated(data);
          size = sized(data.getShort(at + 7) & 0xffff, data.getShort(at + 5) & 0xffff);
        }
        at += 2 + length;
      }
    }
    if (size == null) throw new BadFrameException("corrupt JPEG image: it does not tell its size");
    if (!ends(data, at)) throw truncated(data);
    return size;
  }

  private static Jpeg sized(int width, int height) throws BadFrameException {
    if (width == 0 || height == 0 || (long) width * height > MAX_PIXELS)
      throw new BadFrameException(
          "a JPEG image of %s x %s pixels is not accepted, the limit is %s million pixels"
              .formatted(width, height, MAX_PIXELS / 1_000_000));
    return new Jpeg(width, height);
  }

  private static boolean isFrame(int marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
  }

  private static boolean ends(ByteBuffer data, int scan) {
    for (var at = data.limit() - 2; at >= Math.max(scan, data.limit() - TRAILER); at--)
      if ((data.getShort(at) & 0xffff) == 0xffd9) return true;
    return false;
  }

  private static BadFrameException truncated(ByteBuffer data) {
    return new BadFrameException("truncated JPEG image: it ends after " + data.limit() + " bytes");
  }

  private static int unsigned(ByteBuffer data, int at) {
    return data.get(at) & 0xff;
  }
}
