package io.dayu.catalog.video;

import io.dayu.catalog.Checked;
import io.dayu.catalog.model.ModelChoice;
import io.dayu.element.MediaType;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.typed.Behavior;

/** Finds what a model of one's own finds: an ONNX file with one of the {@link DetectionHead}s. */
public final class OnnxDetection implements StageProvider {
  private static final int USUAL_SIDE = 640;

  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "onnx-detection",
        "1",
        "Finds objects in frames with an ONNX model of your own: YOLO v5 to v11, or SSD",
        Set.of(MediaType.FRAMES),
        Set.of(),
        MediaType.BOXES,
        List.of(
            ModelChoice.MODEL,
            ModelChoice.SHA256,
            ModelChoice.NAMES,
            ModelChoice.NAMES_FILE,
            ModelChoice.LABELS,
            ModelChoice.THRESHOLD,
            ModelChoice.OVERLAP,
            ModelChoice.HEAD,
            PictureModel.Options.SIZE,
            PictureModel.Options.fit(PictureInput.Fit.LETTERBOX),
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
          var limits = HeadWork.Limits.of(params);
          return Stages.using(
              () -> {
                var model = PictureModel.open(context.models(), choice, options, USUAL_SIDE);
                return HeadWork.of(
                    model, model::probe, model.model().metadata(), choice, limits, context);
              });
        });
  }
}
