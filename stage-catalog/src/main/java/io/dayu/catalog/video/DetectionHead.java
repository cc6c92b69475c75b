package io.dayu.catalog.video;

import io.dayu.catalog.model.ModelChoice;
import io.dayu.catalog.model.Tensor;
import io.dayu.stage.ModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How the outputs of a detection model are read. What a model gives is told by the shapes of its
 * outputs; where two are alike, the number of its classes decides, or the pipeline.
 */
sealed interface DetectionHead {
  /** What a pipeline may call them. */
  enum Kind {
    AUTO,
    /** Rows of x, y, width, height, objectness and a score per class, as of YOLO v5 and v7. */
    YOLOV5,
    /** The same without objectness, mostly as columns, as of YOLO v8, v9 and v11. */
    YOLOV8,
    /** Rows of x1, y1, x2, y2, score, class, as of YOLO v10 and of exports with nms=True. */
    END_TO_END,
    /** Boxes and scores as outputs of their own. */
    SSD
  }

  /** What was found, in pixels of the input. */
  record Candidate(float left, float top, float right, float bottom, int type, float score) {
    private boolean isBox() {
      return right > left
          && bottom > top
          && Float.isFinite(right - left)
          && Float.isFinite(bottom - top);
    }
  }

  /** Boxes of one frame beyond that are noise, and would take long to suppress. */
  int MOST_CANDIDATES = 3000;

  /** Rows after suppression; more are those of a grid. */
  int MOST_ROWS = 1000;

  /** In fractions of the input no number of a box is above it, in pixels of any box one is. */
  float FRACTIONS = 2;

  /**
   * All that reaches the threshold, one object maybe several times.
   *
   * @param outputs of one run of the model it was made for
   * @param width of the input, in pixels
   * @param height the same
   */
  List<Candidate> read(
      List<Tensor> outputs, IntPredicate wanted, double threshold, int width, int height);

  /**
   * The head of a model.
   *
   * @param outputs of a run
   * @param names of its classes that are known, 0 if none are
   * @throws ModelException if it is none that is known, with what was found
   */
  static DetectionHead of(String model, List<Tensor> outputs, Kind kind, int names) {
    return find(outputs, kind, names)
        .orElseThrow(
            () ->
                new ModelException(
                    "the model %s is no detector that is known%s: it gives %s, and has %s names of classes; export it as yolov5 [1, n, 5 + classes], yolov8 [1, 4 + classes, n], end-to-end [1, n, 6] or ssd (boxes [1, n, 4], scores [1, n, classes], or scores and classes [1, n]), or correct head or names"
                        .formatted(
                            model,
                            kind == Kind.AUTO ? "" : " as " + ModelChoice.spelled(kind),
                            outputs.stream()
                                .limit(8)
                                .map(Tensor::toString)
                                .collect(Collectors.joining(", ")),
                            names == 0 ? "no" : names)));
  }

  private static Optional<DetectionHead> find(List<Tensor> outputs, Kind kind, int names) {
    if (outputs.isEmpty()) return Optional.empty();
    var ssd =
        kind == Kind.SSD || kind == Kind.AUTO
            ? Parts.find(outputs, names)
            : Optional.<DetectionHead>empty();
    if (ssd.isPresent() || kind == Kind.SSD) return ssd;
    // Exports of YOLO for training have more outputs behind the first.
    var first = outputs.get(0);
    var isRows =
        first.dimension(-1) == 6
            && (first.rank() == 2 && first.dimension(0) != 1
                || first.rank() == 3 && first.dimension(0) == 1 && first.dimension(1) <= MOST_ROWS);
    if (kind == Kind.END_TO_END || kind == Kind.AUTO && isRows)
      return isRows ? Optional.of(new Rows()) : Optional.empty();
    return Grid.find(outputs, kind, names);
  }

  private static Tensor checked(List<Tensor> outputs, int at) {
    if (at >= outputs.size())
      throw new IllegalStateException("the model gave " + outputs.size() + " outputs only");
    return outputs.get(at);
  }

  /** The largest number of what are coordinates: tells whether they are pixels or fractions. */
  private static float largest(float[] values, int from, int step, int count) {
    float largest = 0;
    for (var i = from; i + count <= values.length; i += step)
      for (var j = i; j < i + count; j++) largest = Math.max(largest, Math.abs(values[j]));
    return largest;
  }

  private static void add(List<Candidate> to, Candidate candidate) {
    if (candidate.isBox() && to.size() < MOST_CANDIDATES) to.add(candidate);
  }

