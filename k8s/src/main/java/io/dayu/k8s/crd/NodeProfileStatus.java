package io.dayu.k8s.crd;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a NodeProfile.
 *
 * @param nodes for which it was chosen
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonIgnoreProperties(ignoreUnknown = true)
public record NodeProfileStatus(
    @Nullable Long observedGeneration, @Nullable Integer nodes, List<Condition> conditions) {
  static final NodeProfileStatus NONE = new NodeProfileStatus(null, null, List.of());

  public NodeProfileStatus {
    conditions = conditions == null ? List.of() : List.copyOf(conditions);
  }
}
