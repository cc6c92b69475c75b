package io.dayu.k8s.desired;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** What holds whatever happens to nodes, pods and templates while members are replaced. */
class RollOutPropertyTest {
  @Property
  void neverTwoAtOnceAndNeverOneThatIsAwayOrHeld(
      @ForAll @IntRange(min = 1, max = 6) int nodes,
      @ForAll @Size(max = 80) List<@IntRange(min = 0, max = 99) Integer> events) {
    var model = new RollOutModel(nodes);
    play(model, events);
    assertThat(model.wrong).isEmpty();
  }

  @Property
  void allComeToTheNewestRevisionOnceNothingIsInTheWay(
      @ForAll @IntRange(min = 1, max = 6) int nodes,
      @ForAll @Size(max = 80) List<@IntRange(min = 0, max = 99) Integer> events) {
    var model = new RollOutModel(nodes);
    play(model, events);
    // What had stopped goes on with another template.
    model.changeTemplate();
    for (int i = 0; i < 10 * nodes + 10 && !model.allAreNewestAndReady(); i++) {
      model.heal();
      model.pass(Duration.ofSeconds(1));
      model.step();
    }
    assertThat(model.allAreNewestAndReady()).isTrue();
    assertThat(model.wrong).isEmpty();
  }

  private static void play(RollOutModel model, List<Integer> events) {
    for (int event : events) {
      int node = event / 10;
      switch (event % 10) {
        case 0 -> model.toggleAway(node);
        case 1 -> model.toggleHeld(node);
        case 2 -> model.changeTemplate();
        case 3 -> model.crash(node);
        case 4 -> model.pass(Duration.ofSeconds(5 + node * 8L));
        case 5 -> model.paused = !model.paused;
        default -> model.goOn(node);
      }
      model.step();
    }
  }
}
