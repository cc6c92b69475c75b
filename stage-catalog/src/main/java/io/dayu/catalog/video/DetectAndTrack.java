package io.dayu.catalog.video;

import io.dayu.catalog.Checked;
import io.dayu.catalog.Natives;
import io.dayu.catalog.StreamStates;
import io.dayu.element.Box;
import io.dayu.element.Element;
import io.dayu.element.MediaType;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.Behavior;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.jspecify.annotations.Nullable;

/**
 * Finds objects in every n-th frame and follows them in the frames between, so that each frame has
 * boxes with track numbers for a part of the cost. Within a stream, and as long as its elements
 * pass this instance; after a gap it looks anew.
 */
public final class DetectAndTrack implements StageProvider {
  private static final int STREAMS = 64;
  private static final int HEIGHT = 360; // of the pictures in which objects are followed

  @Override
  public StageDescriptor descriptor() {
    var parameters = new ArrayList<>(ObjectDetection.PARAMETERS);
    parameters.add(
        Parameter.optional(
            "every",
            Parameter.Type.NUMBER,
            5.0,
            "of how many frames one is searched for objects, 1 to 1000; they are followed in the"
                + " others, which costs half as much and loses what turns or is hidden"));
    parameters.addAll(BoxTracker.PARAMETERS);
    return new StageDescriptor(
        "detect-and-track",
        "1",
        "Finds objects in every n-th frame and follows them in the others; boxes have track numbers",
        Set.of(MediaType.FRAMES),
        Set.of(),
        MediaType.BOXES,
        parameters,
        1,
        110);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Checked.create(
        () -> {
          var params = context.params();
          var detector = ObjectDetection.detector(params);
          var every = (int) Checked.within("every", params.number("every"), 1, 1000);
          var tracks = BoxTracker.tracks(params);
          return Stages.using(() -> new Worker(detector.get(), every, tracks));
        });
  }

  /** What is in sight of a stream. */
  private static final class Sight {
    private final Tracks tracks;
    private List<Box> boxes = List.of(); // of the newest frame
    private byte[] pixels = {}; // of that frame, grey
    private int columns;
    private int rows;
    private int unsearched; // frames since objects were searched for

    private Sight(Tracks tracks) {
      this.tracks = tracks;
    }

    private boolean isLike(Mat gray) {
      return gray.cols() == columns && gray.rows() == rows;
    }

    private Mat picture() {
      var mat = new Mat(rows, columns, opencv_core.CV_8UC1);
      mat.data().put(pixels, 0, pixels.length);
      return mat;
    }

    private void see(Mat gray, List<Box> found) {
      columns = gray.cols();
      rows = gray.rows();
      var size = Math.toIntExact(gray.total());
      if (pixels.length != size) pixels = new byte[size];
      gray.data().get(pixels, 0, size);
      boxes = found;
    }
  }

  private static final class Worker extends BoxWork {
    private final ObjectDetection.Detector detector;
    private final int every;
    private final StreamStates<Sight> streams;
    private StreamStates.@Nullable Turn<Sight> turn; // of the element that is worked on
    private long seq;
    private boolean first; // of its frames

    private Worker(ObjectDetection.Detector detector, int every, Supplier<Tracks> tracks) {
      super(detector);
      Natives.openCvVideo();
      this.detector = detector;
      this.every = every;
      this.streams = new StreamStates<>(STREAMS, () -> new Sight(tracks.get()), s -> {});
    }

    @Override
    void begin(Element element) {
      turn = streams.turn(element);
      seq = element.getSeq();
      first = true;
    }

    @Override
    List<Box> boxes(Mat image) {
      var turn = Objects.requireNonNull(this.turn, "an element begins before its images");
      var sight = turn.state();
      // What comes late or again changes nothing that is remembered.
      if (!turn.fresh()) return sight.tracks.recall(detector.boxes(image));
      long steps = first ? turn.step() : 1;
      first = false;
      var gray = gray(image);
      boolean follows = steps == 1 && sight.isLike(gray) && sight.unsearched + 1 < every;
      sight.unsearched = follows ? sight.unsearched + 1 : 0;
      var boxes =
          follows ? followed(sight, gray) : sight.tracks.observe(detector.boxes(image), steps, seq);
      sight.see(gray, boxes);
      return boxes;
    }

    private static List<Box> followed(Sight sight, Mat gray) {
      var boxes =
          BoxFlow.move(sight.picture(), gray, sight.boxes).stream()
              .flatMap(Optional::stream)
              .toList();
      sight.tracks.follow(boxes);
      return boxes;
    }

    private static Mat gray(Mat image) {
      var small =
          image.rows() <= HEIGHT
              ? image
              : Images.resized(image, Images.widthAt(image.cols(), image.rows(), HEIGHT), HEIGHT);
      var gray = new Mat();
      opencv_imgproc.cvtColor(small, gray, opencv_imgproc.COLOR_BGR2GRAY);
      return gray;
    }

    @Override
    public void close() {
      streams.close();
      detector.close();
    }
  }
}
