package io.dayu.catalog.video;

import io.dayu.catalog.Checked;
import io.dayu.catalog.Natives;
import io.dayu.element.Corner;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Region;
import io.dayu.element.Regions;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.typed.Behavior;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * Finds lines of text in frames and reads them with PP-OCRv4 (PaddleOCR): plates, signs, displays.
 * It knows Latin and Chinese characters.
 */
public final class TextRecognition implements StageProvider {
  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "text-recognition",
        "1",
        "Finds lines of text in frames and reads them: plates, signs, displays",
        Set.of(MediaType.FRAMES),
        Set.of(),
        MediaType.REGIONS,
        List.of(
            Parameter.optional(
                "threshold",
                Parameter.Type.NUMBER,
                0.6,
                "how sure each line must be read on average, between 0 and 1"),
            Parameter.optional(
                "side",
                Parameter.Type.NUMBER,
                736.0,
                "pixels of the longer side in which text is looked for, 128 to 2048; small text"
                    + " needs more, and twice as many take four times as long"),
            Parameter.optional(
                "lines",
                Parameter.Type.NUMBER,
                32.0,
                "of a frame at most, the largest first, 1 to 256")),
        1,
        150);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Checked.create(
        () -> {
          var params = context.params();
          var threshold = Checked.within("threshold", params.number("threshold"), 0, 1);
          var side = (int) Checked.within("side", params.number("side"), 128, 2048);
          var lines = (int) Checked.within("lines", params.number("lines"), 1, 256);
          return Stages.using(() -> new Reader(threshold, side, lines));
        });
  }

  private static final class Reader extends FrameWork<List<Region>> {
    private final TextFinder finder;
    private final LineReader reader;
    private final double threshold;

    private Reader(double threshold, int side, int lines) {
      super(Images.Decoding.colorOfAtLeast(2 * side, 2 * side));
      this.threshold = threshold;
      Natives.openCv();
      finder = new TextFinder(side, lines);
      try {
        reader = new LineReader();
      } catch (RuntimeException | Error e) {
        finder.close();
        throw e;
      }
    }

    @Override
    List<Region> frame(int index, Mat image) {
      var regions = new ArrayList<Region>();
      for (var quad : inReadingOrder(finder.find(image))) {
        var line = read(image, quad, false);
        if (quad.isUpended()) {
          var up = read(image, quad, true);
          if (up.score() > line.score()) line = up;
        }
        if (line.text().isBlank() || line.score() < threshold) continue;
        var region =
            Region.newBuilder().setText(line.text()).setScore(line.score()).setFrame(index);
        for (var corner : quad.corners())
          region.addCorner(
              Corner.newBuilder()
                  .setX((float) (corner[0] / image.cols()))
                  .setY((float) (corner[1] / image.rows())));
        regions.add(region.build());
      }
      return regions;
    }

    private LineReader.Line read(Mat image, Quad quad, boolean up) {
      return reader.read(quad.upright(image, LineReader.HEIGHT, LineReader.MOST_WIDTH, up));
    }

    /** Line by line: what overlaps the first of a line by half of its height is in that line. */
    static List<Quad> inReadingOrder(List<Quad> quads) {
      var left = new ArrayList<>(quads);
      left.sort(Comparator.comparingDouble(Quad::y));
      var ordered = new ArrayList<Quad>();
      while (!left.isEmpty()) {
        var first = left.get(0);
        var line =
            left.stream()
                .filter(q -> Math.abs(q.y() - first.y()) < Math.min(q.height(), first.height()) / 2)
                .sorted(Comparator.comparingDouble(Quad::x))
                .toList();
        ordered.addAll(line);
        left.removeAll(line);
      }
      return ordered;
    }

    @Override
    Media output(List<List<Region>> results) {
      var regions = Regions.newBuilder();
      results.forEach(regions::addAllRegion);
      return Media.newBuilder().setRegions(regions).build();
    }

    @Override
    public void close() {
      finder.close();
      reader.close();
    }
  }
}
