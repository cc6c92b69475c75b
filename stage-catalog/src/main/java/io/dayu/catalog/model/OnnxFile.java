package io.dayu.catalog.model;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import io.dayu.stage.ModelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What an ONNX file says of itself, read by its format (onnx.proto) without the runtime, which
 * would allocate whatever the file asks for. Refused are files that are not whole, that refer to
 * other files, or that claim tensors which they do not hold.
 *
 * @param opset of the standard operators
 */
record OnnxFile(long opset) {
  /** What ONNX Runtime 1.23 runs. */
  static final int OLDEST_OPSET = 7;

  static final int NEWEST_OPSET = 23;

  /** Of a tensor that an operator makes from nothing: 1 GB of floats. */
  private static final long MOST_ELEMENTS = 256L << 20;

  /** Bodies of loops and branches in each other. */
  private static final int MOST_NESTED = 16;

  /** Longer ones are not shapes. */
  private static final int MOST_DIMENSIONS = 16;

  private static final int LONGEST_NAME = 64 << 10;

  /** Tensors and operators; the largest models have some thousands. */
  private static final int MOST_PARTS = 200_000;

  private static final Set<String> FROM_SHAPE = Set.of("ConstantOfShape", "Expand", "Tile");

  private record Node(String operator, List<String> inputs) {}

  /** Where values that may be shapes are found, and what uses them. */
  private static final class Seen {
    private final Map<String, List<Long>> values = new HashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private long opset;
    private boolean graph;
    private int parts;

    private void part() throws IOException {
      if (++parts > MOST_PARTS) throw new IOException("it has more than " + MOST_PARTS + " parts");
    }
  }

  /**
   * @throws ModelException with what is wrong, and what to do
   */
  static OnnxFile read(String name, ByteBuffer content) {
    var seen = new Seen();
    try {
      model(CodedInputStream.newInstance(content), seen);
    } catch (ModelException e) {
      throw new ModelException("the model " + name + " " + e.getMessage(), e);
    } catch (IOException | RuntimeException e) {
      throw new ModelException(
          "the model %s is not a whole ONNX file (%s); copy or export it again"
              .formatted(name, e.getMessage()),
          e);
    }
    if (!seen.graph || seen.opset == 0)
      throw new ModelException("the model " + name + " is not an ONNX file; export it as one");
    if (seen.opset < OLDEST_OPSET || seen.opset > NEWEST_OPSET)
      throw new ModelException(
          "the model %s is of opset %s and this node runs %s to %s; export it again, such as with opset=17"
              .formatted(name, seen.opset, OLDEST_OPSET, NEWEST_OPSET));
    for (var node : seen.nodes) checkShape(name, node, seen.values);
    return new OnnxFile(seen.opset);
  }

  private static void checkShape(String name, Node node, Map<String, List<Long>> values) {
    var at = node.operator().equals("ConstantOfShape") ? 0 : 1;
    var shape = node.inputs().size() > at ? values.get(node.inputs().get(at)) : null;
    if (shape != null && product(shape) > MOST_ELEMENTS)
      throw new ModelException(
          "the model %s makes a tensor of %s elements by %s, and %s are accepted; use another model"
              .formatted(name, shape, node.operator(), MOST_ELEMENTS));
  }

  private static long product(List<Long> dimensions) {
    long product = 1;
    for (long dimension : dimensions) {
      if (dimension < 0) return Long.MAX_VALUE;
      long high = Math.multiplyHigh(product, dimension);
      product *= dimension;
      if (high != 0 || product < 0) return Long.MAX_VALUE;
    }
    return product;
  }

