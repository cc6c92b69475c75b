package io.dayu.catalog.video;

import io.dayu.catalog.Checked;
import io.dayu.catalog.model.TfliteModel;
import io.dayu.element.Box;
import io.dayu.element.MediaType;
import io.dayu.stage.Parameter;
import io.dayu.stage.Params;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.Behavior;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Rect;

/**
 * Finds persons, cars, bicycles and twenty other kinds of objects with SSD MobileNetV2. It is quick
 * and weak on small figures; tiles trade time for accuracy.
 */
public final class ObjectDetection implements StageProvider {
  private static final String MODEL = "object_detection_ssd_mobilenetv2_oidv4_fp16.tflite";
  private static final String LABELS = "object_detection_oidv4_labelmap.txt";

  /** Of whatever uses this model. */
  static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.optional(
              "labels", Parameter.Type.STRINGS, "which objects count; all if left out"),
          Parameter.optional(
              "threshold", Parameter.Type.NUMBER, 0.4, "lowest score, between 0 and 1"),
          Parameter.optional(
              "tiles",
              Parameter.Type.NUMBER,
              1.0,
              "1 looks at the frame once; 6 also at six parts of it, which finds smaller"
                  + " objects and takes seven times as long"));

  private static final float SAME_OBJECT = 0.45f;
  private static final float SAME_OBJECT_IN_TILES = 0.8f;

  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "object-detection",
        "1",
        "Finds objects in frames: person, car, vehicle, bicycle, dog, cat, chair, bottle and more",
        Set.of(MediaType.FRAMES),
        Set.of(),
        MediaType.BOXES,
        PARAMETERS,
        1,
        100);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Checked.create(() -> Stages.using(detector(context.params())));
  }

  /** Parameters are checked here, and the model is loaded when it is asked for. */
  static Supplier<Detector> detector(Params params) {
    var threshold = Checked.within("threshold", params.number("threshold"), 0.01, 0.99);
    var tiles = Tiling.of((int) Checked.within("tiles", params.number("tiles"), 1, 24));
    var labels = labels();
    var wanted = wanted(params.strings("labels"), labels);
    return () -> new Detector(labels, wanted, threshold, tiles);
  }

  /** By class, in lower case. */
  private static List<String> labels() {
    try (var in = ObjectDetection.class.getResourceAsStream("/models/" + LABELS)) {
      var text =
          new String(Objects.requireNonNull(in, LABELS).readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().map(ObjectDetection::normalised).toList();
    } catch (IOException e) {
      throw new UncheckedIOException("/models/" + LABELS + " cannot be read", e);
    }
  }

  private static Set<Integer> wanted(List<String> names, List<String> labels) {
    var known = labels.subList(1, labels.size());
    var chosen = names.isEmpty() ? known : names.stream().map(ObjectDetection::normalised).toList();
    var unknown = chosen.stream().filter(n -> !known.contains(n)).toList();
    if (!unknown.isEmpty())
      throw new IllegalArgumentException(
          "the model does not know %s; it knows %s"
              .formatted(String.join(", ", unknown), String.join(", ", new TreeSet<>(known))));
    return chosen.stream().map(labels::indexOf).collect(Collectors.toUnmodifiableSet());
  }

  private static String normalised(String label) {
    return label.strip().toLowerCase(Locale.ROOT);
  }

  static final class Detector extends BoxWork {
    private final TfliteModel model = new TfliteModel(MODEL);
    private final SsdDecoder decoder;
    private final Set<Integer> wanted;
    private final double threshold;
    private final List<Tiling.Tile> tiles;

    private Detector(
        List<String> labels, Set<Integer> wanted, double threshold, List<Tiling.Tile> tiles) {
      super(enlarged(tiles, Tiling.Tile::width), enlarged(tiles, Tiling.Tile::height));
      this.decoder = new SsdDecoder(labels);
      this.wanted = wanted;
      this.threshold = threshold;
      this.tiles = tiles;
    }

    @Override
    List<Box> boxes(Mat image) {
      var found = new ArrayList<Box>();
      for (var tile : tiles)
        for (var box : detect(part(image, tile))) found.add(Geometry.clipped(tile.toFrame(box)));
      return Geometry.suppress(found, SAME_OBJECT, tiles.size() > 1 ? SAME_OBJECT_IN_TILES : 1);
    }

    /** Pixels of a frame whose smallest tile fills the model's input. */
    private static int enlarged(List<Tiling.Tile> tiles, ToDoubleFunction<Tiling.Tile> side) {
      return (int) (SsdDecoder.SIDE / tiles.stream().mapToDouble(side).min().orElse(1));
    }

    private List<Box> detect(Mat image) {
      var input = Images.resized(image, SsdDecoder.SIDE, SsdDecoder.SIDE);
      opencv_imgproc.cvtColor(input, input, opencv_imgproc.COLOR_BGR2RGB);
      var floats = new Mat();
      input.convertTo(floats, opencv_core.CV_32FC3, 1 / 127.5, -1);
      model.run(floats);
      return decoder.decode(model.output(0), model.output(1), wanted::contains, threshold);
    }

    private static Mat part(Mat image, Tiling.Tile tile) {
      var width = Math.max(1, (int) (tile.width() * image.cols()));
      var height = Math.max(1, (int) (tile.height() * image.rows()));
      var x = Math.min(image.cols() - width, (int) (tile.x() * image.cols()));
      var y = Math.min(image.rows() - height, (int) (tile.y() * image.rows()));
      return new Mat(image, new Rect(x, y, width, height));
    }

    @Override
    public void close() {
      model.close();
    }
  }
}
