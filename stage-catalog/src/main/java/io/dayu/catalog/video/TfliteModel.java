package io.dayu.catalog.video;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.tensorflowlite.BuiltinOpResolver;
import org.bytedeco.tensorflowlite.FlatBufferModel;
import org.bytedeco.tensorflowlite.Interpreter;
import org.bytedeco.tensorflowlite.InterpreterBuilder;

/**
 * A TensorFlow Lite model with one float input, on one thread. Not thread-safe; its natives live
 * until {@link #close}.
 */
final class TfliteModel implements AutoCloseable {
  private static final int OK = 0;

  // The interpreter points into the model, and the model into the bytes: all are kept.
  private final BytePointer bytes;
  private final FlatBufferModel model;
  private final BuiltinOpResolver operators;
  private final Interpreter interpreter;
  private final long inputBytes;

  /**
   * @param resource file name under {@code /models} in the jar
   */
  TfliteModel(String resource) {
    Natives.openCv();
    Natives.tensorFlowLite();
    bytes = read(resource);
    model = FlatBufferModel.BuildFromBuffer(bytes, bytes.limit());
    if (model == null || model.isNull())
      throw new IllegalStateException(resource + " is not a TensorFlow Lite model");
    operators = new BuiltinOpResolver();
    interpreter = new Interpreter((Pointer) null); // filled in by the builder
    try (var builder = new InterpreterBuilder(model, operators)) {
      if (builder.SetNumThreads(1) != OK
          || builder.apply(interpreter) != OK
          || interpreter.AllocateTensors() != OK)
        throw new IllegalStateException("TensorFlow Lite cannot run " + resource);
    }
    inputBytes = interpreter.input_tensor(0).bytes();
  }

  /**
   * Runs the model once.
   *
   * @param input floats in rows without gaps, exactly as many as the model takes
   */
  void run(Mat input) {
    var given = input.total() * input.elemSize();
    // Anything else would write beyond the tensor and end the process.
    if (!input.isContinuous() || given != inputBytes)
      throw new IllegalArgumentException(
          "the model takes %s bytes, not %s".formatted(inputBytes, given));
    Pointer.memcpy(interpreter.typed_input_tensor_float(0), input.data(), inputBytes);
    if (interpreter.Invoke() != OK) throw new IllegalStateException("the model failed");
  }

  /** A copy of the output of the last run. */
  float[] output(int index) {
    var values = new float[Math.toIntExact(interpreter.output_tensor(index).bytes() / Float.BYTES)];
    interpreter.typed_output_tensor_float(index).get(values);
    return values;
  }

  @Override
  public void close() {
    interpreter.close();
    operators.close();
    model.close();
    bytes.close();
  }

  private static BytePointer read(String resource) {
    try (var in = TfliteModel.class.getResourceAsStream("/models/" + resource)) {
      var content =
          Objects.requireNonNull(in, () -> "/models/" + resource + " is missing in the jar")
              .readAllBytes();
      return new BytePointer(content);
    } catch (IOException e) {
      throw new UncheckedIOException("/models/" + resource + " cannot be read", e);
    }
  }
}
