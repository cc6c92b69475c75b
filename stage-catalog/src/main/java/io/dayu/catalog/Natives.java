package io.dayu.catalog;

import ai.onnxruntime.OrtEnvironment;
import java.io.IOException;
import java.util.List;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.global.opencv_video;
import org.bytedeco.tensorflowlite.global.tensorflowlite;

/**
 * Loads native libraries; every user calls here first. A library that is missing is an ordinary
 * exception here, because the linkage error of a first use would end the whole node.
 */
public final class Natives {
  /** Pixels of the largest picture that is accepted, wherever it comes from. */
  public static final int MAX_PIXELS = 64_000_000;

  /**
   * What FFmpeg may allocate at once, in bytes, wherever it is in a file: the largest picture that
   * is accepted, with four components of 16 bits and some room at its edges.
   */
  private static final long MOST_AT_ONCE = 8L * MAX_PIXELS + (16 << 20);

  private static final String ONNX_PATH = "onnxruntime.native.path";

  static {
    limits();
  }

  private Natives() {}

  /** OpenCV, with one thread: the node decides on parallelism, not a stage. */
  public static void openCv() {
    load(opencv_core.class, opencv_imgproc.class, opencv_imgcodecs.class);
    opencv_core.setNumThreads(1);
  }

  public static void openCvVideo() {
    openCv();
    load(opencv_video.class);
  }

  public static void tensorFlowLite() {
    load(tensorflowlite.class);
  }

  /**
   * ONNX Runtime. Its own loader would unpack 22 MB at each start, and leave them where a node is
   * killed; JavaCPP's cache keeps one copy.
   */
  public static void onnxRuntime() {
    if (System.getProperty(ONNX_PATH) != null) return;
    try {
      var directory = "/ai/onnxruntime/native/" + onnxPlatform() + "/";
      var parent = "";
      for (var library : List.of("onnxruntime", "onnxruntime4j_jni")) {
        var file = directory + System.mapLibraryName(library);
        var cached = Loader.cacheResource(OrtEnvironment.class, file);
        if (cached == null)
          throw new IllegalStateException(
              "the native library onnxruntime cannot be loaded on %s: %s is not on the class path; add onnxruntime's jar or run this stage on other nodes"
                  .formatted(Loader.getPlatform(), file));
        parent = cached.getParent();
      }
      System.setProperty(ONNX_PATH, parent);
    } catch (IOException | LinkageError e) {
      throw new IllegalStateException(
          "the native library onnxruntime cannot be loaded on %s: %s; add its jar for this platform or run this stage on other nodes"
              .formatted(Loader.getPlatform(), e.getMessage()),
          e);
    }
  }

  private static String onnxPlatform() {
    var platform = Loader.getPlatform();
    return platform
        .replace("macosx", "osx")
        .replace("windows", "win")
        .replace("x86_64", "x64")
        .replace("arm64", "aarch64");
  }

  /** FFmpeg, which stays quiet, because its errors are reported as exceptions. */
  public static void ffmpeg() {
    load(avutil.class, avcodec.class, avformat.class, swscale.class);
    avutil.av_log_set_level(avutil.AV_LOG_QUIET); // it would quote files past the logger
    avutil.av_max_alloc(MOST_AT_ONCE);
  }

  private static void load(Class<?>... libraries) {
    for (var library : libraries) {
      try {
        Loader.load(library);
      } catch (LinkageError e) {
        throw new IllegalStateException(
            "the native library %s cannot be loaded on %s: %s; add its jar for this platform or run"
                    .formatted(library.getSimpleName(), Loader.getPlatform(), e.getMessage())
                + " this stage on other nodes",
            e);
      }
    }
  }

  /**
   * JavaCPP refuses to allocate once the process holds four times the maximum heap, whatever holds
   * it. On an edge node the heap is small and models live outside of it, so that limit is lifted,
   * unless someone set it. It is read when the first pointer class loads.
   */
  private static void limits() {
    for (var key : new String[] {"maxBytes", "maxPhysicalBytes"})
      if (System.getProperty("org.bytedeco.javacpp." + key) == null)
        System.setProperty("org.bytedeco.javacpp." + key, "0");
  }
}
