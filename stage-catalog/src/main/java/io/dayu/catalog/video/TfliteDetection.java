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
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.Behavior;

/**
 * Finds what a TensorFlow Lite model of one's own finds: one with boxes and scores, one of the
 * {@link DetectionHead}s, or an SSD without its last step.
 */
public final class TfliteDetection implements StageProvider {
  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "tflite-detection",
        "1",
        "Finds objects in frames with a TensorFlow Lite model of your own: SSD, or YOLO",
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
            PictureModel.Options.fit(PictureInput.Fit.STRETCH),
            PictureModel.Options.PIXELS,
            PictureModel.Options.COLORS,
            ModelChoice.THREADS),
        1,
        150);
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
                var model = TfliteRunner.open(context.models(), choice, options);
                return HeadWork.of(model, model::run, Map.of(), choice, limits, context);
              });
        });
  }
}
