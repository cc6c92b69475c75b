package io.dayu.catalog.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.catalog.Samples;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.stage.Outcome;
import io.dayu.stage.testkit.StageTestKit;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class IdentityTest {
  @Test
  void anyPayloadYieldsTheSameEmptyOutput() {
    try (var run = StageTestKit.start(new Identity(), Map.of())) {
      var first = run.process(Samples.element(0, Media.getDefaultInstance()));
      var second = run.process(Samples.element(1, Samples.frames()));
      assertThat(first).isSameAs(second);
      assertThat(first)
          .isInstanceOfSatisfying(
              Outcome.Output.class,
              o -> {
                assertThat(MediaType.of(o.media())).isEqualTo(MediaType.OPAQUE);
                assertThat(o.media().getOpaque().isEmpty()).isTrue();
              });
    }
  }

  @Test
  void workTakesTheTimeItSays() {
    try (var run = StageTestKit.start(new Identity(), Map.of("workMs", 50))) {
      var begin = System.nanoTime();
      run.output(Samples.element(0, Media.getDefaultInstance()));
      assertThat(System.nanoTime() - begin)
          .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }
}
