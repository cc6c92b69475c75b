package io.dayu.k8s.crd;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * @param nodeSelector labels that a node must have
 * @param priority of several that fit a node the highest holds; 0 without it
 * @param hostPathPrefix where paths of the host lie that do not begin with a slash
 * @param settings as below {@code dayu} in the configuration of a node
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonIgnoreProperties(ignoreUnknown = true)
public record NodeProfileSpec(
    Map<String, String> nodeSelector,
    @Nullable Integer priority,
    @Nullable String hostPathPrefix,
    JsonNode settings) {
  public NodeProfileSpec {
    nodeSelector = nodeSelector == null ? Map.of() : Map.copyOf(nodeSelector);
    settings = settings == null ? JsonNodeFactory.instance.objectNode() : settings;
  }
}
