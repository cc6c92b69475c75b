package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dayu.deliver.StoredResult;
import io.dayu.element.Element;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class LiveResultsTest {
  private static final ActorSystem<Void> SYSTEM = ActorSystem.create(Behaviors.empty(), "live");

  private final LiveResults live = new LiveResults();

  @AfterAll
  static void stop() {
    SYSTEM.terminate();
  }

  private static List<StoredResult> results(String stream, long from, long to) {
    return LongStream.range(from, to)
        .mapToObj(seq -> Element.newBuilder().setStream(stream).setSeq(seq).build())
        .map(element -> new StoredResult(element, false))
        .toList();
  }

  @Test
  void everyWatcherHearsItsPipelineOnly() {
    var street = new CopyOnWriteArrayList<String>();
    var others = new CopyOnWriteArrayList<String>();
    live.watch("street").runForeach(r -> street.add(r.element().getStream()), SYSTEM);
    live.watch("street-2").runForeach(r -> others.add(r.element().getStream()), SYSTEM);
    live.publish(results("street/a", 0, 2));
    live.publish(results("street-2/a", 0, 1));
    live.publish(results("street/b", 0, 1));
    await().until(() -> street.size() == 3 && others.size() == 1);
    assertThat(street).containsExactly("street/a", "street/a", "street/b");
    assertThat(others).containsExactly("street-2/a");
  }

  @Test
  void aWatcherThatDoesNotKeepUpMissesResultsAndHoldsNobodyUp() throws Exception {
    var slow = live.watch("street").toMat(Sink.queue(), Keep.right()).run(SYSTEM);
    live.publish(results("street/a", 0, 10_000));
    for (long seq = 0; seq < 100; seq++) {
      var result = slow.pull().toCompletableFuture().get(5, TimeUnit.SECONDS).orElseThrow();
      assertThat(result.element().getSeq()).isEqualTo(seq);
    }
    slow.cancel();
    live.publish(results("street/a", 10_000, 20_000)); // nobody watches any more
  }
}
