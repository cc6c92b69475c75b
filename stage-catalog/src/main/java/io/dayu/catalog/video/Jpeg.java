package io.dayu.catalog.video;

import java.nio.ByteBuffer;

/**
 * What a JPEG says about itself, read without decoding it and without natives. Decoders fill the
 * missing part of a truncated image with grey and say nothing, so completeness is checked here.
 *
 * @param width pixels, when it is turned as its Exif block says, which decoders do
 * @param height pixels, the same
 */
record Jpeg(int width, int height) {
  /** A small file can claim a huge image; decoded, it takes three bytes per pixel. */
  static final int MAX_PIXELS = 64_000_000;

  /** Pixels in a row or column that encoders can write. */
  static final int MAX_SIDE = 65_500;

  /**
   * Each scan goes through the whole image, whatever it adds, and a scan that adds nothing takes
   * some ten bytes: 220 KB could hold 1,000 of them and take 8 s of a core. Encoders write about 10
   * for a progressive image, and up to some 60 where they look for the smallest.
   */
  static final int MAX_SCANS = 100;

  /** Pixels times scans: the largest image with 16 scans, which takes a decoder about a second. */
  private static final long MAX_SCANNED = 16L * MAX_PIXELS;

  /** The end marker is looked for here first, because a search through the image takes time. */
  private static final int TRAILER = 4096;

  /** The image in the remaining bytes, whose position is left unchanged. */
  static Jpeg read(ByteBuffer bytes) throws BadFrameException {
    var data = bytes.slice();
    if (data.remaining() == 0) throw new BadFrameException("the frame is empty");
    if (data.remaining() < 4 || (data.getShort(0) & 0xffff) != 0xffd8)
      throw new BadFrameException("not a JPEG image");
    var at = 2;
    Jpeg size = null;
    var components = 0;
    var scans = false; // that may follow the first one
    var orientation = Orientation.UPRIGHT;
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
        if (marker == 0xda) {
          scans |= at + 4 >= data.limit() || unsigned(data, at + 4) < components;
          break;
        }
        var length = data.getShort(at + 2) & 0xffff;
        if (length < 2 || marker == 0xd9)
          throw new BadFrameException("corrupt JPEG image: marker without content at byte " + at);
        if (isFrame(marker)) {
          if (at + 10 > data.limit()) throw truncated(data);
          scans = isProgressive(marker);
          components = unsigned(data, at + 9);
          size = sized(data.getShort(at + 7) & 0xffff, data.getShort(at + 5) & 0xffff);
        }
        if (marker == 0xe1 && orientation.equals(Orientation.UPRIGHT))
          orientation = exif(data, at + 4, length - 2);
        at += 2 + length;
      }
    }
    if (size == null) throw new BadFrameException("corrupt JPEG image: it does not tell its size");
    if (scans) checkScans(data, at, true, size);
    if (!ends(data, at)) throw truncated(data);
    return orientation.transposed() ? size.transposed() : size;
  }

  /**
   * Refuses the picture of a video for too many scans and for nothing else: players read what they
   * can. It may consist of two halves, each an image of its own.
   *
   * @param width in pixels, as it is known of the video
   * @param height the same
   */
  static void checkScans(ByteBuffer picture, int width, int height) throws BadFrameException {
    var data = picture.slice();
    checkScans(data, 0, false, new Jpeg(width, height));
  }

  private Jpeg transposed() {
    return new Jpeg(/* width= */ height, /* height= */ width);
  }

  private static Orientation exif(ByteBuffer data, int at, int length) {
    return at + length > data.limit()
        ? Orientation.UPRIGHT
        : Exif.orientation(data.slice(at, length));
  }

  private static Jpeg sized(int width, int height) throws BadFrameException {
    if (width == 0 || height == 0 || (long) width * height > MAX_PIXELS)
      throw new BadFrameException(
          "a JPEG image of %s x %s pixels is not accepted, the limit is %s million pixels"
              .formatted(width, height, MAX_PIXELS / 1_000_000));
    return new Jpeg(width, height);
  }

  /**
   * Not for images whose only scan holds everything, as cameras send: the walk takes a twentieth of
   * the time of decoding.
   */
  private static void checkScans(ByteBuffer data, int from, boolean toEnd, Jpeg size)
      throws BadFrameException {
    var most = MAX_SCANNED / Math.max(1, (long) size.width * size.height);
    var allowed = (int) Math.min(MAX_SCANS, most);
    if (scans(data, from, toEnd, allowed) > allowed)
      throw new BadFrameException(
          "a JPEG image of %s x %s pixels with more than %s scans is not accepted; write it anew, baseline or progressive with the usual 10"
              .formatted(size.width, size.height, allowed));
  }

  /**
   * How many scans there are, but not more than one above the most allowed; found as decoders do:
   * what is within the segments between them is passed over.
   *
   * @param toEnd whether to look up to the end marker only
   */
  private static int scans(ByteBuffer data, int from, boolean toEnd, int allowed) {
    var count = 0;
    for (var at = from; at + 2 <= data.limit() && count <= allowed; ) {
      if (data.get(at) != (byte) 0xff) {
        at++;
        continue;
      }
      var marker = unsigned(data, at + 1);
      if (marker == 0xd9 && toEnd) return count;
      if (marker == 0xda) count++;
      var segment = marker >= 0xc0 && marker < 0xff && (marker < 0xd0 || marker > 0xd9);
      if (segment && at + 4 > data.limit()) return count;
      if (segment) at += 2 + (data.getShort(at + 2) & 0xffff);
      else at += marker == 0xff ? 1 : 2;
    }
    return count;
  }

  private static boolean isProgressive(int marker) {
    return marker == 0xc2 || marker == 0xc6 || marker == 0xca || marker == 0xce;
  }

  private static boolean isFrame(int marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
  }

  private static boolean ends(ByteBuffer data, int scan) {
    for (var at = data.limit() - 2; at >= Math.max(scan, data.limit() - TRAILER); at--)
      if ((data.getShort(at) & 0xffff) == 0xffd9) return true;
    return endOf(data, scan) >= 0;
  }

  /**
   * Where the image ends whose first scan begins there, -1 if it does not; more may follow: cameras
   * pad their images to whole blocks, phones append videos.
   */
  private static int endOf(ByteBuffer data, int scan) {
    for (var at = scan; at + 2 <= data.limit(); ) {
      var marker = unsigned(data, at) == 0xff ? unsigned(data, at + 1) : 0;
      if (marker == 0xd9) return at + 2;
      // Between the scans of a progressive image are segments with tables.
      var segment = marker >= 0xc0 && marker < 0xff && (marker < 0xd0 || marker > 0xd8);
      if (segment && at + 4 > data.limit()) return -1;
      at += segment ? 2 + (data.getShort(at + 2) & 0xffff) : 1;
    }
    return -1;
  }

  private static BadFrameException truncated(ByteBuffer data) {
    return new BadFrameException("truncated JPEG image: it ends after " + data.limit() + " bytes");
  }

  private static int unsigned(ByteBuffer data, int at) {
    return data.get(at) & 0xff;
  }
}
