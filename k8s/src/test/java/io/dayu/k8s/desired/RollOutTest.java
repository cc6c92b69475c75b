package io.dayu.k8s.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.k8s.desired.RollOut.Phase;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RollOutTest {
  private final RollOutModel model = new RollOutModel(3);

  @Test
  void oneIsReplacedAfterTheOtherAndThenItIsComplete() {
    assertThat(model.step().phase()).isEqualTo(Phase.COMPLETE);
    model.changeTemplate();
    for (var node : new String[] {"n1", "n2", "n3"}) {
      assertThat(model.step().phase()).isEqualTo(Phase.REPLACING);
      assertThat(model.deleted).last().isEqualTo(node);
      replace(node);
    }
    assertThat(model.step().phase()).isEqualTo(Phase.COMPLETE);
    assertThat(model.deleted).hasSize(3);
  }

  @Test
  void oneThatIsAwayOrHeldIsLeftOutAndDoneLater() {
    model.changeTemplate();
    model.setAway("n1", true);
    model.setHeld("n2", true);
    model.step();
    assertThat(model.deleted).containsExactly("n3");
    replace("n3");
    assertThat(model.step().phase()).isEqualTo(Phase.LEFT_OUT);
    model.setAway("n1", false);
    model.step();
    replace("n1");
    assertThat(model.step().phase()).isEqualTo(Phase.LEFT_OUT);
    model.setHeld("n2", false);
    model.step();
    assertThat(model.deleted).containsExactly("n3", "n1", "n2");
  }

  @Test
  void oneThatDoesNotBecomeReadyStopsItUntilTheTemplateChanges() {
    model.changeTemplate();
    model.step();
    model.goOn("n1");
    model.goOn("n1");
    model.pass(RollOutModel.DEADLINE);
    assertThat(model.step().phase()).isEqualTo(Phase.REPLACING);
    model.pass(Duration.ofSeconds(1));
    var stopped = model.step();
    assertThat(stopped.phase()).isEqualTo(Phase.STOPPED);
    assertThat(stopped.says()).contains("node n1", "60 s", "not ready: why");
    // Even if it is ready at last: it may be so for a moment only.
    model.goOn("n1");
    assertThat(model.step().phase()).isEqualTo(Phase.STOPPED);
    model.changeTemplate();
    assertThat(model.step().phase()).isEqualTo(Phase.REPLACING);
    assertThat(model.deleted).containsExactly("n1", "n1");
  }

  @Test
  void oneThatWasNotReadyBeforeStopsNothingAndIsFirst() {
    model.setReady("n2", false);
    model.changeTemplate();
    model.step();
    assertThat(model.deleted).containsExactly("n2");
    model.goOn("n2");
    model.goOn("n2");
    model.pass(RollOutModel.DEADLINE.plusSeconds(1));
    assertThat(model.step().phase()).isEqualTo(Phase.REPLACING);
    assertThat(model.deleted).containsExactly("n2", "n1");
  }

  @Test
  void oneHasToStayReadyForAsLongAsIsSaid() {
    model.settle = Duration.ofSeconds(10);
    model.changeTemplate();
    model.step();
    replace("n1");
    model.step();
    model.pass(Duration.ofSeconds(9));
    model.setReady("n1", false);
    model.step();
    model.setReady("n1", true);
    model.step();
    model.pass(Duration.ofSeconds(9));
    model.step();
    assertThat(model.deleted).containsExactly("n1");
    model.pass(Duration.ofSeconds(1));
    model.step();
    assertThat(model.deleted).containsExactly("n1", "n2");
  }

  @Test
  void ofThreeThatDecideTogetherTwoStay() {
    model.majorityOf = 3;
    model.changeTemplate();
    model.setAway("n3", true);
    assertThat(model.step().phase()).isEqualTo(Phase.WAITING);
    assertThat(model.deleted).isEmpty();
    model.setAway("n3", false);
    assertThat(model.step().phase()).isEqualTo(Phase.REPLACING);
  }

  @Test
  void oneThatWasChosenIsNotDeletedOnceItsNodeIsAway() {
    model.changeTemplate();
    model.paused = true;
    assertThat(model.step().phase()).isEqualTo(Phase.PAUSED);
    assertThat(model.deleted).isEmpty();
    model.paused = false;
    model.setAway("n1", true);
    model.step();
    assertThat(model.deleted).containsExactly("n2");
  }

  @Test
  void aTemplateThatChangesMeanwhileIsGivenToTheOneOnItsWayFirst() {
    model.changeTemplate();
    model.step();
    model.goOn("n1");
    model.goOn("n1");
    model.changeTemplate();
    model.step();
    assertThat(model.deleted).containsExactly("n1", "n1");
  }

  private void replace(String node) {
    for (int i = 0; i < 3; i++) model.goOn(node);
    assertThat(model.isNewest(node)).isTrue();
  }
}