  private static void model(CodedInputStream in, Seen seen) throws IOException {
    for (int tag; (tag = in.readTag()) != 0; ) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case 7 -> {
          seen.graph = true;
          within(in, tag, () -> graph(in, seen, 0));
        }
        case 8 -> within(in, tag, () -> operators(in, seen));
        default -> skip(in, tag);
      }
    }
  }

  private static void operators(CodedInputStream in, Seen seen) throws IOException {
    var domain = "";
    long version = 0;
    for (int tag; (tag = in.readTag()) != 0; ) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case 1 -> domain = text(in);
        case 2 -> version = in.readInt64();
        default -> skip(in, tag);
      }
    }
    if (domain.isEmpty() || domain.equals("ai.onnx")) seen.opset = version;
  }

  private static void graph(CodedInputStream in, Seen seen, int depth) throws IOException {
    if (depth > MOST_NESTED)
      throw new ModelException(
          "has graphs within graphs, more than " + MOST_NESTED + " deep; use another model");
    for (int tag; (tag = in.readTag()) != 0; ) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case 1 -> within(in, tag, () -> node(in, seen, depth));
        case 5 -> within(in, tag, () -> tensor(in, seen, ""));
        default -> skip(in, tag);
      }
    }
  }

  private static void node(CodedInputStream in, Seen seen, int depth) throws IOException {
    seen.part();
    var inputs = new ArrayList<String>();
    var output = new String[] {""};
    var operator = "";
    for (int tag; (tag = in.readTag()) != 0; ) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case 1 -> inputs.add(text(in));
        case 2 -> output[0] = text(in);
        case 4 -> operator = text(in);
        case 5 -> within(in, tag, () -> attribute(in, seen, output[0], depth));
        default -> skip(in, tag);
      }
    }
    if (FROM_SHAPE.contains(operator)) seen.nodes.add(new Node(operator, inputs));
  }

  private static void attribute(CodedInputStream in, Seen seen, String of, int depth)
      throws IOException {
    for (int tag; (tag = in.readTag()) != 0; ) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case 5, 10 -> within(in, tag, () -> tensor(in, seen, of));
        case 6, 11 -> within(in, tag, () -> graph(in, seen, depth + 1));
        default -> skip(in, tag);
      }
    }
  }

  /**
   * @param of the output that has its value, if it has no name
   */
  private static void tensor(CodedInputStream in, Seen seen, String of) throws IOException {
    seen.part();
    var dimensions = new ArrayList<Long>();
    var values = new ArrayList<Long>();
    var name = of;
    long bytes = 0;
    var external = false;
    for (int tag; (tag = in.readTag()) != 0; ) {
      var field = WireFormat.getTagFieldNumber(tag);
      switch (field) {
        case 1 -> {
          var unused = numbers(in, tag, dimensions); // its length says nothing of the content's
        }
        case 7 -> bytes += numbers(in, tag, values);
        case 8 -> {
          var own = text(in);
          if (!own.isEmpty()) name = own;
        }
        case 9 -> bytes += raw(in, values);
        case 13 -> {
          external = true;
          skip(in, tag);
        }
        case 14 -> external |= in.readEnum() == 1;
        default -> {
          var before = in.getTotalBytesRead();
          skip(in, tag);
          if (field == 4 || field == 5 || field == 6 || field == 10 || field == 11)
            bytes += in.getTotalBytesRead() - before;
        }
      }
    }
    if (external)
      throw new ModelException(
          "keeps weights in another file, which is not loaded; save it as one file (onnx.save(model, path), without external data)");
    // Eight to a byte is more than any type has.
    if (product(dimensions) > 8 * Math.max(1, bytes) && product(dimensions) != 0)
      throw new ModelException(
          "claims a tensor of %s elements and holds %s bytes of it; copy or export it again"
              .formatted(dimensions, bytes));
    if (values.size() <= MOST_DIMENSIONS) seen.values.put(name, values);
  }

  /** Adds integers, of which no more are kept than a shape has and one. */
  private static long numbers(CodedInputStream in, int tag, List<Long> to) throws IOException {
    var before = in.getTotalBytesRead();
    if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED)
      within(
          in,
          tag,
          () -> {
            while (!in.isAtEnd()) keep(in.readInt64(), to);
          });
    else keep(in.readInt64(), to);
    return (long) in.getTotalBytesRead() - before;
  }

  private static void keep(long value, List<Long> to) {
    if (to.size() <= MOST_DIMENSIONS) to.add(value);
  }

  private static long raw(CodedInputStream in, List<Long> values) throws IOException {
    var length = in.readRawVarint32();
    if (length < 0) throw new IOException("a length is negative");
    if (length > MOST_DIMENSIONS * Long.BYTES || length % Long.BYTES != 0) {
      in.skipRawBytes(length);
    } else {
      for (var i = 0; i < length; i += Long.BYTES) values.add(in.readRawLittleEndian64());
    }
    return length;
  }

  /** A name; nothing else is kept of a file that may be as large as the heap. */
  private static String text(CodedInputStream in) throws IOException {
    var length = in.readRawVarint32();
    if (length < 0 || length > LONGEST_NAME) throw new IOException("a name is too long");
    return new String(in.readRawBytes(length), StandardCharsets.UTF_8);
  }

  private interface Reading {
    void run() throws IOException;
  }

  /** Reads one message, which ends where it says. */
  private static void within(CodedInputStream in, int tag, Reading reading) throws IOException {
    if (WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_LENGTH_DELIMITED)
      throw new IOException("a field is of the wrong type");
    var end = in.pushLimit(in.readRawVarint32());
    reading.run();
    if (!in.isAtEnd()) throw new IOException("a message is longer than it says");
    in.popLimit(end);
  }

  private static void skip(CodedInputStream in, int tag) throws IOException {
    if (!in.skipField(tag)) throw new IOException("it ends within a group");
  }
}
