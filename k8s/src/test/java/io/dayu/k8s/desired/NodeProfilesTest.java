package io.dayu.k8s.desired;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.dayu.k8s.desired.NodeProfiles.Choice;
import io.dayu.k8s.desired.NodeProfiles.Profile;
import io.fabric8.kubernetes.api.model.Node;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NodeProfilesTest {
  private static final Instant NOW = Instant.parse("2026-11-30T04:00:00Z");
  private static final Instant LATER = NOW.plusSeconds(60);

  private final Node node =
      Nodes.node("edge-1", "192.0.2.21", Map.of("line", "a", "site", "north"));

  @Test
  void theHighestPriorityHoldsAndThenTheOneOfMostLabels() {
    var all = profile("all", 0, Map.of());
    var north = profile("north", 0, Map.of("site", "north"));
    var line = profile("line", 0, Map.of("site", "north", "line", "a"));
    var urgent = profile("urgent", 1, Map.of());
    var other = profile("other", 9, Map.of("site", "south"));
    assertThat(chosen(all, other)).isEqualTo("all");
    assertThat(chosen(all, north)).isEqualTo("north");
    assertThat(chosen(line, north, all)).isEqualTo("line");
    assertThat(chosen(line, north, urgent)).isEqualTo("urgent");
    assertThat(chosen(other)).isEqualTo("none");
  }

  @Test
  void whereNothingDecidesNoneIsChosenAndAllAreTold() {
    var choice =
        NodeProfiles.of(
            node,
            List.of(
                profile("all", 0, Map.of()),
                profile("north", 0, Map.of("site", "north")),
                profile("line", 0, Map.of("line", "a"))));
    assertThat(choice).isEqualTo(new Choice(Optional.empty(), List.of("line", "north")));
  }

  @Test
  void aFileIsNewOnlyWhereItsSettingsAre() {
    var first = NodeProfiles.file(Optional.empty(), Optional.of(settings("a", "x")), NOW);
    assertThat(first.flatMap(NodeProfiles::since)).contains(NOW);
    var same = NodeProfiles.file(first, Optional.of(settings("b", "x")), LATER);
    assertThat(same).isEqualTo(first);
    var changed = NodeProfiles.file(first, Optional.of(settings("a", "y")), LATER);
    assertThat(changed.flatMap(NodeProfiles::since)).contains(LATER);
    assertThat(changed.orElseThrow()).contains("\"y\"");
  }

  @Test
  void whereNoProfileHoldsAnyMoreThereIsAFileWithoutSettings() {
    assertThat(NodeProfiles.file(Optional.empty(), Optional.empty(), NOW)).isEmpty();
    var was = NodeProfiles.file(Optional.empty(), Optional.of(settings("a", "x")), NOW);
    var is = NodeProfiles.file(was, Optional.empty(), LATER);
    assertThat(is.flatMap(NodeProfiles::since)).contains(LATER);
    assertThat(is.orElseThrow()).contains("\"dayu\":{}");
    assertThat(NodeProfiles.file(is, Optional.empty(), LATER.plusSeconds(9))).isEqualTo(is);
  }

  @Test
  void whatSomebodyElseHasWrittenIsWrittenAnew() {
    assertThat(NodeProfiles.since("no file of ours")).isEmpty();
    assertThat(NodeProfiles.since("{\"since\": \"yesterday\"}")).isEmpty();
    assertThat(
            NodeProfiles.file(Optional.of("no file"), Optional.of(settings("a", "x")), NOW)
                .flatMap(NodeProfiles::since))
        .contains(NOW);
  }

  private String chosen(Profile... profiles) {
    var choice = NodeProfiles.of(node, List.of(profiles));
    assertThat(choice.rivals()).isEmpty();
    return choice.profile().map(Profile::name).orElse("none");
  }

  private static Profile profile(String name, int priority, Map<String, String> selector) {
    return new Profile(
        name, selector, priority, Optional.empty(), JsonNodeFactory.instance.objectNode());
  }

  private static Profile settings(String name, String site) {
    JsonNode settings =
        JsonNodeFactory.instance
            .objectNode()
            .set("node", JsonNodeFactory.instance.objectNode().put("site", site));
    return new Profile(name, Map.of(), 0, Optional.empty(), settings);
  }
}
