package io.dayu.catalog.video;

import org.bytedeco.opencv.opencv_core.Mat;

/** A decoded image and its share of {@link PictureMemory}, until it is closed. */
record Picture(Mat image, long bytes) implements AutoCloseable {
  @Override
  public void close() {
    image.close();
    PictureMemory.SHARED.free(bytes);
  }
}
