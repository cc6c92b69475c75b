package io.dayu.k8s.crd;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a Pipeline.
 *
 * @param observedGeneration of the spec that the rest is about
 * @param state of the runtime's pipeline in the words of the API
 * @param version of the runtime's pipeline that the operator has made or taken over; without it
 *     there is none that belongs to this resource
 * @param document digest of what was submitted as that version
 * @param history specifications that can be restored, the present one first
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonIgnoreProperties(ignoreUnknown = true)
public record PipelineStatus(
    @Nullable Long observedGeneration,
    @Nullable String state,
    @Nullable Long version,
    @Nullable String document,
    @Nullable Integer sources,
    @Nullable Integer stages,
    @Nullable String policy,
    List<Condition> conditions,
    List<Revision> history) {
  static final PipelineStatus NONE =
      new PipelineStatus(null, null, null, null, null, null, null, List.of(), List.of());

  /** A specification that the pipeline has or had. */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Revision(
      long version, @Nullable String at, int sources, int stages, String policy) {}

  public PipelineStatus {
    conditions = conditions == null ? List.of() : List.copyOf(conditions);
    history = history == null ? List.of() : List.copyOf(history);
  }
}
