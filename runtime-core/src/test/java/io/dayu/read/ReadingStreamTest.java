package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.element.Reading;
import io.dayu.link.FlowKit;
import io.dayu.source.Knobs;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceEnd;
import java.net.URI;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class ReadingStreamTest {
  private static final ActorTestKit KIT = FlowKit.start();

  @AfterAll
  static void shutDown() {
    KIT.shutdownTestKit();
  }

  /** Data whose end comes when it is closed, which takes until the end was read. */
  private static final class Endless implements Records {
    private final CountDownLatch waiting = new CountDownLatch(1);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final CountDownLatch readOn = new CountDownLatch(1);
    private final CompletableFuture<Boolean> closedInTime = new CompletableFuture<>();
    private long reads;

    @Override
    public Optional<Entry> next() {
      try {
        if (++reads == 2) {
          waiting.countDown();
          closing.await();
        }
        if (reads == 3) readOn.countDown();
        return Optional.of(new Entry.Good(Reading.getDefaultInstance()));
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public String expected() {
      return "nothing";
    }

    @Override
    public void close() {
      closing.countDown();
      try {
        closedInTime.complete(readOn.await(10, TimeUnit.SECONDS));
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Test
  void dataThatIsBeingClosedMayWaitForWhoReadsIt() throws Exception {
    var data = new Endless();
    var context =
        new SourceContext(
            URI.create("data:x"), 0, () -> new Knobs(java.util.Map.of("segment", 3.0)));
    var segments =
        ReadingStream.of("data", context, new SourceEnd(), false, OnBad.STOP, () -> data)
            .runWith(Sink.queue(1), KIT.system());
    assertThat(data.waiting.await(20, TimeUnit.SECONDS)).isTrue();
    segments.cancel();
    assertThat(data.closedInTime.get(20, TimeUnit.SECONDS)).isTrue();
  }
}
