package io.dayu.pipeline;

import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The document of a pipeline, as a tree of maps, lists, strings, numbers and booleans: what JSON,
 * YAML and Kubernetes resources are read into. Stateless and safe for any thread.
 *
 * <p>A number or a boolean may also stand as a {@link Scalar}, with its text. A field that is null
 * counts as left out. Numbers are doubles, as in JSON: whole ones up to 2^53 stay whole, larger
 * ones lose precision.
 */
public final class PipelineDocument {
  private PipelineDocument() {}

  /** The specification, or all problems of shape; whether it makes sense is not checked. */
  public static Parsed read(Map<String, ?> tree) {
    var problems = new Problems();
    var draft = DraftReader.read(tree, problems);
    return problems.isEmpty()
        ? new Parsed.Ok(draft.spec(), draft.state())
        : new Parsed.Bad(problems.all());
  }

  /** The document of {@code spec}, defaults included; {@link #read} gives an equal one back. */
  public static Map<String, Object> write(PipelineSpec spec) {
    return write(spec, RunState.RUNNING);
  }

  /** The same with {@code spec.state}, which is left out where the pipeline runs. */
  public static Map<String, Object> write(PipelineSpec spec, RunState state) {
    var body = new LinkedHashMap<String, Object>();
    if (state != RunState.RUNNING) body.put("state", DraftReader.word(state));
    body.put("sources", spec.sources().stream().map(PipelineDocument::source).toList());
    body.put("stages", spec.stages().stream().map(PipelineDocument::stage).toList());
    body.put("policy", policy(spec.policy()));
    body.put("objective", objective(spec.objective()));
    body.put("delivery", delivery(spec.delivery()));
    // Left out where there are none: earlier releases do not know them.
    if (!spec.sideInputs().isEmpty())
      body.put("sideInputs", spec.sideInputs().stream().map(PipelineDocument::side).toList());
    var document = new LinkedHashMap<String, Object>();
    document.put("apiVersion", DraftReader.API_VERSION);
    document.put("kind", DraftReader.KIND);
    document.put("metadata", Map.of("name", spec.name()));
    document.put("spec", body);
    return document;
  }

  /** The document in protobuf's form, for messages between nodes. */
  public static Struct toStruct(PipelineSpec spec) {
    return struct(write(spec));
  }

  /** What {@link #toStruct} made; another struct gives the problems of the document it holds. */
  public static Parsed fromStruct(Struct struct) {
    return read(tree(struct));
  }

  private static Map<String, Object> source(SourceSpec source) {
    var map = new LinkedHashMap<String, Object>();
    map.put("name", source.name());
    map.put("uri", source.uri().toString());
    source.node().ifPresent(node -> map.put("node", node));
    source.shed().ifPresent(shed -> map.put("shed", DraftReader.word(shed)));
    if (!source.knobs().isEmpty()) map.put("knobs", source.knobs());
    return map;
  }

  private static Map<String, Object> stage(StageSpec stage) {
    var map = new LinkedHashMap<String, Object>();
    map.put("id", stage.id());
    map.put("type", stage.type());
    if (!stage.after().isEmpty()) map.put("after", stage.after());
    // Left out where nothing stands in it: nodes of release 0.1 do not know it.
    if (!stage.inputs().isEmpty()) map.put("inputs", stage.inputs());
    if (!stage.params().isEmpty()) map.put("params", new TreeMap<>(stage.params()));
    stage.perBox().ifPresent(perBox -> perBox(map, perBox));
    if (!stage.side().isEmpty()) map.put("side", stage.side());
    if (!stage.dynamic().isEmpty()) map.put("dynamic", List.copyOf(stage.dynamic()));
    return map;
  }

  private static Map<String, Object> side(PipelineSpec.SideSpec input) {
    var map = new LinkedHashMap<String, Object>();
    map.put("name", input.name());
    input.value().ifPresent(value -> map.put("value", value));
    input.from().ifPresent(from -> map.put("from", from));
    return map;
  }

