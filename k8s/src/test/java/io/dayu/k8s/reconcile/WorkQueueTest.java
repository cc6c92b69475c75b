package io.dayu.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkQueueTest {
  private final LinkedBlockingQueue<String> done = new LinkedBlockingQueue<>();

  @Test
  void aKeyThatIsAddedWhileItIsWorkedOnIsDoneOnceMoreAndNeverTwiceAtOnce() throws Exception {
    var begun = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    var inside = new AtomicInteger();
    var most = new AtomicInteger();
    try (var queue =
        new WorkQueue<String>(
            4,
            key -> {
              most.accumulateAndGet(inside.incrementAndGet(), Math::max);
              begun.countDown();
              await(goOn);
              inside.decrementAndGet();
              done.add(key);
              return Optional.empty();
            },
            (key, thrown) -> {})) {
      queue.add("a");
      begun.await();
      queue.add("a");
      queue.add("a");
      queue.add("a");
      goOn.countDown();
      assertThat(next()).isEqualTo("a");
      assertThat(next()).isEqualTo("a");
    }
    assertThat(done).as("three additions meanwhile are one more time").isEmpty();
    assertThat(most).hasValue(1);
  }

  @Test
  void whatThrowsIsTriedAgainUntilItDoesNot() throws Exception {
    var tries = new AtomicInteger();
    try (var queue =
        new WorkQueue<String>(
            1,
            key -> {
              if (tries.incrementAndGet() < 3) throw new IllegalStateException("not yet");
              done.add(key);
              return Optional.empty();
            },
            (key, thrown) -> {})) {
      queue.add("a");
      assertThat(next()).isEqualTo("a");
      assertThat(tries).hasValue(3);
    }
  }

  @Test
  void workIsDoneAgainWhenItAskedForIt() throws Exception {
    var again = new AtomicInteger(2);
    try (var queue =
        new WorkQueue<String>(
            1,
            key -> {
              done.add(key);
              return again.getAndDecrement() > 0
                  ? Optional.of(Duration.ofMillis(1))
                  : Optional.empty();
            },
            (key, thrown) -> {})) {
      queue.add("a");
      for (int i = 0; i < 3; i++) assertThat(next()).isEqualTo("a");
    }
    assertThat(done).isEmpty();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private String next() throws InterruptedException {
    return done.poll(30, TimeUnit.SECONDS);
  }
}
