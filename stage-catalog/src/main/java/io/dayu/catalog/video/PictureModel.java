package io.dayu.catalog.video;

import io.dayu.catalog.Checked;
import io.dayu.catalog.Natives;
import io.dayu.catalog.model.ModelChoice;
import io.dayu.catalog.model.OnnxModel;
import io.dayu.catalog.model.SharedModels;
import io.dayu.catalog.model.Tensor;
import io.dayu.stage.ModelException;
import io.dayu.stage.ModelFiles;
import io.dayu.stage.Parameter;
import io.dayu.stage.Params;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.bytedeco.opencv.opencv_core.Mat;

/** A shared ONNX model with the input of one instance. Not thread-safe. */
final class PictureModel implements PictureRunner {
  private static final Pattern NUMBER = Pattern.compile("\\d{1,5}");

  /**
   * How a stage's pipeline wants pictures given to the model.
   *
   * @param size of a side where the model leaves it open
   */
  record Options(
      Optional<Integer> size, PictureInput.Fit fit, PictureInput.Range range, boolean bgr) {
    static final Parameter SIZE =
        Parameter.optional(
            "size",
            Parameter.Type.NUMBER,
            "pixels a side of the model's input, where the model leaves them open");
    static final Parameter PIXELS =
        Parameter.optional(
            "pixels",
            Parameter.Type.STRING,
            "auto",
            "what the model takes: unit (0 to 1), byte (0 to 255), signed (-1 to 1) or imagenet;"
                + " auto is byte for models of bytes, otherwise unit");
    static final Parameter COLORS =
        Parameter.optional("colors", Parameter.Type.STRING, "rgb", "rgb or bgr");

    static Parameter fit(PictureInput.Fit usual) {
      return Parameter.optional(
          "fit",
          Parameter.Type.STRING,
          ModelChoice.spelled(usual),
          "letterbox (whole, with bars), stretch (whole, distorted) or crop (its middle)");
    }

    private enum Colors {
      RGB,
      BGR
    }

    static Options of(Params params) {
      return new Options(
          params
              .find("size")
              .map(size -> (int) Checked.within("size", ((Number) size).doubleValue(), 8, 2048)),
          ModelChoice.word("fit", params.string("fit"), PictureInput.Fit.class),
          ModelChoice.word("pixels", params.string("pixels"), PictureInput.Range.class),
          ModelChoice.word("colors", params.string("colors"), Colors.class) == Colors.BGR);
    }
  }

  private final SharedModels.Lease<OnnxModel> lease;
  private final PictureInput input;

  private PictureModel(SharedModels.Lease<OnnxModel> lease, PictureInput input) {
    this.lease = lease;
    this.input = input;
  }

  /**
   * Loads the model, unless another instance has. Blocks.
   *
   * @param side of the input where neither the model nor the pipeline says it, in pixels
   * @throws ModelException with what is wrong, and what to do
   */
  static PictureModel open(ModelFiles models, ModelChoice choice, Options options, int side) {
    Natives.openCv();
    var lease =
        OnnxModel.lease(
            models, choice.model(), choice.sha256(), choice.provider(), choice.threads());
    try {
      var model = lease.model();
      var input =
          PictureInput.of(
              model.name(),
              model.input(),
              options.size().orElseGet(() -> written(model).orElse(side)),
              options.fit(),
              options.range(),
              options.bgr());
      return new PictureModel(lease, input);
    } catch (RuntimeException | Error e) {
      lease.close();
      throw e;
    }
  }

  /** The size that Ultralytics writes into models, as in {@code [640, 640]}. */
  private static Optional<Integer> written(OnnxModel model) {
    var number = NUMBER.matcher(model.metadata().getOrDefault("imgsz", ""));
    return number.find() ? Optional.of(Integer.parseInt(number.group())) : Optional.empty();
  }

  OnnxModel model() {
    return lease.model();
  }

  @Override
  public int width() {
    return input.width();
  }

  @Override
  public int height() {
    return input.height();
  }

  /**
   * What the model gives for a black picture, which tells the shapes of its outputs.
   *
   * @throws ModelException if it fails
   */
  List<Tensor> probe() {
    try {
      return run();
    } catch (IllegalStateException e) {
      throw new ModelException(e.getMessage() + "; export it again, or correct size", e);
    }
  }

  @Override
  public PictureInput.Canvas fill(Mat image) {
    return input.fill(image);
  }

  @Override
  public List<Tensor> run() {
    return model().run(input.content(), input.shape());
  }

  @Override
  public void close() {
    try {
      input.close();
    } finally {
      lease.close();
    }
  }
}
