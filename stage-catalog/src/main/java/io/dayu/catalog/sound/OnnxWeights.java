package io.dayu.catalog.sound;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The constants of a branch of an ONNX model (onnx.proto of ONNX 1): what a network has learnt, by
 * name. For a network that is computed here.
 */
final class OnnxWeights {
  // Numbers of fields; see onnx.proto.
  private static final int MODEL_GRAPH = 7;
  private static final int GRAPH_NODE = 1;
  private static final int NODE_ATTRIBUTE = 5;
  private static final int ATTRIBUTE_NAME = 1;
  private static final int ATTRIBUTE_TENSOR = 5;
  private static final int ATTRIBUTE_GRAPH = 6;
  private static final int TENSOR_TYPE = 2;
  private static final int TENSOR_NAME = 8;
  private static final int TENSOR_RAW = 9;
  private static final int FLOAT = 1;

  private final Map<String, float[]> byName;

  private OnnxWeights(Map<String, float[]> byName) {
    this.byName = byName;
  }

  /**
   * @param branch the name of an attribute of a node of the whole graph, such as {@code
   *     then_branch}
   * @throws IOException if it is no ONNX model
   */
  static OnnxWeights read(byte[] model, String branch) throws IOException {
    var byName = new HashMap<String, float[]>();
    for (var graph : fields(ByteString.copyFrom(model), MODEL_GRAPH))
      for (var attribute : attributes(graph))
        if (text(attribute, ATTRIBUTE_NAME).equals(branch))
          for (var inner : fields(attribute, ATTRIBUTE_GRAPH))
            for (var constant : attributes(inner))
              for (var tensor : fields(constant, ATTRIBUTE_TENSOR)) put(tensor, byName);
    return new OnnxWeights(byName);
  }

  /**
   * @throws IOException if there is none of that name, or it has another size
   */
  float[] get(String name, int size) throws IOException {
    var weights = byName.get(name);
    if (weights == null || weights.length != size)
      throw new IOException("the model has no %s of %s numbers".formatted(name, size));
    return weights;
  }

  private static List<ByteString> attributes(ByteString graph) throws IOException {
    var all = new ArrayList<ByteString>();
    for (var node : fields(graph, GRAPH_NODE)) all.addAll(fields(node, NODE_ATTRIBUTE));
    return all;
  }

  private static void put(ByteString tensor, Map<String, float[]> byName) throws IOException {
    if (number(tensor, TENSOR_TYPE) != FLOAT) return;
    for (var raw : fields(tensor, TENSOR_RAW)) {
      var weights = new float[raw.size() / Float.BYTES];
      raw.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(weights);
      byName.put(text(tensor, TENSOR_NAME), weights);
    }
  }

  private static String text(ByteString message, int field) throws IOException {
    var found = fields(message, field);
    return found.isEmpty() ? "" : found.get(0).toStringUtf8();
  }

  private static long number(ByteString message, int field) throws IOException {
    var in = message.newCodedInput();
    for (var tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == (field << 3 | WireFormat.WIRETYPE_VARINT)) return in.readInt64();
      skip(in, tag);
    }
    return 0;
  }

  private static List<ByteString> fields(ByteString message, int field) throws IOException {
    var found = new ArrayList<ByteString>();
    var in = message.newCodedInput();
    for (var tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == (field << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED)) found.add(in.readBytes());
      else skip(in, tag);
    }
    return found;
  }

  private static void skip(CodedInputStream in, int tag) throws IOException {
    if (!in.skipField(tag)) throw new IOException("it is no ONNX model");
  }
}
