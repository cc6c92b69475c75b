package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class LinkServerStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  /** In the names of the threads on which the server runs, and not its links. */
  private static final String BLOCKING = "blocking-io";

  private record Stop(ActorRef<String> replyTo) {}

  private ActorTestKit kit;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void aConnectionThatWaitsInItsMailboxIsClosedWhenItStops() throws Exception {
    var held = new AtomicBoolean();
    var busy = new CountDownLatch(1);
    var release = new CountDownLatch(1);
    var started = kit.<LinkServer.Started>createTestProbe();
    var server =
        LinkServer.create(
            FlowKit.links(""),
            Optional.empty(),
            FlowKit.memory(512),
            ANY,
            kit.<LinkServer.Lookup>createTestProbe().getRef(),
            kit.<LinkServer.Untold>createTestProbe().getRef(),
            started.getRef(),
            () -> {
              if (held.get() && Thread.currentThread().getName().contains(BLOCKING)) {
                busy.countDown();
                awaited(release);
              }
              return System.nanoTime();
            });
    var parent = kit.spawn(parent(server));
    var address = ((LinkServer.Bound) started.receiveMessage(SOON)).address();
    held.set(true);
    try (var first = new Socket(address.getAddress(), address.getPort())) {
      assertThat(busy.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue(); // with the first one
      try (var second = new Socket(address.getAddress(), address.getPort())) {
        second.setSoTimeout((int) SOON.toMillis());
        awaitAccepted();
        var stopping = kit.<String>createTestProbe();
        parent.tell(new Stop(stopping.getRef()));
        stopping.receiveMessage(SOON);
        release.countDown();
        assertThat(second.getInputStream().read()).isEqualTo(-1);
      }
      assertThat(first.isConnected()).isTrue();
    } finally {
      release.countDown();
    }
  }

  /** Stops its child when it is asked to, and answers when the child will take nothing more. */
  private static Behavior<Stop> parent(Behavior<LinkServer.Command> server) {
    return Behaviors.setup(
        context -> {
          var child = context.spawn(server, "server", DispatcherSelector.blocking());
          return Behaviors.receiveMessage(
              stop -> {
                context.stop(child);
                stop.replyTo().tell("stopping");
                return Behaviors.same();
              });
        });
  }

  /**
   * Returns when all that have connected until now are accepted: they are among those that the
   * thread of the sockets handles together with one that connects after them, or before it.
   */
  private void awaitAccepted() throws IOException {
    var sockets = Sockets.get(kit.system());
    var another = new Semaphore(0);
    var port =
        sockets.listen(
            ANY,
            1,
            (channel, from) -> {
              sockets.close(channel);
              another.release();
            });
    var to = (InetSocketAddress) port.getLocalAddress();
    try (var socket = new Socket(to.getAddress(), to.getPort())) {
      assertThat(another.tryAcquire(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
      var handled = new CompletableFuture<Void>();
      sockets.execute(() -> handled.complete(null));
      assertThat(handled).succeedsWithin(SOON);
      assertThat(socket.isConnected()).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } finally {
      sockets.close(port);
    }
  }

  private static void awaited(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