  private static void perBox(Map<String, Object> stage, PerBox perBox) {
    stage.put("per", "box");
    stage.put("of", perBox.of());
    if (!perBox.labels().isEmpty()) stage.put("labels", perBox.labels().stream().sorted().toList());
    if (!perBox.reuse().isZero()) stage.put("reuse", perBox.reuse().toMillis() + "ms");
    stage.put("atMost", perBox.atMost());
    if (perBox.margin() > 0) stage.put("margin", perBox.margin());
  }

  private static Map<String, Object> policy(PolicySpec policy) {
    var map = new LinkedHashMap<String, Object>();
    map.put("name", policy.name());
    if (!policy.params().isEmpty()) map.put("params", new TreeMap<>(policy.params()));
    return map;
  }

  private static Map<String, Object> objective(Objective objective) {
    var map = new LinkedHashMap<String, Object>();
    map.put("latency", objective.latency().toMillis() + "ms");
    map.put("percentile", objective.percentile());
    return map;
  }

  private static Map<String, Object> delivery(Delivery delivery) {
    var map = new LinkedHashMap<String, Object>();
    map.put("offline", DraftReader.word(delivery.offline()));
    map.put("keepFrames", plain(delivery.keepFramesPerSecond()) + "/s");
    var retain = new LinkedHashMap<String, Object>();
    delivery.retain().age().ifPresent(age -> retain.put("for", days(age)));
    delivery.retain().atMost().ifPresent(atMost -> retain.put("atMost", atMost));
    // Left out where nothing stands in it: nodes of release 0.1 do not know it.
    if (!retain.isEmpty()) map.put("retain", retain);
    delivery
        .keepFailed()
        .ifPresent(
            kept -> {
              var keepFailed = new LinkedHashMap<String, Object>();
              kept.age().ifPresent(age -> keepFailed.put("for", days(age)));
              kept.atMost().ifPresent(atMost -> keepFailed.put("atMost", atMost));
              map.put("keepFailed", keepFailed);
            });
    return map;
  }

  /** In the largest unit in which it is a whole number. */
  private static String days(Duration age) {
    long seconds = age.toSeconds();
    if (seconds % 86_400 == 0) return seconds / 86_400 + "d";
    if (seconds % 3_600 == 0) return seconds / 3_600 + "h";
    return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
  }

  private static String plain(double number) {
    return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
  }

  private static Struct struct(Map<?, ?> map) {
    var struct = Struct.newBuilder();
    map.forEach((name, value) -> struct.putFields((String) name, value(value)));
    return struct.build();
  }

  private static Value value(Object value) {
    var wire = Value.newBuilder();
    if (value instanceof String text) return wire.setStringValue(text).build();
    if (value instanceof Boolean flag) return wire.setBoolValue(flag).build();
    if (value instanceof Number number) return wire.setNumberValue(number.doubleValue()).build();
    if (value instanceof Map<?, ?> map) return wire.setStructValue(struct(map)).build();
    var list = ListValue.newBuilder();
    ((List<?>) value).forEach(item -> list.addValues(value(item)));
    return wire.setListValue(list).build();
  }

  private static Map<String, Object> tree(Struct struct) {
    var map = new LinkedHashMap<String, Object>();
    struct.getFieldsMap().forEach((name, value) -> map.put(name, tree(value)));
    return map;
  }

  /** Null stands for protobuf's null here, as in the trees of JSON readers. */
  private static @Nullable Object tree(Value value) {
    return switch (value.getKindCase()) {
      case STRING_VALUE -> value.getStringValue();
      case BOOL_VALUE -> value.getBoolValue();
      case NUMBER_VALUE -> value.getNumberValue();
      case STRUCT_VALUE -> tree(value.getStructValue());
      case LIST_VALUE ->
          value.getListValue().getValuesList().stream().map(PipelineDocument::tree).toList();
      case NULL_VALUE, KIND_NOT_SET -> null;
    };
  }
}