  /**
   * A box for each cell of a grid, not suppressed.
   *
   * @param columns whether a box is a column
   * @param objectness whether a score of any object stands before those of the classes
   * @param classes how many
   */
  record Grid(boolean columns, boolean objectness, int classes) implements DetectionHead {
    private static Optional<DetectionHead> find(List<Tensor> outputs, Kind kind, int names) {
      var first = outputs.get(0);
      if (first.rank() != 3 || first.dimension(0) != 1) return Optional.empty();
      var columns = first.dimension(1) < first.dimension(2);
      var numbers = columns ? first.dimension(1) : first.dimension(2);
      var others = numbers - 4 - masks(outputs);
      var objectness =
          kind == Kind.YOLOV5 || kind == Kind.AUTO && (names == 0 ? !columns : others - 1 == names);
      var classes = objectness ? others - 1 : others;
      return classes < 1 || names != 0 && classes != names
          ? Optional.empty()
          : Optional.of(new Grid(columns, objectness, classes));
    }

    /** Numbers of each box that tell of its mask, which a second output of such models has. */
    private static int masks(List<Tensor> outputs) {
      return outputs.size() == 2 && outputs.get(1).rank() == 4 ? outputs.get(1).dimension(1) : 0;
    }

    @Override
    public List<Candidate> read(
        List<Tensor> outputs, IntPredicate wanted, double threshold, int width, int height) {
      var output = checked(outputs, 0);
      var boxes = columns ? output.dimension(2) : output.dimension(1);
      var numbers = columns ? output.dimension(1) : output.dimension(2);
      var values = output.values();
      var before = objectness ? 5 : 4;
      if (numbers < before + classes)
        throw new IllegalStateException("the model gave " + output + " this time");
      var step = columns ? boxes : 1;
      var next = columns ? 1 : numbers;
      var fractions =
          columns
              ? largest(values, 0, values.length, 4 * boxes) <= FRACTIONS
              : largest(values, 0, numbers, 4) <= FRACTIONS;
      float x = fractions ? width : 1;
      float y = fractions ? height : 1;
      var found = new ArrayList<Candidate>();
      for (var i = 0; i < boxes; i++) {
        var at = i * next;
        var object = objectness ? values[at + 4 * step] : 1;
        if (!(object >= threshold)) continue;
        var type = -1;
        var best = Float.NEGATIVE_INFINITY;
        for (var c = 0; c < classes; c++) {
          var score = values[at + (before + c) * step];
          if (score > best) {
            best = score;
            type = c;
          }
        }
        if (!(best * object >= threshold) || !wanted.test(type)) continue;
        var halfWidth = values[at + 2 * step] * x / 2;
        var halfHeight = values[at + 3 * step] * y / 2;
        var centreX = values[at] * x;
        var centreY = values[at + step] * y;
        add(
            found,
            new Candidate(
                centreX - halfWidth,
                centreY - halfHeight,
                centreX + halfWidth,
                centreY + halfHeight,
                type,
                best * object));
      }
      return found;
    }
  }

  /** Rows of a box, its score and its class. */
  record Rows() implements DetectionHead {
    private static final int NUMBERS = 6;

    @Override
    public List<Candidate> read(
        List<Tensor> outputs, IntPredicate wanted, double threshold, int width, int height) {
      var values = checked(outputs, 0).values();
      var fractions = largest(values, 0, NUMBERS, 4) <= FRACTIONS;
      float x = fractions ? width : 1;
      float y = fractions ? height : 1;
      var found = new ArrayList<Candidate>();
      for (var i = 0; i + NUMBERS <= values.length; i += NUMBERS) {
        var type = Math.round(values[i + 5]);
        if (!(values[i + 4] >= threshold) || !wanted.test(type)) continue;
        add(
            found,
            new Candidate(
                values[i] * x,
                values[i + 1] * y,
                values[i + 2] * x,
                values[i + 3] * y,
                type,
                values[i + 4]));
      }
      return found;
    }
  }

