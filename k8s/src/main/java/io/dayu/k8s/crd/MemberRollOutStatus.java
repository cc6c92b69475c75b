package io.dayu.k8s.crd;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a roll-out is.
 *
 * @param updated members of the newest revision, and how many there are
 * @param leftOut nodes whose member is not, and why it is left alone; not all if they are many
 * @param replacing the member that is on its way
 * @param stopped why no further member is replaced
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonIgnoreProperties(ignoreUnknown = true)
public record MemberRollOutStatus(
    @Nullable Long observedGeneration,
    @Nullable String updated,
    List<String> leftOut,
    @Nullable Replacing replacing,
    @Nullable Stopped stopped,
    List<Condition> conditions) {
  static final MemberRollOutStatus NONE =
      new MemberRollOutStatus(null, null, List.of(), null, null, List.of());

  public MemberRollOutStatus {
    leftOut = leftOut == null ? List.of() : List.copyOf(leftOut);
    conditions = conditions == null ? List.of() : List.copyOf(conditions);
  }

  /**
   * @param pod uid of the one that was deleted
   * @param revision that the new one is to have
   * @param wasReady whether the old one was ready
   * @param since when it was chosen
   * @param ready since when the new one is ready
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Replacing(
      String node,
      String pod,
      String revision,
      boolean wasReady,
      String since,
      @Nullable String ready) {}

  /**
   * @param revision with which the member of this node did not become ready
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Stopped(String node, String revision, String why) {}
}
