package io.dayu.generate;

import com.typesafe.config.ConfigFactory;
import io.dayu.source.Repeat;
import io.dayu.source.SourceContext;
import java.net.URI;
import java.util.concurrent.CountDownLatch;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.LoggingTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** A node whose sources have one thread. */
class FeedThreadsTest {
  private static final ActorTestKit KIT =
      ActorTestKit.create(
          ManualTime.config()
              .withFallback(
                  ConfigFactory.parseString(
                      SourceContext.BLOCKING_DISPATCHER
                          + ".thread-pool-executor.fixed-pool-size = 1"))
              .withFallback(ConfigFactory.load()));
  private static final ManualTime TIME = ManualTime.get(KIT.system());

  private final CountDownLatch over = new CountDownLatch(1);

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void aSourceThatWaitsForAThreadIsTold() {
    KIT.system()
        .dispatchers()
        .lookup(DispatcherSelector.fromConfig(SourceContext.BLOCKING_DISPATCHER))
        .execute(this::silent);
    try {
      LoggingTestKit.warn(GenerateKit.STREAM + " waits for a thread")
          .withMessageContains(
              "raise " + SourceContext.BLOCKING_DISPATCHER + ".thread-pool-executor")
          .expect(
              KIT.system(),
              () -> {
                feed().open(0);
                TIME.timePasses(Feed.THREAD_PATIENCE);
                return null;
              });
    } finally {
      over.countDown();
    }
  }

  private void silent() {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Feed feed() {
    var settings = GenerateKit.settings("");
    var provider = GenerateKit.source(true, Repeat.NONE, context -> Source.never());
    return new Feed(
        KIT.system(),
        KIT.<Feed.Event>createTestProbe().ref(),
        settings.maxWindow(),
        new Feed.Origin(GenerateKit.STREAM, URI.create("fake:cam"), provider),
        GenerateKit.steady(settings));
  }
}
