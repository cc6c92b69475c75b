package io.dayu.catalog.video;

import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.apache.pekko.actor.typed.Behavior;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * Tells how well a frame is exposed and how sharp it is, on a grey picture of half the size.
 * Sharpness is the variance of the Laplacian (Pech-Pacheco et al., "Diatom autofocusing in
 * brightfield microscopy", 2000). It looks at frames only, and may stand after other stages.
 */
public final class ExposureIdentification implements StageProvider {
  private static final int DARK = 20; // of 255; darker pixels show nothing
  private static final int BRIGHT = 240; // brighter ones are burnt out

  private record Exposure(double brightness, double under, double over, double sharpness) {}

  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "exposure-identification",
        "1",
        "Labels a frame with its mean brightness (0 to 1), the underexposed and overexposed shares"
            + " of its pixels (0 to 1) and its sharpness (variance of the Laplacian; below about 100"
            + " it looks blurred)",
        Set.of(MediaType.FRAMES),
        Set.of(),
        MediaType.LABELS,
        List.of(),
        1,
        10);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Stages.using(Meter::new);
  }

  private static final class Meter extends FrameWork<Exposure> {
    private Meter() {
      super(Images.Decoding.HALF_GRAY);
    }

    @Override
    Exposure frame(int index, Mat image) {
      return new Exposure(
          opencv_core.mean(image).get(0) / 255,
          1 - share(image, DARK),
          share(image, BRIGHT),
          sharpness(image));
    }

    @Override
    Media output(List<Exposure> frames) {
      var labels =
          Labels.newBuilder()
              .addLabel(mean("brightness", frames, Exposure::brightness))
              .addLabel(mean("underexposed", frames, Exposure::under))
              .addLabel(mean("overexposed", frames, Exposure::over))
              .addLabel(mean("sharpness", frames, Exposure::sharpness));
      return Media.newBuilder().setLabels(labels).build();
    }

    /** The share of pixels that are brighter than {@code limit}. */
    private static double share(Mat image, int limit) {
      var mask = new Mat();
      opencv_imgproc.threshold(image, mask, limit, 255, opencv_imgproc.THRESH_BINARY);
      return (double) opencv_core.countNonZero(mask) / image.total();
    }

    private static double sharpness(Mat image) {
      var laplacian = new Mat();
      opencv_imgproc.Laplacian(image, laplacian, opencv_core.CV_16S);
      var mean = new Mat();
      var deviation = new Mat();
      opencv_core.meanStdDev(laplacian, mean, deviation);
      var value = new DoublePointer(deviation.data()).get();
      return value * value;
    }

    private static Label mean(
        String name, List<Exposure> frames, ToDoubleFunction<Exposure> measure) {
      return Label.newBuilder()
          .setName(name)
          .setValue(frames.stream().mapToDouble(measure).average().orElse(0))
          .build();
    }

    @Override
    public void close() {
      // Its natives live for one frame.
    }
  }
}
