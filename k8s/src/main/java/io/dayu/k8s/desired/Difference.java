package io.dayu.k8s.desired;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.Set;

/**
 * Compares what should be with what is there. An API server adds to what is written (defaults, an
 * address, times), so what is there may say more: it differs only where it says something else. A
 * list counts as a whole, and so do the data of a ConfigMap.
 */
public final class Difference {
  /** Maps that are ours as a whole: a key that is not wanted is a difference. */
  private static final Set<String> WHOLE = Set.of("data", "binaryData", "nodeSelector");

  /** Where texts are quantities, which an API server writes in its own way. */
  private static final Set<String> QUANTITIES = Set.of("limits", "requests");

  private Difference() {}

  /** Whether {@code actual} is as {@code desired} says. */
  public static boolean covers(JsonNode actual, JsonNode desired) {
    return covers(actual, desired, "");
  }

  /** {@code actual} with what {@code desired} says, and with what only it says. */
  public static JsonNode merge(JsonNode actual, JsonNode desired) {
    return merge(actual, desired, "");
  }

  private static boolean covers(JsonNode actual, JsonNode desired, String key) {
    if (isNothing(desired)) return !WHOLE.contains(key) || isNothing(actual);
    if (desired.isObject()) {
      if (!actual.isObject() && !isNothing(actual)) return false;
      if (WHOLE.contains(key) && actual.size() != desired.size()) return false;
      for (var field : desired.properties()) {
        var inner = QUANTITIES.contains(key) ? key : field.getKey();
        if (!covers(actual.path(field.getKey()), field.getValue(), inner)) return false;
      }
      return true;
    }
    if (desired.isArray()) {
      if (!actual.isArray() || actual.size() != desired.size()) return false;
      for (int i = 0; i < desired.size(); i++)
        if (!covers(actual.get(i), desired.get(i), "")) return false;
      return true;
    }
    if (desired.isNumber() && actual.isNumber())
      return desired.decimalValue().compareTo(actual.decimalValue()) == 0;
    if (QUANTITIES.contains(key) && desired.isValueNode() && actual.isValueNode())
      return quantity(desired.asText()).equals(quantity(actual.asText()));
    return desired.equals(actual);
  }

  /** Quantities are equal if they are as much. */
  private static Object quantity(String text) {
    try {
      return new Quantity(text);
    } catch (IllegalArgumentException none) {
      return text;
    }
  }

  private static JsonNode merge(JsonNode actual, JsonNode desired, String key) {
    if (!desired.isObject() || !actual.isObject() || WHOLE.contains(key))
      return desired.isArray() ? list(actual, desired) : desired;
    var merged = (ObjectNode) actual.deepCopy();
    for (var field : desired.properties())
      merged.set(
          field.getKey(), merge(actual.path(field.getKey()), field.getValue(), field.getKey()));
    return merged;
  }

  /** Elements keep what the API server has added to them, unless some have come or gone. */
  private static JsonNode list(JsonNode actual, JsonNode desired) {
    if (!actual.isArray() || actual.size() != desired.size()) return desired;
    var merged = desired.deepCopy();
    for (int i = 0; i < desired.size(); i++)
      ((ArrayNode) merged).set(i, merge(actual.get(i), desired.get(i), ""));
    return merged;
  }

  private static boolean isNothing(JsonNode node) {
    return node.isMissingNode() || node.isNull() || node.isContainerNode() && node.isEmpty();
  }
}
