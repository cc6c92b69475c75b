package io.dayu.catalog.video;

import io.dayu.catalog.Checked;
import io.dayu.catalog.model.TfliteModel;
import io.dayu.element.Bone;
import io.dayu.element.Box;
import io.dayu.element.Keypoint;
import io.dayu.element.Keypoints;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Pose;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.actor.typed.Behavior;
import org.bytedeco.javacpp.indexer.DoubleIndexer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Scalar;
import org.bytedeco.opencv.opencv_core.Size;

/**
 * Finds people and 33 points of each with BlazePose (Bazarevsky et al., "BlazePose: on-device
 * real-time body pose tracking", 2020): one model finds where a body is and how it is turned, a
 * second one its points in an upright square around it. Small figures are found by asking it per
 * box of a detector.
 */
public final class PoseEstimation implements StageProvider {
  private static final String LABEL = "person";
  private static final int MOST_PEOPLE = 16;

  static final List<String> POINTS =
      List.of(
          "nose",
          "left_eye_inner",
          "left_eye",
          "left_eye_outer",
          "right_eye_inner",
          "right_eye",
          "right_eye_outer",
          "left_ear",
          "right_ear",
          "mouth_left",
          "mouth_right",
          "left_shoulder",
          "right_shoulder",
          "left_elbow",
          "right_elbow",
          "left_wrist",
          "right_wrist",
          "left_pinky",
          "right_pinky",
          "left_index",
          "right_index",
          "left_thumb",
          "right_thumb",
          "left_hip",
          "right_hip",
          "left_knee",
          "right_knee",
          "left_ankle",
          "right_ankle",
          "left_heel",
          "right_heel",
          "left_foot_index",
          "right_foot_index");

