package io.dayu.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.Color;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacv.FFmpegFrameGrabber;
import org.bytedeco.javacv.FFmpegFrameRecorder;
import org.bytedeco.javacv.OpenCVFrameConverter;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Scalar;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class VideoFootageTest {
  private static final int FILM_FPS = 20;
  private static final int FILM_FRAMES = 40;

  @TempDir static Path folder;
  private static Path film;

  /** Two seconds that grow brighter, so that a picture's brightness tells its place in the film. */
  @BeforeAll
  static void makeFilm() throws IOException {
    avutil.av_log_set_level(avutil.AV_LOG_ERROR);
    film = folder.resolve("film.mp4");
    try (var recorder = new FFmpegFrameRecorder(film.toFile(), 320, 180);
        var converter = new OpenCVFrameConverter.ToMat()) {
      recorder.setFormat("mp4");
      recorder.setVideoCodec(avcodec.AV_CODEC_ID_MPEG4);
      recorder.setPixelFormat(avutil.AV_PIX_FMT_YUV420P);
      recorder.setFrameRate(FILM_FPS);
      recorder.start();
      for (int i = 0; i < FILM_FRAMES; i++) {
        double grey = 20 + 5.0 * i;
        try (var picture =
            new Mat(180, 320, opencv_core.CV_8UC3, new Scalar(grey, grey, grey, 0))) {
          recorder.record(converter.convert(picture));
        }
      }
    }
  }

  @Test
  void aFilmPlaysInRealTimeAndStartsAgain() throws IOException {
    try (var footage = new VideoFootage(film, 90, 10, 0)) {
      var brightness = new ArrayList<Integer>();
      for (int n = 0; n < 45; n++) {
        brightness.add(brightness(footage.jpeg(n)));
      }
      long falls = falls(brightness);
      // At 10 pictures per second 45 pictures are 4.5 s of a film of 2 s.
      assertThat(falls).isEqualTo(2);
      assertThat(brightness.get(10) - brightness.get(0))
          .as("one second of film later")
          .isBetween(80, 120);
      assertThat(footage.truth(3)).isEmpty();
    }
  }

  @Test
  void aCameraFasterThanTheFilmShowsPicturesTwice() throws IOException {
    try (var footage = new VideoFootage(film, 90, 40, 0)) {
      var brightness = new ArrayList<Integer>();
      for (int n = 0; n < 60; n++) {
        brightness.add(brightness(footage.jpeg(n)));
      }
      assertThat(falls(brightness)).isZero();
      assertThat(brightness.stream().distinct().count()).isBetween(25L, 35L);
    }
  }

  /**
   * One camera, whose film is open when the server has started: the grabber holds a lock of the
   * whole JVM while it connects, so in one process a film opened only then would wait for its
   * reader, and the reader for it.
   */
  @Test
  void aFilmIsSeenThroughHttpByAnIndependentReader() throws Exception {
    var settings =
        new SimSettings(
            "127.0.0.1", 0, 1, 10, 90, Optional.of(film), 1, Faults.parse("", 1), 0, 1, 60);
    try (var server = SimServer.start(settings);
        var grabber =
            new FFmpegFrameGrabber("http://127.0.0.1:" + server.port() + "/cam-0.mjpeg")) {
      grabber.setFormat("mpjpeg");
      grabber.setOption("timeout", "10000000"); // microseconds
      grabber.start();
      for (int i = 0; i < 5; i++) {
        var frame = grabber.grabImage();
        assertThat(frame.imageHeight).isEqualTo(90);
        assertThat(frame.imageWidth).isEqualTo(160);
      }
    }
  }

  @Test
  void aFileThatIsNoFilmIsNamed() throws IOException {
    var broken = folder.resolve("broken.mp4");
    var bytes = Files.readAllBytes(film);
    Files.write(broken, Arrays.copyOf(bytes, bytes.length / 3));
    var text = folder.resolve("text.mp4");
    Files.writeString(text, "no film");
    for (var file : List.of(broken, text)) {
      try (var footage = new VideoFootage(file, 90, 10, 0)) {
        assertThatThrownBy(() -> footage.jpeg(0))
            .isInstanceOf(IOException.class)
            .hasMessageContaining(file.toString());
      }
    }
  }

  private static long falls(List<Integer> brightness) {
    long falls = 0;
    for (int i = 1; i < brightness.size(); i++) {
      falls += brightness.get(i) < brightness.get(i - 1) - 20 ? 1 : 0;
    }
    return falls;
  }

  private static int brightness(byte[] jpeg) throws IOException {
    return new Color(ImageIO.read(new ByteArrayInputStream(jpeg)).getRGB(50, 50)).getGreen();
  }
}
