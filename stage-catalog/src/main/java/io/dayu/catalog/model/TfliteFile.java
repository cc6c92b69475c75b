package io.dayu.catalog.model;

import io.dayu.catalog.Natives;
import io.dayu.stage.ModelException;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.tensorflowlite.BuiltinOpResolver;
import org.bytedeco.tensorflowlite.FlatBufferModel;

/**
 * A TensorFlow Lite file in memory, which several interpreters may run at once. Immutable; its
 * natives live until {@link #close}, which is after the last interpreter's.
 */
public final class TfliteFile implements AutoCloseable {
  private final String name;
  private final String sha256;
  private final BytePointer bytes; // the model points into them
  private final FlatBufferModel model;
  private final BuiltinOpResolver operators = new BuiltinOpResolver();

  private TfliteFile(String name, String sha256, BytePointer bytes, FlatBufferModel model) {
    this.name = name;
    this.sha256 = sha256;
    this.bytes = bytes;
    this.model = model;
  }

  /**
   * @param bytes which are closed with this, or if it cannot be made
   * @throws ModelException if it is not one, or refers to bytes that it does not have
   */
  public static TfliteFile of(String name, String sha256, BytePointer bytes) {
    Natives.openCv();
    Natives.tensorFlowLite();
    // Without it a truncated file would be read beyond its end, which can end the process.
    var model = FlatBufferModel.VerifyAndBuildFromBuffer(bytes, bytes.limit());
    if (model == null || model.isNull()) {
      bytes.close();
      throw new ModelException(
          "the model %s is not a whole TensorFlow Lite file; copy or export it again"
              .formatted(name));
    }
    return new TfliteFile(name, sha256, bytes, model);
  }

  String name() {
    return name;
  }

  public String sha256() {
    return sha256;
  }

  FlatBufferModel model() {
    return model;
  }

  BuiltinOpResolver operators() {
    return operators;
  }

  @Override
  public void close() {
    operators.close();
    model.close();
    bytes.close();
  }
}
