package io.dayu.catalog.video;

import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.opencv.global.opencv_core;

/** Settings that must be in force before a native library is used; every user calls here first. */
final class Natives {
  private Natives() {}

  /** Loads OpenCV, with one thread: parallelism is the business of the node, not of a stage. */
  static void openCv() {
    OpenCv.load();
  }

  /** Loads FFmpeg; it stays quiet, because its errors are reported as exceptions. */
  static void ffmpeg() {
    Ffmpeg.load();
  }

  /**
   * JavaCPP refuses to allocate once the process holds four times the maximum heap, whatever holds
   * it. On an edge node the heap is small and models live outside of it, so that limit is lifted,
   * unless someone set it. It is read when the first pointer class loads.
   */
  static void limits() {
    for (var key : new String[] {"maxBytes", "maxPhysicalBytes"})
      if (System.getProperty("org.bytedeco.javacpp." + key) == null)
        System.setProperty("org.bytedeco.javacpp." + key, "0");
  }

  private static final class OpenCv {
    static {
      limits();
      opencv_core.setNumThreads(1);
    }

    static void load() {}
  }

  private static final class Ffmpeg {
    static {
      limits();
      avutil.av_log_set_level(avutil.AV_LOG_FATAL);
    }

    static void load() {}
  }
}