  private static final List<String> BONES =
      List.of(
          "left_ear left_eye",
          "left_eye nose",
          "nose right_eye",
          "right_eye right_ear",
          "mouth_left mouth_right",
          "left_shoulder right_shoulder",
          "left_shoulder left_elbow",
          "left_elbow left_wrist",
          "left_wrist left_index",
          "right_shoulder right_elbow",
          "right_elbow right_wrist",
          "right_wrist right_index",
          "left_shoulder left_hip",
          "right_shoulder right_hip",
          "left_hip right_hip",
          "left_hip left_knee",
          "left_knee left_ankle",
          "left_ankle left_heel",
          "left_heel left_foot_index",
          "right_hip right_knee",
          "right_knee right_ankle",
          "right_ankle right_heel",
          "right_heel right_foot_index");

  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "pose",
        "1",
        "Finds people and 33 points of their bodies, from nose to feet",
        Set.of(MediaType.FRAMES),
        Set.of(),
        MediaType.KEYPOINTS,
        List.of(
            Parameter.optional(
                "threshold", Parameter.Type.NUMBER, 0.5, "lowest score, between 0 and 1"),
            Parameter.optional(
                "people",
                Parameter.Type.NUMBER,
                4.0,
                "in a frame at most, 1 to 16; each takes as long as finding all of them")),
        1,
        60);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Checked.create(
        () -> {
          var params = context.params();
          var threshold = Checked.within("threshold", params.number("threshold"), 0.01, 0.99);
          var people = (int) Checked.within("people", params.number("people"), 1, MOST_PEOPLE);
          return Stages.using(() -> new Worker(threshold, people));
        });
  }

  /**
   * A square in a picture, in pixels; turned by an angle in radians, clockwise to who looks at it.
   */
  record Square(double x, double y, double side, double angle) {
    /** What is in it, upright, as floats from {@code low} to {@code low + range}, RGB. */
    private Mat cut(Mat image, int size, double low, double range) {
      var scale = side / size;
      var cos = Math.cos(angle) * scale;
      var sin = Math.sin(angle) * scale;
      var middle = size / 2.0;
      var toSource = new Mat(2, 3, opencv_core.CV_64FC1);
      try (DoubleIndexer at = toSource.createIndexer()) {
        at.put(0, 0, cos, -sin, x - cos * middle + sin * middle);
        at.put(1, 0, sin, cos, y - sin * middle - cos * middle);
      }
      var upright = new Mat();
      opencv_imgproc.warpAffine(
          image,
          upright,
          toSource,
          new Size(size, size),
          opencv_imgproc.INTER_LINEAR | opencv_imgproc.WARP_INVERSE_MAP,
          opencv_core.BORDER_CONSTANT,
          new Scalar(0, 0, 0, 0));
      opencv_imgproc.cvtColor(upright, upright, opencv_imgproc.COLOR_BGR2RGB);
      var floats = new Mat();
      upright.convertTo(floats, opencv_core.CV_32FC3, range / 255, low);
      return floats;
    }

    /** Where a point of it is in the picture; u and v are 0 to 1. */
    private double[] point(double u, double v) {
      var dx = (u - 0.5) * side;
      var dy = (v - 0.5) * side;
      return new double[] {
        x + dx * Math.cos(angle) - dy * Math.sin(angle),
        y + dx * Math.sin(angle) + dy * Math.cos(angle)
      };
    }
  }

  /** The model that finds bodies: where the hips are, and a point above the head. */
  private static final class Finder implements AutoCloseable {
    private static final String MODEL = "pose_detection.tflite";
    private static final int SIDE = 224;
    private static final int VALUES = 12; // a box, then four points
    private static final int HIPS = 4;
    private static final int TOP = 6;
    private static final double AROUND = 1.25;
    private static final float SAME_BODY = 0.3f;

    private record Body(Box box, Square square) {}

    private final TfliteModel model = new TfliteModel(MODEL);
    private final double[] anchors = anchors();

    /** Centres of cells: two each for strides of 8 and 16 pixels, six for 32. */
    private static double[] anchors() {
      var centres = new ArrayList<Double>();
      for (var layer : new int[][] {{8, 2}, {16, 2}, {32, 6}}) {
        var cells = SIDE / layer[0];
        for (var y = 0; y < cells; y++)
          for (var x = 0; x < cells; x++)
            for (var i = 0; i < layer[1]; i++) {
              centres.add((x + 0.5) / cells);
              centres.add((y + 0.5) / cells);
            }
      }
      return centres.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** Squares around bodies, the surest first. */
    List<Square> find(Mat image, double threshold, int most) {
      var longer = Math.max(image.cols(), image.rows());
      var whole = new Square(image.cols() / 2.0, image.rows() / 2.0, longer, 0);
      model.run(whole.cut(image, SIDE, -1, 2));
      var first = model.output(0);
      var second = model.output(1);
      var scores = first.length < second.length ? first : second;
      var values = first.length < second.length ? second : first;
      if (scores.length * 2 != anchors.length || values.length != scores.length * VALUES)
        throw new IllegalStateException("the pose model has %s scores".formatted(scores.length));
      var bodies = new ArrayList<Body>();
      for (var i = 0; i < scores.length; i++) {
        var score = SsdDecoder.sigmoid(scores[i]);
        if (score >= threshold) bodies.add(body(values, i, score, whole));
      }
      bodies.sort(Comparator.comparingDouble((Body b) -> b.box().getScore()).reversed());
      var kept = new ArrayList<Body>();
      for (var body : bodies)
        if (kept.size() < most
            && kept.stream().noneMatch(k -> Geometry.iou(k.box(), body.box()) > SAME_BODY))
          kept.add(body);
      return kept.stream().map(Body::square).toList();
    }

    private Body body(float[] values, int index, float score, Square whole) {
      var at = index * VALUES;
      var x = anchors[index * 2];
      var y = anchors[index * 2 + 1];
      var width = values[at + 2] / SIDE;
      var height = values[at + 3] / SIDE;
      var box =
          Box.newBuilder()
              .setX((float) (x + values[at] / SIDE - width / 2))
              .setY((float) (y + values[at + 1] / SIDE - height / 2))
              .setWidth(width)
              .setHeight(height)
              .setScore(score)
              .build();
      var hips = whole.point(x + values[at + HIPS] / SIDE, y + values[at + HIPS + 1] / SIDE);
      var top = whole.point(x + values[at + TOP] / SIDE, y + values[at + TOP + 1] / SIDE);
      var dx = top[0] - hips[0];
      var dy = top[1] - hips[1];
      var angle = Math.PI / 2 - Math.atan2(-dy, dx);
      return new Body(box, new Square(hips[0], hips[1], 2 * Math.hypot(dx, dy) * AROUND, angle));
    }

    @Override
    public void close() {
      model.close();
    }
  }

  /** The model that finds the points of one body. */
  private static final class Landmarks implements AutoCloseable {
    private static final String MODEL = "pose_landmark_full.tflite";
    private static final int SIDE = 256;
    private static final int VALUES = 5; // x, y, z, seen, there
    private static final int POINTS_AND_MORE = 39;
    private static final int OUTPUTS = 5;

    private final TfliteModel model = new TfliteModel(MODEL);
    private int points = -1; // which output
    private int flag = -1;

    /** Empty if there is nobody in the square. */
    Optional<Pose> find(Mat image, Square square, double threshold) {
      model.run(square.cut(image, SIDE, 0, 1));
      for (var i = 0; i < OUTPUTS && (points < 0 || flag < 0); i++) {
        var length = model.output(i).length;
        if (length == POINTS_AND_MORE * VALUES) points = i;
        if (length == 1) flag = i;
      }
      if (points < 0 || flag < 0)
        throw new IllegalStateException("the pose model has no points, or no score");
      var score = model.output(flag)[0];
      if (score < threshold) return Optional.empty();
      var values = model.output(points);
      var pose = Pose.newBuilder().setLabel(LABEL).setScore(score);
      for (var i = 0; i < POINTS.size(); i++) {
        var at = i * VALUES;
        var place = square.point(values[at] / SIDE, values[at + 1] / SIDE);
        pose.addPoint(
            Keypoint.newBuilder()
                .setName(POINTS.get(i))
                .setX((float) (place[0] / image.cols()))
                .setY((float) (place[1] / image.rows()))
                .setScore(SsdDecoder.sigmoid(values[at + 3])));
      }
      return Optional.of(pose.build());
    }

    @Override
    public void close() {
      model.close();
    }
  }

  private static final class Worker extends FrameWork<List<Pose>> {
    private final Finder finder = new Finder();
    private final Landmarks landmarks = new Landmarks();
    private final double threshold;
    private final int people;

    private Worker(double threshold, int people) {
      super(Images.Decoding.colorOfAtLeast(2 * Landmarks.SIDE, 2 * Landmarks.SIDE));
      this.threshold = threshold;
      this.people = people;
    }

    @Override
    List<Pose> frame(int index, Mat image) {
      return finder.find(image, threshold, people).stream()
          .flatMap(square -> landmarks.find(image, square, threshold).stream())
          .map(pose -> pose.toBuilder().setFrame(index).build())
          .toList();
    }

    @Override
    Media output(List<List<Pose>> results) {
      var keypoints = Keypoints.newBuilder();
      results.forEach(keypoints::addAllPose);
      for (var bone : BONES) {
        var ends = bone.split(" ");
        keypoints.addBone(Bone.newBuilder().setFrom(ends[0]).setTo(ends[1]));
      }
      return Media.newBuilder().setKeypoints(keypoints).build();
    }

    @Override
    public void close() {
      finder.close();
      landmarks.close();
    }
  }
}
