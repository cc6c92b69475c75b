package io.dayu.catalog.video;

import io.dayu.catalog.Checked;
import io.dayu.catalog.model.ModelChoice;
import io.dayu.catalog.model.Tensor;
import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.stage.ModelException;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.Behavior;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * Says what frames show by a model of one's own: an ONNX file that gives one number for each class.
 * Of an element with several frames the mean counts.
 */
public final class OnnxClassification implements StageProvider {
  private static final int USUAL_SIDE = 224;
  private static final int MOST_CLASSES = 100_000;
  private static final float SURE = 0.01f;

  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "onnx-classification",
        "1",
        "Labels frames with the likeliest classes of an ONNX model of your own, 0 to 1 each",
        Set.of(MediaType.FRAMES),
        Set.of(),
        MediaType.LABELS,
        List.of(
            ModelChoice.MODEL,
            ModelChoice.SHA256,
            ModelChoice.NAMES,
            ModelChoice.NAMES_FILE,
            ModelChoice.LABELS,
            Parameter.optional("top", Parameter.Type.NUMBER, 1.0, "labels at most"),
            Parameter.optional(
                "threshold", Parameter.Type.NUMBER, 0.0, "lowest probability, between 0 and 1"),
            PictureModel.Options.SIZE,
            PictureModel.Options.fit(PictureInput.Fit.CROP),
            PictureModel.Options.PIXELS,
            PictureModel.Options.COLORS,
            ModelChoice.THREADS,
            ModelChoice.PROVIDER),
        1,
        250);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Checked.create(
        () -> {
          var params = context.params();
          var choice = ModelChoice.of(params);
          var options = PictureModel.Options.of(params);
          var top = (int) Checked.within("top", params.number("top"), 1, 1000);
          var threshold = Checked.within("threshold", params.number("threshold"), 0, 1);
          return Stages.using(
              () -> {
                var model = PictureModel.open(context.models(), choice, options, USUAL_SIDE);
                try {
                  var names =
                      ClassNames.of(choice.givenNames(context.models()), model.model().metadata());
                  var wanted = names.wanted(choice.model(), params.strings("labels"));
                  check(choice.model(), model.probe(), names.names().size());
                  return new Classifier(model, names, wanted, top, threshold);
                } catch (RuntimeException | Error e) {
                  model.close();
                  throw e;
                }
              });
        });
  }

  private static void check(String model, List<Tensor> outputs, int names) {
    var count = outputs.isEmpty() ? 0 : outputs.get(0).values().length;
    var most = outputs.isEmpty() ? 0 : IntStream.of(outputs.get(0).shape()).max().orElse(0);
    // One number for each class: all dimensions but one are 1.
    if (count < 1 || count != most || count > MOST_CLASSES || names != 0 && names != count)
      throw new ModelException(
          "the model %s does not classify, or not into %s classes: its outputs are %s, and [1, classes] is known; export it so, or correct names"
              .formatted(model, names == 0 ? "any" : names, outputs));
  }

  /**
   * Probabilities as they are, or made of what is not: one that is negative, above 1, or does not
   * add up.
   */
  static float[] probabilities(float[] values) {
    var sum = 0f;
    var largest = Float.NEGATIVE_INFINITY;
    var proper = true;
    for (var value : values) {
      sum += value;
      largest = Math.max(largest, value);
      proper &= value >= 0 && value <= 1 + SURE;
    }
    if (proper && Math.abs(sum - 1) < SURE) return values;
    var result = new float[values.length];
    double total = 0;
    for (var i = 0; i < values.length; i++) {
      result[i] = (float) Math.exp(values[i] - largest);
      total += result[i];
    }
    for (var i = 0; i < result.length; i++) result[i] /= (float) total;
    return result;
  }

  private static final class Classifier extends FrameWork<float[]> {
    private final PictureModel model;
    private final ClassNames names;
    private final IntPredicate wanted;
    private final int top;
    private final double threshold;

    private Classifier(
        PictureModel model, ClassNames names, IntPredicate wanted, int top, double threshold) {
      super(Images.Decoding.colorOfAtLeast(model.width(), model.height()));
      this.model = model;
      this.names = names;
      this.wanted = wanted;
      this.top = top;
      this.threshold = threshold;
    }

    @Override
    float[] frame(int index, Mat image) {
      var unused = model.fill(image); // where the frame is in the input matters for boxes only
      return probabilities(model.run().get(0).values());
    }

    @Override
    Media output(List<float[]> frames) {
      var classes = frames.isEmpty() ? 0 : frames.get(0).length;
      var means = new double[classes];
      for (var frame : frames)
        for (var i = 0; i < classes; i++) means[i] += (double) frame[i] / frames.size();
      var labels =
          IntStream.range(0, classes)
              .filter(i -> wanted.test(i) && means[i] >= threshold)
              .boxed()
              .sorted(Comparator.comparingDouble(i -> -means[i]))
              .limit(top)
              .map(i -> Label.newBuilder().setName(names.name(i)).setValue(means[i]).build())
              .toList();
      return Media.newBuilder().setLabels(Labels.newBuilder().addAllLabel(labels)).build();
    }

    @Override
    public void close() {
      model.close();
    }
  }
}
