package io.dayu.catalog.video;

import io.dayu.catalog.model.SharedModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Scalar;

/**
 * Reads one line of text with the recognition model of PP-OCRv4, which says for each of some places
 * from left to right how likely each character is there, or none. Not thread-safe.
 */
final class LineReader implements AutoCloseable {
  static final int HEIGHT = 48;
  static final int MOST_WIDTH = 1_600;

  private static final String MODEL = "ch_PP-OCRv4_rec_infer.onnx";
  private static final String CHARACTERS = "ppocr_keys_v1.txt";
  private static final int USUAL_WIDTH = 320; // with which it was trained; shorter lines are filled
  private static final float[] MIDDLE = {0.5f, 0.5f, 0.5f};

  /**
   * @param score the mean of its characters'
   */
  record Line(String text, float score) {}

  private final List<String> characters = characters();
  private final SharedModels.Lease<OcrModel> model = OcrModel.lease(MODEL);

  /** By their numbers: none, those of the list, a space. */
  private static List<String> characters() {
    try (var in = LineReader.class.getResourceAsStream("/models/" + CHARACTERS)) {
      var text =
          new String(Objects.requireNonNull(in, CHARACTERS).readAllBytes(), StandardCharsets.UTF_8);
      var characters = new ArrayList<String>();
      characters.add("");
      text.lines().forEach(characters::add);
      characters.add(" ");
      return List.copyOf(characters);
    } catch (IOException e) {
      throw new UncheckedIOException("/models/" + CHARACTERS + " cannot be read", e);
    }
  }

  /**
   * @param line of that height
   */
  Line read(Mat line) {
    var width = Math.max(USUAL_WIDTH, line.cols());
    var filled = new Mat();
    opencv_core.copyMakeBorder(
        line,
        filled,
        0,
        0,
        0,
        width - line.cols(),
        opencv_core.BORDER_CONSTANT,
        new Scalar(127, 127, 127, 0));
    var result = model.model().run(OcrModel.planes(filled, MIDDLE, MIDDLE), HEIGHT, width);
    var count = (int) result.shape()[result.shape().length - 1];
    if (count != characters.size())
      throw new IllegalStateException(
          "the text model knows %s characters, its list %s".formatted(count, characters.size()));
    return decode(result.values(), count);
  }

  /** The likeliest character of each place; the same one twice without a gap is one. */
  private Line decode(float[] values, int count) {
    var text = new StringBuilder();
    var sum = 0f;
    var read = 0;
    var last = 0;
    for (var at = 0; at + count <= values.length; at += count) {
      var best = 0;
      for (var i = 1; i < count; i++) if (values[at + i] > values[at + best]) best = i;
      if (best != 0 && best != last) {
        text.append(characters.get(best));
        sum += values[at + best];
        read++;
      }
      last = best;
    }
    return new Line(text.toString().strip(), read == 0 ? 0 : sum / read);
  }

  @Override
  public void close() {
    model.close();
  }
}
