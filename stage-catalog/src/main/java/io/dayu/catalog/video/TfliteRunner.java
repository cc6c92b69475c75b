package io.dayu.catalog.video;

import io.dayu.catalog.model.ModelBytes;
import io.dayu.catalog.model.ModelChoice;
import io.dayu.catalog.model.SharedModels;
import io.dayu.catalog.model.Tensor;
import io.dayu.catalog.model.TfliteFile;
import io.dayu.catalog.model.TfliteModel;
import io.dayu.stage.ModelException;
import io.dayu.stage.ModelFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.tensorflowlite.global.tensorflowlite;

/** A TensorFlow Lite model of one's own with its input. */
final class TfliteRunner implements PictureRunner {
  private static final SharedModels<ModelChoice.Key, TfliteFile> SHARED = new SharedModels<>();

  private final String name;
  private final TfliteModel model;
  private final PictureInput input;

  private TfliteRunner(String name, TfliteModel model, PictureInput input) {
    this.name = name;
    this.model = model;
    this.input = input;
  }

  /**
   * Loads the model, unless another instance has. Blocks.
   *
   * @throws ModelException with what is wrong, and what to do
   */
  static TfliteRunner open(ModelFiles models, ModelChoice choice, PictureModel.Options options) {
    var name = choice.model();
    var file = models.find(name);
    var lease = SHARED.lease(ModelChoice.Key.of(name, file), () -> load(models, name, file));
    try {
      ModelChoice.checkDigest(name, choice.sha256(), lease.model().sha256());
    } catch (RuntimeException e) {
      lease.close();
      throw e;
    }
    var model = new TfliteModel(lease, choice.threads());
    try {
      return new TfliteRunner(name, model, input(name, model, options));
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /** How many are loaded. */
  static int loaded() {
    return SHARED.size();
  }

  private static TfliteFile load(ModelFiles models, String name, Path file) {
    var content = ModelBytes.read(name, file, models);
    return TfliteFile.of(name, content.sha256(), content.bytes());
  }

  private static PictureInput input(String name, TfliteModel model, PictureModel.Options options) {
    var shape = model.inputShape();
    var isFloat = model.inputType() == tensorflowlite.kTfLiteFloat32;
    if (!isFloat && model.inputType() != tensorflowlite.kTfLiteUInt8
        || shape.length != 4
        || shape[0] != 1
        || shape[3] != 3)
      throw new ModelException(
          "the model %s takes %s and no picture in colours: known is [1, height, width, 3] of float or uint8; export it so"
              .formatted(name, Arrays.toString(shape)));
    var range = PictureInput.Range.BYTE;
    if (isFloat)
      range =
          options.range() == PictureInput.Range.AUTO ? PictureInput.Range.SIGNED : options.range();
    return PictureInput.packed(
        name,
        isFloat ? opencv_core.CV_32F : opencv_core.CV_8U,
        shape[1],
        shape[2],
        options.fit(),
        range,
        options.bgr());
  }

  @Override
  public int width() {
    return input.width();
  }

  @Override
  public int height() {
    return input.height();
  }

  @Override
  public PictureInput.Canvas fill(Mat image) {
    return input.fill(image);
  }

  @Override
  public List<Tensor> run() {
    var content = input.content();
    model.run(new BytePointer(content), content.remaining());
    var outputs = new ArrayList<Tensor>(model.outputs());
    for (var i = 0; i < model.outputs(); i++) outputs.add(model.tensor(i));
    return outputs;
  }

  /** For messages. */
  String name() {
    return name;
  }

  @Override
  public void close() {
    try {
      input.close();
    } finally {
      model.close();
    }
  }
}
