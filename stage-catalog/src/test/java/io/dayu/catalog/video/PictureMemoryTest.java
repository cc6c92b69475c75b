package io.dayu.catalog.video;

import static io.dayu.catalog.Samples.element;
import static io.dayu.catalog.Samples.frames;
import static io.dayu.catalog.Samples.jpeg;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dayu.pipeline.Catalog;
import io.dayu.stage.NativeMemory;
import io.dayu.stage.Outcome;
import io.dayu.stage.testkit.StageTestKit;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PictureMemoryTest {
  private static final long MIB = 1 << 20;

  @Test
  void whatNeverFitsFailsForGoodAndWhatDoesNotFitNowIsTriedAgain() throws Exception {
    var memory = new PictureMemory(100 * MIB, 1);
    assertThatThrownBy(() -> memory.take(101 * MIB))
        .isInstanceOfSatisfying(BadFrameException.class, e -> assertThat(e.retryable()).isFalse())
        .hasMessageContainingAll("101 MB", "100 MB", "make it smaller");
    memory.take(60 * MIB);
    assertThat(memory.used()).isEqualTo(60 * MIB);
    assertThatThrownBy(() -> memory.take(41 * MIB))
        .isInstanceOfSatisfying(BadFrameException.class, e -> assertThat(e.retryable()).isTrue())
        .hasMessageContainingAll("41 MB", "0.001 s");
    memory.take(40 * MIB);
    memory.free(60 * MIB);
    memory.take(41 * MIB);
  }

  @Test
  void aStageWaitsForTheMemoryThatOtherPicturesHaveAndGivesBackItsOwn() throws Exception {
    var memory = PictureMemory.SHARED;
    var photo = element(1, frames(jpeg("car1.jpg"), jpeg("car1.jpg")));
    var bad = element(2, frames(jpeg("car1.jpg").substring(0, 100_000)));
    try (var run = StageTestKit.start(new ExposureIdentification(), Map.of())) {
      assertThat(run.process(photo)).isInstanceOf(Outcome.Output.class);
      memory.take(memory.limit());
      CompletableFuture<Outcome> outcome;
      try {
        outcome = CompletableFuture.supplyAsync(() -> run.process(photo));
        await().during(Duration.ofMillis(300)).until(() -> !outcome.isDone());
      } finally {
        memory.free(memory.limit());
      }
      assertThat(outcome.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Output.class);
      assertThat(run.process(bad)).isInstanceOf(Outcome.Failed.class);
    }
    assertThat(memory.used()).isZero();
  }

  @Test
  void nodesFindWhatDecodersMayTakeOutsideOfTheHeap() {
    assertThat(Catalog.load(List.of()).memory())
        .allSatisfy(part -> assertThat(part.limit()).isGreaterThan(part.used()))
        .extracting(NativeMemory::part)
        .containsExactly("pictures", "video-decoders");
  }
}
