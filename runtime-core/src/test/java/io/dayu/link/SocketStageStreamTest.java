package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.testkit.javadsl.TestSink;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class SocketStageStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final ByteString MEGABYTE = ByteString.fromArray(new byte[1 << 20]);

  private ActorTestKit kit;
  private Sockets sockets;
  private ServerSocket port;

  @BeforeEach
  void start() throws IOException {
    kit = FlowKit.start();
    sockets = Sockets.get(kit.system());
    port = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    port.setSoTimeout(Math.toIntExact(SOON.toMillis()));
  }

  @AfterEach
  void stop() throws IOException {
    port.close();
    kit.shutdownTestKit();
  }

  private InetSocketAddress address() {
    return (InetSocketAddress) port.getLocalSocketAddress();
  }

  private Flow<ByteString, ByteString, NotUsed> connection() {
    return connection(SocketStage.Reader.bytes());
  }

  private <T> Flow<ByteString, T, NotUsed> connection(SocketStage.Reader<T> reader) {
    return Flow.fromGraph(SocketStage.to(address(), SOON, sockets, reader));
  }

  private Socket accept() throws IOException {
    var peer = port.accept();
    peer.setSoTimeout(Math.toIntExact(SOON.toMillis()));
    return peer;
  }

  @Test
  void whatThePeerDoesNotReadIsNotTakenAndAllArrives() throws IOException {
    int all = 64;
    var taken = new AtomicLong();
    var end =
        Source.repeat(MEGABYTE)
            .take(all)
            .map(
                bytes -> {
                  taken.incrementAndGet();
                  return bytes;
                })
            .via(connection())
            .runWith(Sink.ignore(), kit.system());
    try (var peer = accept()) {
      var read = peer.getInputStream().readNBytes(1 << 20);
      assertThat(read).hasSize(1 << 20);
      // The kernel keeps at most some 4 MB at the sender and 33 MB at the reader.
      assertThat(taken).hasValueLessThan(all);
      long left = 0;
      var buffer = new byte[1 << 16];
      for (int n = 0; n >= 0; n = peer.getInputStream().read(buffer)) left += n;
      assertThat(left).isEqualTo((all - 1L) << 20);
    }
    assertThat(end.toCompletableFuture()).succeedsWithin(SOON);
  }

  @Test
  void littleMoreIsReadThanIsWanted() throws IOException {
    long all = 4 << 20;
    var read = new AtomicLong();
    var sink =
        Source.<ByteString>maybe()
            .via(
                connection(
                    buffer -> {
                      int length = buffer.remaining();
                      buffer.position(buffer.limit());
                      read.addAndGet(length);
                      return length;
                    }))
            .runWith(TestSink.<Integer>create(kit.system().classicSystem()), kit.system());
    try (var peer = accept()) {
      var sent =
          CompletableFuture.runAsync(
              () -> {
                try {
                  for (long n = 0; n < all; n += 1 << 20)
                    peer.getOutputStream().write(new byte[1 << 20]);
                } catch (IOException e) {
                  throw new CompletionException(e);
                }
              });
      sink.ensureSubscription();
      for (long taken = 0; taken < all; ) {
        assertThat(read.get() - taken).isLessThanOrEqualTo(256 << 10);
        sink.request(1);
        taken += sink.expectNext();
      }
      assertThat(sent).succeedsWithin(SOON);
    }
  }

  @Test
  void whatAReaderLeavesItGetsAgain() throws IOException {
    var looks = new ArrayList<Integer>();
    var came =
        Source.<ByteString>maybe()
            .via(
                connection(
                    buffer -> {
                      looks.add(buffer.remaining());
                      if (looks.size() <= 2) return "none"; // and leaves all
                      var bytes = new byte[buffer.remaining()];
                      buffer.get(bytes);
                      return new String(bytes, StandardCharsets.US_ASCII);
                    }))
            .filter(what -> !what.equals("none"))
            .runWith(Sink.head(), kit.system());
    try (var peer = accept()) {
      peer.getOutputStream().write(new byte[] {'d', 'a', 'y', 'u'});
      assertThat(came.toCompletableFuture()).succeedsWithin(SOON).isEqualTo("dayu");
    }
    assertThat(looks).containsExactly(4, 4, 4);
  }

  @Test
  void thePeerMayAnswerAfterTheInputHasEnded() throws IOException {
    var answer =
        Source.single(ByteString.fromString("question"))
            .via(connection())
            .runWith(Sink.fold(ByteString.emptyByteString(), ByteString::concat), kit.system());
    try (var peer = accept()) {
      assertThat(peer.getInputStream().readAllBytes()).asString().isEqualTo("question");
      peer.getOutputStream().write(new byte[] {'4', '2'});
    }
    assertThat(answer.toCompletableFuture())
        .succeedsWithin(SOON)
        .extracting(ByteString::utf8String)
        .isEqualTo("42");
  }

  @Test
  void anAcceptedConnectionIsClosedForBothWhenItsInputEnds() throws IOException {
    var accepted = new CompletableFuture<SocketChannel>();
    var listening =
        sockets.listen(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            10,
            (channel, from) -> accepted.complete(channel));
    try (var peer = new Socket()) {
      peer.connect(listening.getLocalAddress());
      peer.setSoTimeout(Math.toIntExact(SOON.toMillis()));
      assertThat(accepted).succeedsWithin(SOON);
      var end =
          Source.single(ByteString.fromString("bye"))
              .via(
                  Flow.fromGraph(
                      SocketStage.of(accepted.join(), sockets, SocketStage.Reader.bytes())))
              .runWith(Sink.ignore(), kit.system());
      assertThat(end.toCompletableFuture()).succeedsWithin(SOON); // though the peer stays
      assertThat(peer.getInputStream().readAllBytes()).asString().isEqualTo("bye");
    } finally {
      sockets.close(listening);
    }
  }

  @Test
  void aFailureOfTheInputResetsTheConnection() throws IOException {
    var ends = Source.<ByteString>queue(1).via(connection()).toMat(Sink.ignore(), Keep.both());
    var run = ends.run(kit.system());
    try (var peer = accept()) {
      run.first().offer(ByteString.fromString("x"));
      assertThat(peer.getInputStream().read()).isEqualTo('x');
      run.first().fail(new LinkException("the test ends it"));
      assertThatThrownBy(() -> peer.getInputStream().read()).isInstanceOf(IOException.class);
    }
    assertThat(problem(run.second())).hasMessage("the test ends it");
  }

  @Test
  void aResetByThePeerFailsTheStage() throws IOException {
    var end =
        Source.single(ByteString.fromString("x"))
            .concat(Source.maybe())
            .via(connection())
            .runWith(Sink.ignore(), kit.system());
    try (var peer = accept()) {
      assertThat(peer.getInputStream().read()).isEqualTo('x'); // it knows that it is connected
      peer.setSoLinger(true, 0);
    }
    assertThat(problem(end))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(SocketStage.BROKE);
  }

  @Test
  void whereNobodyListensTheStageFails() throws IOException {
    port.close();
    var end = Source.<ByteString>maybe().via(connection()).runWith(Sink.ignore(), kit.system());
    assertThat(problem(end)).isInstanceOf(ConnectException.class);
  }

  @Test
  void whereNobodyAnswersTheStageFailsAfterItsPatience() throws IOException {
    try (var full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        var fill = new Connections(full)) {
      fill.untilNoneIsAnswered();
      var address = (InetSocketAddress) full.getLocalSocketAddress();
      var connecting =
          SocketStage.to(address, Duration.ofMillis(200), sockets, SocketStage.Reader.bytes());
      var end = Source.<ByteString>maybe().via(connecting).runWith(Sink.ignore(), kit.system());
      assertThat(problem(end))
          .isInstanceOf(SocketTimeoutException.class)
          .hasMessage("no answer within 200 ms");
    }
  }

  @Test
  void anErrorInTheThreadOfTheSocketsEndsTheSystemAndIsTold() throws IOException {
    try (var logs = Logs.of(Sockets.class)) {
      Source.<ByteString>maybe()
          .via(
              connection(
                  (ByteBuffer buffer) -> {
                    throw new AssertionError("the test breaks it");
                  }))
          .runWith(Sink.ignore(), kit.system());
      try (var peer = accept()) {
        peer.getOutputStream().write(1);
        assertThat(kit.system().getWhenTerminated().toCompletableFuture()).succeedsWithin(SOON);
      }
      assertThat(logs.has(Level.ERROR, "cannot be waited for any more")).isTrue();
    }
  }

  @Test
  void whatAReaderThrowsFailsTheStage() throws IOException {
    var end =
        Source.<ByteString>maybe()
            .via(
                connection(
                    (ByteBuffer buffer) -> {
                      throw new LinkException("no frame");
                    }))
            .runWith(Sink.ignore(), kit.system());
    try (var peer = accept()) {
      peer.getOutputStream().write(1);
      assertThat(problem(end)).isInstanceOf(LinkException.class).hasMessage("no frame");
    }
  }

  /** Connections that a port has room for and nobody accepts; with more, it does not answer. */
  private record Connections(ServerSocket port, List<Socket> open) implements AutoCloseable {
    Connections(ServerSocket port) {
      this(port, new ArrayList<>());
    }

    void untilNoneIsAnswered() throws IOException {
      while (open.size() < 100) {
        var next = new Socket();
        open.add(next);
        try {
          next.connect(port.getLocalSocketAddress(), 500);
        } catch (SocketTimeoutException full) {
          return;
        }
      }
      throw new AssertionError("the port takes any number of connections");
    }

    @Override
    public void close() throws IOException {
      for (var socket : open) socket.close();
    }
  }

  private static Throwable problem(CompletionStage<?> end) {
    return end.handle((done, error) -> error)
        .toCompletableFuture()
        .orTimeout(SOON.toSeconds(), TimeUnit.SECONDS)
        .join();
  }
}
