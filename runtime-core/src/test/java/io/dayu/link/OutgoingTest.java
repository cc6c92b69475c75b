package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A connection whose far end reads only when a test does. */
final class OutgoingTest {
  private static final int ROOM = 16;
  private static final ByteString FRAME = ByteString.fromString("frame");
  private static ActorTestKit kit;

  private final List<LinkException> broken = new ArrayList<>();
  private final BoundedSourceQueue<ByteString> queue;
  private final SinkQueueWithCancel<ByteString> peer;
  private final Outgoing outgoing;

  OutgoingTest() {
    var ends =
        Source.<ByteString>queue(ROOM)
            .toMat(
                Sink.<ByteString>queue().withAttributes(Attributes.inputBuffer(1, 1)), Keep.both())
            .run(kit.system());
    queue = ends.first();
    peer = ends.second();
    outgoing = new Outgoing(queue, ROOM, broken::add);
  }

  @BeforeAll
  static void start() {
    kit = FlowKit.start();
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void aFrameThatFindsNoRoomEndsTheConnectionOnce() throws Exception {
    while (broken.isEmpty()) outgoing.send(FRAME);
    assertThat(broken.get(0)).hasMessageContaining("does not read");
    outgoing.send(FRAME);
    assertThat(broken).hasSize(1);
    assertThat(queue.isCompleted()).isTrue();
    assertThat(endOf(peer).getCause()).isSameAs(broken.get(0));
  }

  @Test
  void whatMayBeLeftOutLeavesRoomForTheRest() {
    int taken = 0;
    while (outgoing.offer(FRAME)) taken++;
    assertThat(taken).isGreaterThanOrEqualTo(ROOM / 2);
    for (int i = 0; i < ROOM / 2; i++) outgoing.send(FRAME);
    assertThat(broken).isEmpty();
  }

  @Test
  void whatWasLeftOutOnceIsTakenAgainWhenThePeerReads() throws Exception {
    while (outgoing.offer(FRAME)) assertThat(queue.isCompleted()).isFalse();
    while (queue.size() > 0) read(peer);
    assertThat(outgoing.offer(FRAME)).isTrue();
  }

  @Test
  void aConnectionThatHasEndedIsNotEndedAgain() {
    outgoing.abort(new LinkException("over"));
    outgoing.send(FRAME);
    assertThat(outgoing.offer(FRAME)).isTrue();
    outgoing.close();
    assertThat(broken).isEmpty();
  }

  private static Throwable endOf(SinkQueueWithCancel<ByteString> peer) throws Exception {
    try {
      while (read(peer).isPresent()) continue;
      throw new AssertionError("ended without a cause");
    } catch (java.util.concurrent.ExecutionException e) {
      return e;
    }
  }

  private static java.util.Optional<ByteString> read(SinkQueueWithCancel<ByteString> peer)
      throws Exception {
    return peer.pull().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }
}
