package io.dayu.service;

import java.util.Optional;

/** Width and height of a JPEG, in pixels, from the header of its frame (ITU-T T.81, annex B). */
record JpegSize(int width, int height) {
  private static final int MARKER = 0xff;
  private static final int START_OF_IMAGE = 0xd8;
  private static final int START_OF_SCAN = 0xda;

  /** Empty if the bytes do not begin like a JPEG. */
  static Optional<JpegSize> of(byte[] bytes) {
    if (at(bytes, 0) != MARKER || at(bytes, 1) != START_OF_IMAGE) return Optional.empty();
    int i = 2;
    while (i + 9 < bytes.length) {
      if (at(bytes, i) != MARKER) return Optional.empty();
      int marker = at(bytes, i + 1);
      if (marker == MARKER) { // filled up
        i++;
        continue;
      }
      if (marker == START_OF_SCAN) return Optional.empty();
      if (isFrame(marker)) {
        int height = at(bytes, i + 5) << 8 | at(bytes, i + 6);
        int width = at(bytes, i + 7) << 8 | at(bytes, i + 8);
        return width > 0 && height > 0
            ? Optional.of(new JpegSize(width, height))
            : Optional.empty();
      }
      i += 2 + (at(bytes, i + 2) << 8 | at(bytes, i + 3));
    }
    return Optional.empty();
  }

  /** SOF0 to SOF15, without DHT, JPG and DAC among them. */
  private static boolean isFrame(int marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
  }

  private static int at(byte[] bytes, int index) {
    return index < bytes.length ? bytes[index] & 0xff : -1;
  }
}
