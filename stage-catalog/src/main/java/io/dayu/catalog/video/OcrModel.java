package io.dayu.catalog.video;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.dayu.catalog.model.OnnxSessions;
import io.dayu.catalog.model.SharedModels;
import java.nio.FloatBuffer;
import java.util.Map;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * An ONNX model of the class path with one picture as its input and one tensor of floats as its
 * output. Instances of a node share it: {@link #run} may be called by several threads at once. Its
 * natives live until {@link #close}.
 */
final class OcrModel implements AutoCloseable {
  private static final SharedModels<String, OcrModel> SHARED = new SharedModels<>();

  private final String resource;
  private final OrtEnvironment environment;
  private final OrtSession session;
  private final String input;

  private OcrModel(String resource) {
    this.resource = resource;
    this.environment = OnnxSessions.environment();
    this.session = OnnxSessions.shipped(resource);
    this.input = session.getInputNames().iterator().next();
  }

  /** Loaded unless another instance of the node has it already. Blocks. */
  static SharedModels.Lease<OcrModel> lease(String resource) {
    return SHARED.lease(resource, () -> new OcrModel(resource));
  }

  /**
   * A picture as models want it: channel by channel in the order of the picture, each value from 0
   * to 1, less the mean, by the deviation.
   */
  static float[] planes(Mat image, float[] mean, float[] deviation) {
    var pixels = image.rows() * image.cols();
    var bytes = new byte[pixels * 3];
    if (!image.isContinuous() || image.type() != opencv_core.CV_8UC3)
      throw new IllegalArgumentException("not a whole picture of three channels");
    image.data().get(bytes);
    var planes = new float[pixels * 3];
    for (var channel = 0; channel < 3; channel++) {
      var scale = 1 / (255 * deviation[channel]);
      var shift = mean[channel] / deviation[channel];
      for (var i = 0; i < pixels; i++)
        planes[channel * pixels + i] = (bytes[i * 3 + channel] & 0xff) * scale - shift;
    }
    return planes;
  }

  /** The output of a run. */
  record Result(float[] values, long[] shape) {}

  /**
   * Runs the model once.
   *
   * @param pixels of one picture, plane by plane, as many as the shape has
   */
  Result run(float[] pixels, int height, int width) {
    var shape = new long[] {1, 3, height, width};
    try (var tensor = OnnxTensor.createTensor(environment, FloatBuffer.wrap(pixels), shape);
        var result = session.run(Map.of(input, tensor))) {
      var output = (OnnxTensor) result.get(0); // closed with the result
      return new Result(output.getFloatBuffer().array(), output.getInfo().getShape());
    } catch (OrtException e) {
      throw new IllegalStateException(resource + " failed", e);
    }
  }

  @Override
  public void close() throws OrtException {
    session.close(); // the environment is one for the process
  }
}
