package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import net.jqwik.api.Example;

final class StreamEndTest {
  private static final long NOW = GenerateKit.NOW;
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final StreamEnd end = new StreamEnd(GenerateKit.settings("drain = 10s, finish = 3s"));

  @Example
  void aStreamThatIsReadIsNeverOverdue() {
    assertThat(end.isReading()).isTrue();
    assertThat(end.isOverdue(NOW + 1_000 * SECOND)).isFalse();
  }

  @Example
  void eachKindOfEndHasAPatienceOfItsOwn() {
    assertThat(end.drain(NOW)).isTrue();
    assertThat(end.isOverdue(NOW + 10 * SECOND)).isFalse();
    assertThat(end.isOverdue(NOW + 10 * SECOND + 1)).isTrue();
    assertThat(end.patience()).isEqualTo("10 s (dayu.generate.drain)");
    var other = new StreamEnd(GenerateKit.settings("drain = 10s, finish = 3s"));
    assertThat(other.finish(NOW)).isTrue();
    assertThat(other.isOverdue(NOW + 3 * SECOND + 1)).isTrue();
    assertThat(other.patience()).isEqualTo("3 s (dayu.generate.finish)");
  }

  @Example
  void aStreamThatIsDrainedWhileTheNodeStopsKeepsItsDeadline() {
    end.finish(NOW);
    assertThat(end.drain(NOW + SECOND)).isTrue();
    assertThat(end.isDraining()).isTrue();
    assertThat(end.isOverdue(NOW + 3 * SECOND + 1)).isTrue();
    assertThat(end.drain(NOW + 2 * SECOND)).as("is known").isFalse();
  }

  @Example
  void aStreamThatIsDrainedDrainsOnWhenTheNodeStops() {
    end.drain(NOW);
    assertThat(end.finish(NOW + SECOND)).isFalse();
    assertThat(end.isDraining()).isTrue();
    assertThat(end.isOverdue(NOW + 5 * SECOND)).isFalse();
  }
}