  /**
   * Boxes, scores and maybe classes as outputs of their own; these are their places, -1 for none.
   *
   * @param perClass whether a box has a score for each class
   * @param rowsFirst whether boxes are top, left, bottom, right, as TensorFlow has them
   * @param background how many classes before the first that has a name
   */
  record Parts(
      int boxes, int scores, int types, boolean perClass, boolean rowsFirst, int background)
      implements DetectionHead {

    private static Optional<DetectionHead> find(List<Tensor> outputs, int names) {
      var boxes = -1;
      for (var i = 0; i < outputs.size() && boxes < 0; i++) if (isBoxes(outputs.get(i))) boxes = i;
      if (boxes < 0 || outputs.size() < 2) return Optional.empty();
      var count = outputs.get(boxes).values().length / 4;
      var lists = new ArrayList<Integer>();
      var scores = -1;
      for (var i = 0; i < outputs.size(); i++) {
        if (i == boxes) continue;
        var output = outputs.get(i);
        if (isList(output, count)) lists.add(i);
        else if (scores < 0 && isTable(output, count)) scores = i;
      }
      var rowsFirst =
          outputs.get(boxes).named("detection_boxes", "postprocess", "statefulpartitionedcall");
      if (lists.isEmpty()) {
        if (scores < 0) return Optional.empty();
        // Before their sigmoid they are no probabilities, and boxes mostly offsets.
        if (!areProbabilities(outputs.get(scores).values()))
          return RawSsd.find(boxes, scores, outputs, names);
        var classes = outputs.get(scores).dimension(-1);
        if (names != 0 && classes != names && classes != names + 1) return Optional.empty();
        var background = names != 0 && classes == names + 1 ? 1 : 0;
        return Optional.of(new Parts(boxes, scores, -1, true, rowsFirst, background));
      }
      if (lists.size() == 1)
        return Optional.of(new Parts(boxes, lists.get(0), -1, false, rowsFirst, 0));
      var types = -1;
      for (var i : lists) if (types < 0 && outputs.get(i).named("class", "label")) types = i;
      for (var i : lists) if (types < 0 && outputs.get(i).whole()) types = i;
      // TensorFlow Lite's own orders: of its step for detections, and of exports of TensorFlow 2.
      if (types < 0 && outputs.get(lists.get(0)).named("postprocess")) types = lists.get(0);
      if (types < 0 && outputs.get(lists.get(0)).named("statefulpartitionedcall"))
        types = lists.get(1);
      if (types < 0) return Optional.empty();
      for (var i : lists)
        if (i != types && (scores < 0 || outputs.get(i).named("score", "conf"))) scores = i;
      return Optional.of(new Parts(boxes, scores, types, false, rowsFirst, 0));
    }

    private static boolean areProbabilities(float[] values) {
      for (var value : values) if (value < -0.01f || value > 1.01f) return false;
      return true;
    }

    private static boolean isBoxes(Tensor output) {
      return output.rank() >= 2
          && output.dimension(-1) == 4
          && !output.whole()
          && (output.rank() == 2 || output.dimension(0) == 1)
          && !output.named("score");
    }

    private static boolean isList(Tensor output, int count) {
      return output.values().length == count
          && (output.rank() == 1 || output.rank() == 2 && output.dimension(0) == 1);
    }

    private static boolean isTable(Tensor output, int count) {
      return count > 0
          && output.rank() >= 2
          && output.rank() <= 3
          && output.dimension(-2) == count
          && output.values().length % count == 0;
    }

    @Override
    public List<Candidate> read(
        List<Tensor> outputs, IntPredicate wanted, double threshold, int width, int height) {
      var places = checked(outputs, boxes).values();
      var values = checked(outputs, scores).values();
      var fractions = largest(places, 0, 4, 4) <= FRACTIONS;
      float x = fractions ? width : 1;
      float y = fractions ? height : 1;
      var count = places.length / 4;
      var classes = perClass && count > 0 ? values.length / count : 1;
      if (values.length < count * classes
          || types >= 0 && checked(outputs, types).values().length < count)
        throw new IllegalStateException("the model gave fewer scores than boxes");
      var found = new ArrayList<Candidate>();
      for (var i = 0; i < count; i++) {
        for (var c = background; c < Math.max(classes, 1); c++) {
          var score = values[i * classes + c];
          var type = types < 0 ? c - background : Math.round(outputs.get(types).values()[i]);
          if (!(score >= threshold) || !wanted.test(type)) continue;
          var at = i * 4;
          var swap = rowsFirst ? 1 : 0;
          add(
              found,
              new Candidate(
                  places[at + swap] * x,
                  places[at + 1 - swap] * y,
                  places[at + 2 + swap] * x,
                  places[at + 3 - swap] * y,
                  type,
                  score));
        }
      }
      return found;
    }
  }

  /** Offsets and scores of an SSD without its last step, with the anchors of {@link SsdDecoder}. */
  record RawSsd(int boxes, int scores, int classes) implements DetectionHead {
    private static Optional<DetectionHead> find(
        int boxes, int scores, List<Tensor> outputs, int names) {
      var classes = outputs.get(scores).dimension(-1);
      return outputs.get(boxes).values().length == SsdDecoder.BOXES * 4
              && (names == 0 || names == classes)
          ? Optional.of(new RawSsd(boxes, scores, classes))
          : Optional.empty();
    }

    @Override
    public List<Candidate> read(
        List<Tensor> outputs, IntPredicate wanted, double threshold, int width, int height) {
      // Labelled by their numbers; names are given to what is left at the end.
      var decoder =
          new SsdDecoder(IntStream.range(0, classes).mapToObj(Integer::toString).toList());
      var found = new ArrayList<Candidate>();
      for (var box :
          decoder.decode(
              checked(outputs, boxes).values(),
              checked(outputs, scores).values(),
              wanted,
              threshold))
        add(
            found,
            new Candidate(
                box.getX() * width,
                box.getY() * height,
                (box.getX() + box.getWidth()) * width,
                (box.getY() + box.getHeight()) * height,
                Integer.parseInt(box.getLabel()),
                box.getScore()));
      return found;
    }
  }
}
