package io.dayu.catalog.model;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.dayu.stage.ModelException;
import io.dayu.stage.ModelFiles;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A model in ONNX Runtime with one picture as its input. Instances of a node share it: {@link #run}
 * may be called by several threads at once. Its natives live until {@link #close}.
 */
public final class OnnxModel implements AutoCloseable {
  /** What runs a model. */
  public enum Provider {
    CPU,
    CUDA
  }

  /** Of an output; they are copied to the heap, which is small on edges. */
  private static final int MOST_NUMBERS = 8 << 20;

  /** Two that agree in this are one. */
  private record Key(ModelChoice.Key file, Provider provider, int threads) {}

  private static final SharedModels<Key, OnnxModel> SHARED = new SharedModels<>();

  private final String name;
  private final String sha256;
  private final OrtEnvironment environment;
  private final OrtSession session;
  private final String inputName;
  private final TensorInfo input;
  private final Map<String, String> metadata;

  private OnnxModel(
      String name,
      String sha256,
      OrtEnvironment environment,
      OrtSession session,
      String inputName,
      TensorInfo input,
      Map<String, String> metadata) {
    this.name = name;
    this.sha256 = sha256;
    this.environment = environment;
    this.session = session;
    this.inputName = inputName;
    this.input = input;
    this.metadata = Map.copyOf(metadata);
  }

  /**
   * The model of that name, loaded unless another instance of the node has it already. Blocks.
   *
   * @param sha256 what its file must have
   * @param threads that work on one picture
   * @throws ModelException with what is wrong, and what to do
   */
  public static SharedModels.Lease<OnnxModel> lease(
      ModelFiles models, String name, Optional<String> sha256, Provider provider, int threads) {
    var file = models.find(name);
    var lease =
        SHARED.lease(
            new Key(ModelChoice.Key.of(name, file), provider, threads),
            () -> load(models, name, file, provider, threads));
    try {
      ModelChoice.checkDigest(name, sha256, lease.model().sha256);
      return lease;
    } catch (RuntimeException e) {
      lease.close();
      throw e;
    }
  }

  /** How many are loaded. */
  public static int loaded() {
    return SHARED.size();
  }

  private static OnnxModel load(
      ModelFiles models, String name, Path file, Provider provider, int threads) {
    try (var content = ModelBytes.read(name, file, models)) {
      var buffer = content.bytes().asByteBuffer();
      var unused = OnnxFile.read(name, buffer.duplicate()); // what it refuses must not be loaded
      var environment = OnnxSessions.environment();
      var session = session(name, environment, buffer, provider, threads);
      try {
        return of(name, content.sha256(), environment, session);
      } catch (OrtException | RuntimeException e) {
        session.close();
        throw e;
      }
    } catch (OrtException e) {
      throw refused(name, e);
    }
  }

  private static OrtSession session(
      String name, OrtEnvironment environment, ByteBuffer content, Provider provider, int threads)
      throws OrtException {
    try (var options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      // Threads that spin while they wait would cost an edge a core.
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      if (provider == Provider.CUDA) cuda(name, options);
      return environment.createSession(content, options);
    }
  }

  private static void cuda(String name, OrtSession.SessionOptions options) {
    try {
      options.addCUDA();
    } catch (OrtException e) {
      throw new ModelException(
          "the model %s is to run on CUDA, which this node has not (%s); say provider: cpu, or run it on nodes with a CUDA device and the jar onnxruntime_gpu in place of onnxruntime"
              .formatted(name, firstLine(e)),
          e);
    }
  }

  private static OnnxModel of(
      String name, String sha256, OrtEnvironment environment, OrtSession session)
      throws OrtException {
    var inputs = session.getInputInfo();
    if (inputs.size() != 1)
      throw new ModelException(
          "the model %s takes %s inputs (%s), and one picture is what it can be given; export it with one"
              .formatted(name, inputs.size(), shown(inputs)));
    var only = inputs.values().iterator().next();
    if (!(only.getInfo() instanceof TensorInfo info))
      throw new ModelException(
          "the input of the model %s is no tensor: %s; export it with one picture as its input"
              .formatted(name, shown(inputs)));
    return new OnnxModel(
        name,
        sha256,
        environment,
        session,
        only.getName(),
        info,
        session.getMetadata().getCustomMetadata());
  }

  private static String shown(Map<String, NodeInfo> nodes) {
    return nodes.values().stream()
        .map(n -> n.getName() + " " + n.getInfo())
        .collect(Collectors.joining(", "));
  }

  private static ModelException refused(String name, OrtException e) {
    return new ModelException(
        "the model %s cannot be loaded by ONNX Runtime: %s; export it again, such as with opset=17"
            .formatted(name, firstLine(e)),
        e);
  }

  /** Without the stack trace that some messages bring along. */
  private static String firstLine(OrtException e) {
    var message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    return message.length() > 300 ? message.substring(0, 300) + " …" : message;
  }

  public String name() {
    return name;
  }

  /** What the model takes; unknown dimensions are -1. */
  public TensorInfo input() {
    return input;
  }

  /** What its author wrote into it, such as Ultralytics its {@code names}. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * Runs the model once.
   *
   * @param pixels in native order, outside of the heap, as many as the shape has
   * @return its outputs in their order
   */
  public List<Tensor> run(ByteBuffer pixels, long[] shape) {
    try (var tensor = OnnxTensor.createTensor(environment, pixels, shape, input.type);
        var result = session.run(Map.of(inputName, tensor))) {
      var outputs = new ArrayList<Tensor>();
      for (var entry : result)
        if (entry.getValue() instanceof OnnxTensor output)
          numbers(output).ifPresent(values -> outputs.add(tensor(entry.getKey(), output, values)));
      return outputs;
    } catch (OrtException e) {
      throw new IllegalStateException("the model " + name + " failed: " + firstLine(e), e);
    }
  }

  private static Tensor tensor(String name, OnnxTensor output, float[] values) {
    var info = output.getInfo();
    var shape = new int[info.getShape().length];
    for (var i = 0; i < shape.length; i++) shape[i] = Math.toIntExact(info.getShape()[i]);
    var whole =
        info.type != OnnxJavaType.FLOAT
            && info.type != OnnxJavaType.FLOAT16
            && info.type != OnnxJavaType.DOUBLE;
    return new Tensor(name, shape, whole, values);
  }

  /** Empty for what is no numbers. */
  private static Optional<float[]> numbers(OnnxTensor output) {
    var type = output.getInfo().type;
    if (output.getInfo().getNumElements() > MOST_NUMBERS)
      throw new IllegalStateException(
          "an output of the model has %s numbers, and %s are accepted; use another model"
              .formatted(output.getInfo().getNumElements(), MOST_NUMBERS));
    if (type == OnnxJavaType.FLOAT || type == OnnxJavaType.FLOAT16)
      return Optional.of(output.getFloatBuffer().array());
    if (type == OnnxJavaType.INT64) {
      var longs = output.getLongBuffer();
      var values = new float[longs.remaining()];
      for (var i = 0; i < values.length; i++) values[i] = longs.get(i);
      return Optional.of(values);
    }
    if (type == OnnxJavaType.INT32) {
      var ints = output.getIntBuffer();
      var values = new float[ints.remaining()];
      for (var i = 0; i < values.length; i++) values[i] = ints.get(i);
      return Optional.of(values);
    }
    return Optional.empty();
  }

  @Override
  public void close() throws OrtException {
    session.close(); // the environment is one for the process
  }
}
