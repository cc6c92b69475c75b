package io.dayu.catalog.model;

import io.dayu.catalog.Natives;
import io.dayu.stage.ModelException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.tensorflowlite.Interpreter;
import org.bytedeco.tensorflowlite.InterpreterBuilder;
import org.bytedeco.tensorflowlite.TfLiteTensor;
import org.bytedeco.tensorflowlite.global.tensorflowlite;

/**
 * An interpreter of a TensorFlow Lite model with one input. Not thread-safe; its natives live until
 * {@link #close}. Instances with the same model share its file.
 */
public final class TfliteModel implements AutoCloseable {
  private static final int OK = 0;

  /** Of one tensor: 1 GB of floats. */
  private static final long MOST_ELEMENTS = 256L << 20;

  private static final SharedModels<String, TfliteFile> RESOURCES = new SharedModels<>();

  private final SharedModels.Lease<TfliteFile> file;
  private final Interpreter interpreter;
  private final long inputBytes;
  private final int outputs;

  /**
   * One that ships with the stages.
   *
   * @param resource file name under {@code /models} in the jar
   */
  public TfliteModel(String resource) {
    this(
        RESOURCES.lease(resource, () -> TfliteFile.of(resource, "", read(resource))),
        /* threads= */ 1);
  }

  /**
   * @param file which is given back with this, or if it cannot be made
   * @param threads that work on one input
   * @throws ModelException if it cannot be run
   */
  public TfliteModel(SharedModels.Lease<TfliteFile> file, int threads) {
    this.file = file;
    this.interpreter = new Interpreter((Pointer) null); // filled in by the builder
    var done = false;
    try (var builder = new InterpreterBuilder(file.model().model(), file.model().operators())) {
      if (builder.SetNumThreads(threads) != OK || builder.apply(interpreter) != OK)
        throw cannot("it has operators that are not known here");
      checkSizes();
      if (interpreter.AllocateTensors() != OK) throw cannot("its tensors do not fit together");
      // Copies, whose memory would wait for the garbage collector.
      try (var ins = interpreter.inputs();
          var outs = interpreter.outputs()) {
        if (ins.limit() == 0 || outs.limit() == 0) throw cannot("it has no input or no output");
        outputs = Math.toIntExact(outs.limit());
      }
      inputBytes = interpreter.input_tensor(0).bytes();
      done = true;
    } finally {
      if (!done) close();
    }
  }

  /** What a file asks for is allocated, however small the file is. */
  private void checkSizes() {
    for (var i = 0; i < interpreter.tensors_size(); i++) {
      long elements = 1;
      for (var dimension : shape(interpreter.tensor(i))) {
        elements *= Math.max(1, dimension);
        if (elements > MOST_ELEMENTS)
          throw cannot("it has a tensor of more than " + MOST_ELEMENTS + " elements");
      }
    }
  }

  private ModelException cannot(String why) {
    return new ModelException(
        "TensorFlow Lite cannot run the model %s: %s; export it again, with built-in operators only"
            .formatted(file.model().name(), why));
  }

  private static int[] shape(TfLiteTensor tensor) {
    var dimensions = tensor.dims();
    if (dimensions == null || dimensions.isNull()) return new int[0];
    var shape = new int[dimensions.size()];
    for (var i = 0; i < shape.length; i++) shape[i] = dimensions.data(i);
    return shape;
  }

  /** Of the input; {@code kTfLiteFloat32} and so on. */
  public int inputType() {
    return interpreter.input_tensor(0).type();
  }

  public int[] inputShape() {
    return shape(interpreter.input_tensor(0));
  }

  public int outputs() {
    return outputs;
  }

  /**
   * Runs the model once.
   *
   * @param input floats in rows without gaps, exactly as many as the model takes
   */
  public void run(Mat input) {
    if (!input.isContinuous())
      throw new IllegalArgumentException("the input has gaps between its rows");
    run(input.data(), input.total() * input.elemSize());
  }

  /**
   * The same with numbers of the input's type.
   *
   * @param given how many bytes, exactly as many as the model takes
   */
  public void run(Pointer input, long given) {
    // Anything else would write beyond the tensor and end the process.
    if (given != inputBytes)
      throw new IllegalArgumentException(
          "the model takes %s bytes, not %s".formatted(inputBytes, given));
    Pointer.memcpy(interpreter.input_tensor(0).data().data(), input, inputBytes);
    if (interpreter.Invoke() != OK) throw new IllegalStateException("the model failed");
  }

  /** A copy of the output of the last run. */
  public float[] output(int index) {
    var values = new float[Math.toIntExact(interpreter.output_tensor(index).bytes() / Float.BYTES)];
    interpreter.typed_output_tensor_float(index).get(values);
    return values;
  }

  /**
   * The output of the last run with its name and shape.
   *
   * @throws ModelException if it is not of floats
   */
  public Tensor tensor(int index) {
    var tensor = interpreter.output_tensor(index);
    var name = tensor.name() == null ? "output" + index : tensor.name().getString();
    if (tensor.type() != tensorflowlite.kTfLiteFloat32)
      throw new ModelException(
          "the model %s gives %s, which is not of floats; export it with outputs of floats"
              .formatted(file.model().name(), name));
    return new Tensor(name, shape(tensor), false, output(index));
  }

  @Override
  public void close() {
    interpreter.close();
    file.close();
  }

  private static BytePointer read(String resource) {
    Natives.openCv(); // lifts JavaCPP's limits before the first pointer
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
