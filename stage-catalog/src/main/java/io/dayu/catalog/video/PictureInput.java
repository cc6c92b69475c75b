package io.dayu.catalog.video;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.TensorInfo;
import io.dayu.stage.ModelException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.MatVector;
import org.bytedeco.opencv.opencv_core.Rect;
import org.bytedeco.opencv.opencv_core.Scalar;

/**
 * Makes of frames what a model takes. Not thread-safe; its memory lives until {@link #close}, and
 * whoever calls {@link #fill} holds an open scope for what is made on the way.
 */
final class PictureInput implements AutoCloseable {
  /** How a frame of another shape gets into the input. */
  enum Fit {
    /** Whole, with grey bars: objects keep their aspect. */
    LETTERBOX,
    /** Whole, and distorted. */
    STRETCH,
    /** Its middle. */
    CROP
  }

  /** What a pixel is for the model; {@code value × scale + offset} for each colour. */
  enum Range {
    AUTO(0, 0),
    UNIT(1 / 255.0, 0),
    BYTE(1, 0),
    SIGNED(1 / 127.5, -1),
    /** Mean and deviation of ImageNet, which PyTorch's models are trained with. */
    IMAGENET(0, 0);

    private static final double[] MEAN = {0.485, 0.456, 0.406};
    private static final double[] DEVIATION = {0.229, 0.224, 0.225};

    private final double scale;
    private final double offset;

    Range(double scale, double offset) {
      this.scale = scale;
      this.offset = offset;
    }

    /** Of red, green, blue. */
    private double scale(int colour) {
      return this == IMAGENET ? 1 / 255.0 / DEVIATION[colour] : scale;
    }

    private double offset(int colour) {
      return this == IMAGENET ? -MEAN[colour] / DEVIATION[colour] : offset;
    }
  }

  /** Where a frame is in the input, in its pixels. */
  record Canvas(int left, int top, int width, int height) {
    float x(float inInput) {
      return (inInput - left) / width;
    }

    float y(float inInput) {
      return (inInput - top) / height;
    }
  }

  /** What Ultralytics' models are trained with around pictures. */
  private static final int GREY = 114;

  private static final int COLOURS = 3;
  private static final int LEAST_SIDE = 8;
  private static final int MOST_SIDE = 2048;

  private final long[] shape;
  private final boolean planar;
  private final int width;
  private final int height;
  private final Fit fit;
  private final Range range;
  private final boolean bgr;
  private final BytePointer memory;
  private final ByteBuffer content;
  private final Mat[] planes = new Mat[COLOURS]; // in the memory, if it is planar
  private final Mat packed; // in the memory, if it is not

  private PictureInput(long[] shape, boolean planar, int depth, Fit fit, Range range, boolean bgr) {
    this.shape = shape;
    this.planar = planar;
    this.height = Math.toIntExact(shape[planar ? 2 : 1]);
    this.width = Math.toIntExact(shape[planar ? 3 : 2]);
    this.fit = fit;
    this.range = range;
    this.bgr = bgr;
    var plane = (long) width * height * bytes(depth);
    this.memory = new BytePointer(plane * COLOURS);
    Pointer.memset(memory, 0, memory.limit());
    this.content = memory.asByteBuffer().order(ByteOrder.nativeOrder());
    for (var i = 0; i < COLOURS; i++)
      planes[i] =
          new Mat(height, width, opencv_core.CV_MAKETYPE(depth, 1), memory.getPointer(i * plane));
    this.packed = new Mat(height, width, opencv_core.CV_MAKETYPE(depth, COLOURS), memory);
  }

  /**
   * @param side of the input in pixels, where the model leaves it open
   * @param range of pixels; by the type of the input if it is left to that
   * @throws ModelException if the model takes no picture
   */
  static PictureInput of(
      String model, TensorInfo input, int side, Fit fit, Range range, boolean bgr) {
    var shape = input.getShape().clone();
    if (shape.length != 4 || shape[0] > 1) throw no(model, input);
    var planar = shape[1] == COLOURS;
    if (!planar && shape[3] != COLOURS) throw no(model, input);
    shape[0] = 1;
    for (var at = planar ? 2 : 1; at < (planar ? 4 : 3); at++) {
      if (shape[at] < 1) shape[at] = side;
      checkSide(model, shape[at]);
    }
    return new PictureInput(
        shape, planar, depth(model, input), fit, chosen(range, input.type), bgr);
  }

