package io.dayu.catalog.sound;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.dayu.catalog.model.OnnxSessions;
import io.dayu.catalog.model.SharedModels;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Map;

/**
 * Silero VAD (Silero Team, github.com/snakers4/silero-vad, version 6, MIT) in ONNX Runtime: how
 * likely it is that somebody speaks, every 32 ms. Instances of a node share it: {@link #next} may
 * be called by several threads at once, each with a {@link Memory} of its own. Its natives live
 * until {@link #close}.
 */
final class SpeechModel implements AutoCloseable {
  static final int RATE = 16_000;

  /** New samples at each step, 32 ms. */
  static final int STEP = 512;

  private static final String MODEL = "silero_vad_v6.onnx";
  private static final int CONTEXT = 64; // samples before those of a step that it looks at again
  private static final long[] HEARD_SHAPE = {1, CONTEXT + STEP};
  private static final long[] STATE_SHAPE = {2, 1, 128};
  private static final long[] SCALAR = {};

  private static final SharedModels<String, SpeechModel> SHARED = new SharedModels<>();

  /** What one listener has heard so far. Not thread-safe. */
  static final class Memory {
    private final FloatBuffer heard = FloatBuffer.allocate(CONTEXT + STEP);
    private final FloatBuffer state = FloatBuffer.allocate(2 * 128);
  }

  private final OrtEnvironment environment = OnnxSessions.environment();
  private final OrtSession session = OnnxSessions.shipped(MODEL);

  private SpeechModel() {}

  /** Loaded unless another instance of the node has it already. Blocks. */
  static SharedModels.Lease<SpeechModel> lease() {
    return SHARED.lease(MODEL, SpeechModel::new);
  }

  /** How many are loaded. */
  static int loaded() {
    return SHARED.size();
  }

  /**
   * Hears the next samples.
   *
   * @param samples {@link #STEP} of them at {@link #RATE}
   * @return how likely it is that somebody speaks in them, 0 to 1
   */
  float next(float[] samples, Memory memory) {
    memory.heard.put(CONTEXT, samples);
    try (var heard = OnnxTensor.createTensor(environment, memory.heard, HEARD_SHAPE);
        var state = OnnxTensor.createTensor(environment, memory.state, STATE_SHAPE);
        var rate =
            OnnxTensor.createTensor(environment, LongBuffer.wrap(new long[] {RATE}), SCALAR);
        var result = session.run(Map.of("input", heard, "state", state, "sr", rate))) {
      memory.state.put(0, numbers(result, "stateN"), 0, 2 * 128);
      memory.heard.put(0, memory.heard, STEP, CONTEXT);
      return numbers(result, "output").get(0);
    } catch (OrtException e) {
      throw new IllegalStateException(MODEL + " failed", e);
    }
  }

  private static FloatBuffer numbers(OrtSession.Result result, String name) {
    // It is closed with the result.
    var output = (OnnxTensor) result.get(name).orElseThrow();
    return output.getFloatBuffer();
  }

  @Override
  public void close() throws OrtException {
    session.close(); // the environment is one for the process
  }
}
