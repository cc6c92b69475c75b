package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Collections;
import org.junit.jupiter.api.Test;

class PlacementTest {
  private static String decision(int version, String detect, String count) {
    return """
    {"stream": "p/a", "version": %d, "at": "", "reason": "r%d", "route": {"detect": [%s], "count": [%s]}}
    """
        .formatted(version, version, detect, count);
  }

  private static String on(String node, int weight) {
    return "{\"node\": \"%s\", \"weight\": %d}".formatted(node, weight);
  }

  private static java.util.List<Placement> read(String... decisions) throws Exception {
    var newestFirst = new ArrayList<>(java.util.List.of(decisions));
    Collections.reverse(newestFirst);
    return Placement.byStream(new ObjectMapper().readTree(newestFirst.toString())).get("p/a");
  }

  @Test
  void aDecisionThatMovesTwoStagesIsOneChangeAndTheFirstIsNone() throws Exception {
    var decisions =
        read(
            decision(1, on("e1", 1), on("e1", 1)),
            decision(2, on("e1", 1), on("e1", 1)),
            decision(3, on("e2", 1), on("c", 1)),
            decision(4, on("e1", 1), on("c", 1)));
    assertThat(Placement.changes(decisions)).isEqualTo(2);
    assertThat(Placement.moves(decisions)).hasSize(3);
  }

  @Test
  void orderAndScaleOfSharesAreNoChange() throws Exception {
    var decisions =
        read(
            decision(1, on("e1", 1) + "," + on("e2", 3), on("c", 1)),
            decision(2, on("e2", 6) + "," + on("e1", 2), on("c", 5)));
    assertThat(decisions.get(0).where().get("detect")).isEqualTo("e1 25 % + e2 75 %");
    assertThat(Placement.changes(decisions)).isZero();
  }

  @Test
  void sinceIsTheDecisionThatBroughtItThere() throws Exception {
    var decisions =
        read(
            decision(1, on("e1", 1), on("c", 1)),
            decision(2, on("e2", 1), on("c", 1)),
            decision(3, on("e2", 1), on("e1", 1)));
    assertThat(Placement.since(decisions, "detect").version()).isEqualTo(2);
    assertThat(Placement.since(decisions, "count").version()).isEqualTo(3);
    assertThat(Placement.since(decisions.subList(0, 1), "count").version()).isEqualTo(1);
  }
}