  /**
   * An input of another runtime than ONNX's: packed pixels of {@code depth}.
   *
   * @param range of pixels, not left open
   */
  static PictureInput packed(
      String model, int depth, int height, int width, Fit fit, Range range, boolean bgr) {
    for (var side : new int[] {height, width}) checkSide(model, side);
    return new PictureInput(new long[] {1, height, width, COLOURS}, false, depth, fit, range, bgr);
  }

  private static void checkSide(String model, long side) {
    if (side < LEAST_SIDE || side > MOST_SIDE)
      throw new ModelException(
          "the model %s takes pictures of %s pixels a side, and %s to %s are accepted; export it with another size"
              .formatted(model, side, LEAST_SIDE, MOST_SIDE));
  }

  private static int depth(String model, TensorInfo input) {
    if (input.type == OnnxJavaType.FLOAT) return opencv_core.CV_32F;
    if (input.type == OnnxJavaType.FLOAT16) return opencv_core.CV_16F;
    if (input.type == OnnxJavaType.UINT8) return opencv_core.CV_8U;
    throw no(model, input);
  }

  private static Range chosen(Range range, OnnxJavaType type) {
    if (type == OnnxJavaType.UINT8) return Range.BYTE;
    return range == Range.AUTO ? Range.UNIT : range;
  }

  private static ModelException no(String model, TensorInfo input) {
    return new ModelException(
        "the model %s takes %s %s and no picture in colours: known are [1, 3, height, width] and [1, height, width, 3] of float, float16 or uint8; export it so"
            .formatted(model, input.type, Arrays.toString(input.getShape())));
  }

  private static int bytes(int depth) {
    if (depth == opencv_core.CV_32F) return Float.BYTES;
    return depth == opencv_core.CV_16F ? Short.BYTES : 1;
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }

  long[] shape() {
    return shape.clone();
  }

  /** What {@link #fill} has written, in native order. */
  ByteBuffer content() {
    return content.duplicate().order(ByteOrder.nativeOrder());
  }

  /** Writes a BGR image into the input. */
  Canvas fill(Mat image) {
    var canvas = canvas(image.cols(), image.rows());
    var whole =
        switch (fit) {
          case STRETCH -> Images.resized(image, width, height);
          case CROP -> Images.resized(middle(image), width, height);
          case LETTERBOX -> boxed(image, canvas);
        };
    if (!bgr) opencv_imgproc.cvtColor(whole, whole, opencv_imgproc.COLOR_BGR2RGB);
    var colours = new MatVector(COLOURS);
    opencv_core.split(whole, colours);
    for (var i = 0; i < COLOURS; i++) {
      var colour = bgr ? COLOURS - 1 - i : i;
      var target = planar ? planes[i] : new Mat();
      colours.get(i).convertTo(target, planes[i].type(), range.scale(colour), range.offset(colour));
      if (!planar) colours.put(i, target);
    }
    if (!planar) opencv_core.merge(colours, packed);
    return canvas;
  }

  private Canvas canvas(int imageWidth, int imageHeight) {
    if (fit != Fit.LETTERBOX) return new Canvas(0, 0, width, height);
    var scale = Math.min((double) width / imageWidth, (double) height / imageHeight);
    var w = Math.max(1, Math.min(width, (int) Math.round(imageWidth * scale)));
    var h = Math.max(1, Math.min(height, (int) Math.round(imageHeight * scale)));
    return new Canvas((width - w) / 2, (height - h) / 2, w, h);
  }

  private Mat boxed(Mat image, Canvas canvas) {
    var whole = new Mat(height, width, opencv_core.CV_8UC3, new Scalar(GREY, GREY, GREY, 0));
    Images.resized(image, canvas.width(), canvas.height())
        .copyTo(
            new Mat(whole, new Rect(canvas.left(), canvas.top(), canvas.width(), canvas.height())));
    return whole;
  }

  /** The largest part of the image's middle that has the aspect of the input. */
  private Mat middle(Mat image) {
    var scale = Math.min((double) image.cols() / width, (double) image.rows() / height);
    var w = Math.max(1, Math.min(image.cols(), (int) (width * scale)));
    var h = Math.max(1, Math.min(image.rows(), (int) (height * scale)));
    return new Mat(image, new Rect((image.cols() - w) / 2, (image.rows() - h) / 2, w, h));
  }

  @Override
  public void close() {
    packed.close();
    for (var plane : planes) plane.close();
    memory.close();
  }
}
