package io.dayu.k8s.crd;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a StageService.
 *
 * @param port the first of its two ports on the hosts
 * @param active the revision that members call; without it none does
 * @param candidate the revision that is to take over
 * @param failed the revision that was taken back; it is not tried again
 * @param replicas nodes on which the active revision is ready
 * @param selector of its pods, for the subresource scale
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonIgnoreProperties(ignoreUnknown = true)
public record StageServiceStatus(
    @Nullable Long observedGeneration,
    @Nullable Integer port,
    @Nullable Revision active,
    @Nullable Revision candidate,
    @Nullable String failed,
    @Nullable Integer replicas,
    @Nullable String ready,
    @Nullable String selector,
    List<NodeState> nodes,
    List<Condition> conditions) {
  static final StageServiceStatus NONE =
      new StageServiceStatus(null, null, null, null, null, null, null, null, List.of(), List.of());

  public StageServiceStatus {
    nodes = nodes == null ? List.of() : List.copyOf(nodes);
    conditions = conditions == null ? List.of() : List.copyOf(conditions);
  }

  /**
   * @param slot which of the two ports it listens at, 0 or 1
   * @param since when it began
   * @param told when the members were told of it
   * @param passed when it had done well for long enough
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record Revision(
      String name, int slot, String since, @Nullable String told, @Nullable String passed) {}

  /**
   * @param phase of one that is loaded on demand: {@code Loading}, {@code Idle} or {@code Failed};
   *     absent if it is as it will stay
   * @param since when the phase began
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record NodeState(
      String node,
      @Nullable String revision,
      boolean ready,
      @Nullable String message,
      @Nullable String phase,
      @Nullable String since) {}
}
