package io.dayu.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.element.Media;
import io.dayu.source.Segment;
import io.dayu.source.SourceException;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class BlockingReaderStreamTest {
  private static final ActorTestKit KIT = ActorTestKit.create();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void aReaderInTheMiddleOfACallIsToldThatNobodyListensAndIsClosed() throws Exception {
    var reading = new CountDownLatch(1);
    var closed = new CountDownLatch(1);
    var running =
        BlockingReader.source(stop -> new Endless(stop, reading, closed))
            .viaMat(KillSwitches.single(), Keep.right())
            .to(Sink.ignore())
            .run(KIT.system());
    assertThat(reading.await(60, TimeUnit.SECONDS)).isTrue();
    running.shutdown();
    assertThat(closed.await(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void everyRunOfABlueprintHasItsOwnStop() throws Exception {
    var source =
        BlockingReader.source(
            stop ->
                new Endless(stop, new CountDownLatch(1), new CountDownLatch(1)) {
                  @Override
                  public Optional<Segment> next() {
                    return Optional.of(
                        new Segment(Media.getDefaultInstance(), stop.asked() ? 1 : 0));
                  }
                });
    for (var run = 0; run < 2; run++)
      assertThat(
              source
                  .take(1)
                  .runWith(Sink.head(), KIT.system())
                  .toCompletableFuture()
                  .get(60, TimeUnit.SECONDS)
                  .position())
          .isZero();
  }

  @Test
  void memoryThatNativesAreRefusedFailsTheStreamAndSparesTheNode() {
    var refused =
        BlockingReader.source(
            stop -> {
              throw new OutOfMemoryError(
                  "Physical memory usage is too high: physicalBytes (1200M) > maxPhysicalBytes (1024M)");
            });
    assertThatThrownBy(
            () ->
                refused
                    .runWith(Sink.ignore(), KIT.system())
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS))
        .cause()
        .isInstanceOfSatisfying(
            SourceException.class, e -> assertThat(e.permanent()).as("permanent").isFalse())
        .hasMessageContaining("Physical memory usage is too high");
    assertThat(KIT.system().whenTerminated().isCompleted()).isFalse();
  }

  private static class Endless implements BlockingReader {
    private final Stop stop;
    private final CountDownLatch reading;
    private final CountDownLatch closed;

    private Endless(Stop stop, CountDownLatch reading, CountDownLatch closed) {
      this.stop = stop;
      this.reading = reading;
      this.closed = closed;
    }

    @Override
    public Optional<Segment> next() {
      reading.countDown();
      stop.await(TimeUnit.DAYS.toMicros(1));
      return Optional.empty();
    }

    @Override
    public void close() {
      closed.countDown();
    }
  }
}
