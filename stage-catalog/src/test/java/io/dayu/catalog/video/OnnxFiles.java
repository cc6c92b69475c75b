package io.dayu.catalog.video;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes ONNX files by their format (onnx.proto): small models whose outputs are known. */
final class OnnxFiles {
  static final int FLOAT = 1;
  static final int UINT8 = 2;
  static final int INT64 = 7;

  private final List<byte[]> nodes = new ArrayList<>();
  private final List<byte[]> initializers = new ArrayList<>();
  private final List<byte[]> inputs = new ArrayList<>();
  private final List<byte[]> outputs = new ArrayList<>();
  private final Map<String, String> metadata = new TreeMap<>();
  private long opset = 17;

  private interface Writing {
    void to(CodedOutputStream out) throws IOException;
  }

  static OnnxFiles picture(int type, long... shape) {
    return new OnnxFiles().input("images", type, shape);
  }

  OnnxFiles opset(long version) {
    opset = version;
    return this;
  }

  OnnxFiles metadata(String key, String value) {
    metadata.put(key, value);
    return this;
  }

  OnnxFiles input(String name, int type, long... shape) {
    inputs.add(value(name, type, shape));
    return this;
  }

  OnnxFiles output(String name, int type, long... shape) {
    outputs.add(value(name, type, shape));
    return this;
  }

  /** An output that is the same for every picture. */
  OnnxFiles constant(String name, long[] shape, float... values) {
    return weights(name + "-value", shape, values)
        .node("Identity", List.of(name + "-value"), name)
        .output(name, FLOAT, shape);
  }

  OnnxFiles wholeConstant(String name, long[] shape, long... values) {
    return whole(name + "-value", shape, values)
        .node("Identity", List.of(name + "-value"), name)
        .output(name, INT64, shape);
  }

  OnnxFiles weights(String name, long[] shape, float... values) {
    var raw = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (var v : values) raw.putFloat(v);
    return tensor(name, FLOAT, shape, raw.array());
  }

  OnnxFiles whole(String name, long[] shape, long... values) {
    var raw = ByteBuffer.allocate(values.length * 8).order(ByteOrder.LITTLE_ENDIAN);
    for (var v : values) raw.putLong(v);
    return tensor(name, INT64, shape, raw.array());
  }

  /** A tensor that claims that shape, whatever it holds. */
  OnnxFiles tensor(String name, int type, long[] shape, byte[] raw) {
    initializers.add(
        message(
            out -> {
              for (var dimension : shape) out.writeInt64(1, dimension);
              out.writeInt32(2, type);
              out.writeString(8, name);
              out.writeByteArray(9, raw);
            }));
    return this;
  }

  /** A tensor whose content lies in another file. */
  OnnxFiles external(String name, String location) {
    initializers.add(
        message(
            out -> {
              out.writeInt64(1, 4);
              out.writeInt32(2, FLOAT);
              out.writeString(8, name);
              out.writeByteArray(
                  13,
                  message(
                      entry -> {
                        entry.writeString(1, "location");
                        entry.writeString(2, location);
                      }));
              out.writeEnum(14, 1);
            }));
    return this;
  }

  OnnxFiles node(String operator, List<String> from, String to) {
    return node(operator, from, to, Map.of());
  }

  /**
   * @param numbers attributes that are integers
   */
  OnnxFiles node(String operator, List<String> from, String to, Map<String, Long> numbers) {
    nodes.add(
        message(
            out -> {
              for (var input : from) out.writeString(1, input);
              out.writeString(2, to);
              out.writeString(4, operator);
              for (var number : new TreeMap<>(numbers).entrySet())
                out.writeByteArray(
                    5,
                    message(
                        attribute -> {
                          attribute.writeString(1, number.getKey());
                          attribute.writeInt64(3, number.getValue());
                          attribute.writeEnum(20, 2);
                        }));
            }));
    return this;
  }

  byte[] bytes() {
    return message(
        out -> {
          out.writeInt64(1, 8);
          out.writeByteArray(
              7,
              message(
                  graph -> {
                    for (var node : nodes) graph.writeByteArray(1, node);
                    graph.writeString(2, "test");
                    for (var tensor : initializers) graph.writeByteArray(5, tensor);
                    for (var input : inputs) graph.writeByteArray(11, input);
                    for (var output : outputs) graph.writeByteArray(12, output);
                  }));
          out.writeByteArray(8, message(set -> set.writeInt64(2, opset)));
          for (var entry : metadata.entrySet())
            out.writeByteArray(
                14,
                message(
                    property -> {
                      property.writeString(1, entry.getKey());
                      property.writeString(2, entry.getValue());
                    }));
        });
  }

  /** Dimensions below 1 are left open. */
  private static byte[] value(String name, int type, long... shape) {
    return message(
        out -> {
          out.writeString(1, name);
          out.writeByteArray(2, message(t -> t.writeByteArray(1, tensorType(type, shape))));
        });
  }

  private static byte[] tensorType(int type, long... shape) {
    return message(
        out -> {
          out.writeInt32(1, type);
          out.writeByteArray(
              2,
              message(
                  dimensions -> {
                    for (var dimension : shape)
                      dimensions.writeByteArray(
                          1,
                          message(
                              d -> {
                                if (dimension > 0) d.writeInt64(1, dimension);
                                else d.writeString(2, "open");
                              }));
                  }));
        });
  }

  private static byte[] message(Writing writing) {
    try {
      var bytes = new ByteArrayOutputStream();
      var out = CodedOutputStream.newInstance(bytes);
      writing.to(out);
      out.flush();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
