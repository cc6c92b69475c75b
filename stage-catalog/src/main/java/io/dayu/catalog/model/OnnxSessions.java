package io.dayu.catalog.model;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.dayu.catalog.Natives;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;

/** Opens models of the class path in ONNX Runtime. Thread-safe. */
public final class OnnxSessions {
  private OnnxSessions() {}

  /**
   * The runtime, one for the process; the first call loads its natives.
   *
   * @throws IllegalStateException if there are none for this platform
   */
  public static OrtEnvironment environment() {
    Natives.onnxRuntime();
    return OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "dayu");
  }

  /**
   * A session that runs on the thread of its caller alone; several threads may run it at once.
   * Blocks while the model is loaded. The caller closes it.
   *
   * @param resource its name below {@code /models}
   * @throws IllegalStateException if ONNX Runtime cannot load it, or has no natives here
   */
  public static OrtSession shipped(String resource) {
    // Before anything else of the runtime, whose own loader would unpack its natives once more.
    var environment = environment();
    try (var in = OnnxSessions.class.getResourceAsStream("/models/" + resource);
        var options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      var bytes =
          Objects.requireNonNull(in, () -> "/models/" + resource + " is missing on the class path")
              .readAllBytes();
      return environment.createSession(bytes, options);
    } catch (IOException e) {
      throw new UncheckedIOException("/models/" + resource + " cannot be read", e);
    } catch (OrtException e) {
      throw new IllegalStateException(resource + " cannot be loaded by ONNX Runtime", e);
    }
  }
}
