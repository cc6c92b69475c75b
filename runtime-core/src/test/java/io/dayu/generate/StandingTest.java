package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.NodeReport.StreamState;
import net.jqwik.api.Example;

final class StandingTest {
  private final Unsettled unsettled = new Unsettled();
  private final Standing standing = new Standing(unsettled);

  @Example
  void anotherStateIsAwaitedUntilItIsTold() {
    assertThat(standing.isAwaited()).isFalse();
    standing.is(StreamState.RUNNING);
    assertThat(standing.isAwaited()).isTrue();
    standing.told();
    assertThat(standing.isAwaited()).isFalse();
  }

  @Example
  void theFirstThatIsSettledIsAwaitedAndAgainAfterAPause() {
    standing.moves();
    assertThat(standing.isAwaited()).isTrue();
    standing.told();
    standing.moves();
    assertThat(standing.isAwaited()).isFalse();
    standing.resumes(StreamState.STARTING);
    standing.told();
    standing.moves();
    assertThat(standing.isAwaited()).isTrue();
  }

  @Example
  void thatNothingOfAPausedOneIsInFlightIsAwaited() {
    unsettled.add(
        GenerateKit.fresh(0, 1).element(), GenerateKit.NOW, GenerateKit.fresh(0, 1).span());
    standing.is(StreamState.PAUSED);
    standing.told();
    assertThat(standing.isAwaited()).isFalse();
    unsettled.dropNewest();
    assertThat(standing.isAwaited()).isTrue();
    standing.told();
    assertThat(standing.isAwaited()).isFalse();
  }

  @Example
  void aProblemGoesOnlyWhenItIsTheOneThatIsSolved() {
    standing.has("no route to camera");
    standing.solved("waits for a thread");
    assertThat(standing.problem()).contains("no route to camera");
    standing.solved("no route to camera");
    assertThat(standing.problem()).isEmpty();
  }
}
