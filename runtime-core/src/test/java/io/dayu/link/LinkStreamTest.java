package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.InstanceName;
import io.dayu.facts.wire.Ack;
import io.dayu.link.wire.Bye;
import io.dayu.link.wire.Credit;
import io.dayu.link.wire.Hello;
import io.dayu.link.wire.Ping;
import io.dayu.pipeline.StreamName;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Links over TCP on the loopback interface. */
final class LinkStreamTest extends LinkContract {
  private static final InstanceName INSTANCE = InstanceName.parse("crossing@1/detect");

  private final Map<String, ActorRef<Acknowledgement>> backs = new ConcurrentHashMap<>();
  private final Map<InstanceName, ActorRef<Inlet.Command>> consumers = new ConcurrentHashMap<>();
  private volatile Gate gate = Gate.OPEN;
  private TestProbe<LinkServer.Untold> untold;

  @BeforeEach
  void listenForWhatIsUntold() {
    untold = kit.createTestProbe();
  }

  @Override
  protected ActorRef<Inlet.Command> inlet(LinkSettings settings) {
    consumers.put(INSTANCE, consumer.ref());
    return sender(settings, listen(settings), kit.<LinkSender.Event>createTestProbe().getRef());
  }

  @Test
  void aPeerOfAnotherVersionIsRefusedWithTheReasonInBothLogs() throws IOException {
    try (var logs = Logs.of(LinkReceiver.class);
        var socket = connect(listen(settings))) {
      write(
          socket,
          Frame.Type.HELLO,
          Hello.newBuilder().setVersion(7).setInstance(INSTANCE.toString()).setNode("edge-9"));
      var bye = Bye.parseFrom(control(socket, Frame.Type.BYE));
      assertThat(bye.getReason()).contains("edge-9", "protocol 7", "this node 1");
      assertThat(bye.getPermanent()).isTrue();
      assertClosed(socket);
      assertThat(logs.has(Level.WARN, "edge-9", "protocol 7")).isTrue();
    }
  }

  @Test
  void aRefusalIsInTheSendersLogOnceAndBacksOff() throws IOException {
    try (var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        var logs = Logs.of(LinkSender.class)) {
      sender(fast(), (InetSocketAddress) server.getLocalSocketAddress(), events().getRef());
      for (int i = 0; i < 3; i++)
        try (var peer = accept(server)) {
          write(peer, Frame.Type.BYE, Bye.newBuilder().setReason("protocol 1, this node 2"));
        }
      await().atMost(SOON).until(() -> logs.has(Level.WARN, "refuses", "this node 2"));
      assertThat(logs.loud().stream().filter(m -> m.contains("refuses"))).hasSize(1);
    }
  }

  @Test
  void garbageIsLoggedAndClosedAndTheServerServesOn() throws IOException {
    consumers.put(INSTANCE, consumer.ref());
    var address = listen(settings);
    try (var logs = Logs.of(LinkReceiver.class);
        var socket = connect(address)) {
      socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      assertClosed(socket);
      await().atMost(SOON).until(() -> logs.has(Level.WARN, "no Dayu node"));
    }
    var producer = new TestProducer(kit, settings, sender(settings, address, events().getRef()));
    producer.send(FlowKit.parcel(1, 10));
    assertThat(consumer.takeNext().element().getSeq()).isEqualTo(1);
  }

  @Test
  void aConnectionWithoutAByteIsNoNews() throws IOException {
    var address = listen(settings);
    try (var logs = Logs.of(LinkReceiver.class)) {
      connect(address).close();
      var reset = connect(address);
      reset.setSoLinger(true, 0);
      reset.close();
      await().atMost(SOON).until(() -> logs.has(Level.DEBUG, "unknown node", "ended"));
      assertThat(logs.loud()).isEmpty();
    }
  }

  @Test
  void whoSaysNothingIsClosedInTime() throws IOException {
    try (var logs = Logs.of(LinkReceiver.class);
        var socket = connect(listen(FlowKit.links("connect-timeout = 200ms")))) {
      assertThat(Bye.parseFrom(control(socket, Frame.Type.BYE)).getReason()).contains("no hello");
      assertClosed(socket);
      assertThat(logs.has(Level.WARN, "no hello within 200 ms")).isTrue();
    }
  }

  @Test
  void strangersFillNoLog() throws IOException {
    var address = listen(settings);
    try (var logs = Logs.of(LinkReceiver.class)) {
      for (int i = 1; i <= 20; i++)
        try (var socket = connect(address)) {
          var hello = Hello.newBuilder().setVersion(1).setInstance(INSTANCE.toString());
          write(socket, Frame.Type.HELLO, hello.setNode("no name"));
          assertClosed(socket);
        }
      await().atMost(SOON).until(() -> logs.has(Level.DEBUG, "is cut", "no node's name"));
      assertThat(logs.loud()).hasSize(5).allMatch(m -> m.contains("no node's name"));
    }
  }

  @Test
  void aHelloOfNoNodesNameCutsTheConnection() throws IOException {
    try (var logs = Logs.of(LinkReceiver.class);
        var socket = connect(listen(settings))) {
      var hello = Hello.newBuilder().setVersion(1).setInstance(INSTANCE.toString());
      write(socket, Frame.Type.HELLO, hello.setNode("edge-1\n12:00:00.000 ERROR all is lost"));
      assertClosed(socket);
      await().atMost(SOON).until(() -> logs.has(Level.WARN, "is cut", "no node's name"));
      assertThat(logs.loud()).noneMatch(m -> m.contains("all is lost"));
    }
  }

  @Test
  void aStrangerMaySayNoMoreThanAHello() throws IOException {
    try (var logs = Logs.of(LinkReceiver.class);
        var socket = connect(listen(settings))) {
      socket.getOutputStream().write(header(Allotment.MAX_HELLO + 1, Frame.Type.HELLO));
      assertClosed(socket);
      await().atMost(SOON).until(() -> logs.has(Level.WARN, "1 to 4096 are possible"));
    }
  }

  @Test
  void aConnectionThatBringsNothingMoreEnds() throws IOException {
    consumers.put(INSTANCE, consumer.ref());
    try (var socket =
        connect(listen(FlowKit.links("ping-interval = 100ms, idle-timeout = 300ms")))) {
      hello(socket);
      control(socket, Frame.Type.CREDIT);
      socket.getOutputStream().write(header(Frames.MAX_BODY, Frame.Type.PART));
      assertClosed(socket);
    }
  }

  @Test
  void largeFramesThatNeverComeDoNotKeepOthersOut() throws IOException {
    consumers.put(INSTANCE, consumer.ref());
    var few = FlowKit.links("node-bytes = 4 MiB, max-element = 4 MiB");
    var address = listen(few);
    var silent = new ArrayList<Socket>();
    try {
      for (int i = 0; i < 50; i++) {
        var socket = connect(address);
        silent.add(socket);
        hello(socket);
        control(socket, Frame.Type.CREDIT);
        socket.getOutputStream().write(header(Frames.MAX_BODY, Frame.Type.PART));
      }
      var producer = new TestProducer(kit, few, sender(few, address, events().getRef()));
      producer.send(FlowKit.parcel(1, 1 << 20));
      assertThat(consumer.takeNext().element().getSeq()).isEqualTo(1);
    } finally {
      for (var socket : silent) socket.close();
    }
  }

  @Test
  void moreConnectionsThanMayBeAreClosedAndToldOnce() throws IOException {
    var address = listen(FlowKit.links("max-links = 4"));
    var open = new ArrayList<Socket>();
    try (var logs = Logs.of(LinkServer.class)) {
      for (int i = 0; i < 2; i++) open.add(connect(address));
      for (int i = 0; i < 3; i++)
        try (var refused = connect(address)) {
          assertClosed(refused);
        }
      await().atMost(SOON).until(() -> logs.has(Level.WARN, "refused", "of 4"));
      assertThat(logs.loud()).hasSize(1);
      open.remove(0).close();
      await()
          .atMost(SOON)
          .until(
              () -> {
                var again = connect(address);
                open.add(again);
                hello(again);
                return again.getInputStream().read() >= 0;
              });
    } finally {
      for (var socket : open) socket.close();
    }
  }

  @Test
  void elementsBeforeAHelloCutTheConnection() throws IOException {
    try (var logs = Logs.of(LinkReceiver.class);
        var socket = connect(listen(settings))) {
      writeElement(socket, FlowKit.parcel(1, 1 << 10));
      assertClosed(socket);
      await().atMost(SOON).until(() -> logs.has(Level.WARN, "is cut"));
    }
  }

  @Test
  void anElementOfNoStreamCutsTheConnection() throws IOException {
    consumers.put(INSTANCE, consumer.ref());
    try (var logs = Logs.of(LinkReceiver.class);
        var socket = connect(listen(settings))) {
      hello(socket);
      control(socket, Frame.Type.CREDIT);
      var element = FlowKit.element(1, 10).toBuilder().setStream("crossing").build();
      writeElement(socket, new Parcel(element, System.nanoTime(), 0));
      assertClosed(socket);
      await().atMost(SOON).until(() -> logs.has(Level.WARN, "is cut", "of no stream"));
    }
  }

  @Test
  void aPeerThatSendsMoreThanWasGrantedIsCutOff() throws IOException {
    consumers.put(INSTANCE, consumer.ref());
    try (var logs = Logs.of(LinkReceiver.class);
        var socket =
            connect(listen(FlowKit.links("byte-window = 64 KiB, max-element = 128 KiB")))) {
      hello(socket);
      control(socket, Frame.Type.CREDIT);
      for (int seq = 0; seq < 20; seq++) writeElement(socket, FlowKit.parcel(seq, 60_000));
      assertClosed(socket);
      await().atMost(SOON).until(() -> logs.has(Level.WARN, "more", "granted"));
    }
  }

  @Test
  void anInstanceThatAppearsLaterIsReached() {
    try (var logs = Logs.of(LinkSender.class)) {
      var producer =
          new TestProducer(kit, fast(), sender(fast(), listen(fast()), events().getRef()));
      for (int seq = 0; seq < 10; seq++) producer.send(FlowKit.parcel(seq, 10));
      await().atMost(SOON).until(() -> logs.has(Level.WARN, "refuses", "not here yet"));
      consumers.put(INSTANCE, consumer.ref());
      for (int seq = 0; seq < 10; seq++)
        assertThat(consumer.takeNext().element().getSeq()).isEqualTo(seq);
    }
  }

  @Test
  void aRefusalOfOneInstanceDoesNotMakeAnIdlePeerSuspect() {
    var events = events();
    consumers.put(INSTANCE, consumer.ref());
    var settings = FlowKit.links("ping-interval = 50ms, suspect-after = 300ms, min-backoff = 20ms");
    var producer =
        new TestProducer(kit, settings, sender(settings, listen(settings), events.getRef()));
    producer.send(FlowKit.parcel(0, 10));
    consumer.takeNext();
    // A stage that is no longer wanted stops; its node is alive.
    consumers.remove(INSTANCE);
    kit.stop(consumer.ref());
    try (var logs = Logs.of(LinkSender.class)) {
      await().atMost(SOON).until(() -> logs.has(Level.DEBUG, "broke"));
      for (int i = 0; i < 10; i++)
        assertThat(((LinkSender.Status) events.receiveMessage(SOON)).report().suspect()).isFalse();
    }
  }

  @Test
  void aPeerThatComesByItselfIsConnectedToAtOnce() throws IOException {
    var slow = FlowKit.links("min-backoff = 10m, max-backoff = 10m, suspect-after = 20m");
    InetSocketAddress address;
    try (var nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      address = (InetSocketAddress) nobody.getLocalSocketAddress();
    }
    try (var logs = Logs.of(LinkSender.class)) {
      var sender = sender(slow, address, events().getRef());
      var producer = new TestProducer(kit, slow, sender);
      producer.send(FlowKit.parcel(1, 10));
      await().atMost(SOON).until(() -> logs.has(Level.DEBUG, "broke"));
      consumers.put(INSTANCE, consumer.ref());
      listen(slow, address);
      sender.tell(LinkSender.Reconnect.INSTANCE);
      assertThat(consumer.takeNext().element().getSeq()).isEqualTo(1);
    }
  }

  @Test
  void aNameThatGetsAnotherAddressIsFoundThere() throws IOException {
    var address = new AtomicReference<>(loopback(1));
    try (var first = new ServerSocket(0, 5, address.get());
        var second = new ServerSocket(first.getLocalPort(), 5, loopback(2))) {
      sender(
          fast(),
          "cloud.example",
          first.getLocalPort(),
          host -> CompletableFuture.completedStage(List.of(address.get())),
          events().getRef(),
          System::nanoTime);
      try (var peer = accept(first)) {
        grant(peer, 1, 0);
        address.set(loopback(2));
      }
      try (var moved = accept(second)) {
        assertThat(moved.getLocalAddress()).isEqualTo(loopback(2));
      }
    }
  }

  @Test
  void aNameWithSeveralAddressesIsReachedAtTheOneThatAnswers() throws IOException {
    try (var server = new ServerSocket(0, 5, loopback(3))) {
      sender(
          fast(),
          "cloud.example",
          server.getLocalPort(),
          host -> CompletableFuture.completedStage(List.of(loopback(1), loopback(2), loopback(3))),
          events().getRef(),
          System::nanoTime);
      for (int i = 0; i < 3; i++) // also after it has broken
      try (var peer = accept(server)) {
          grant(peer, 1, 0);
        }
    }
  }

  @Test
  void aConnectionThatCannotBeMadeIsToldAtLongerAndLongerIntervals() {
    var nanos = new AtomicLong();
    var tries = new AtomicInteger();
    try (var logs = Logs.of(LinkSender.class)) {
      sender(
          fast(),
          "cloud.example",
          25_530,
          host -> {
            tries.incrementAndGet();
            return CompletableFuture.failedStage(new UnknownHostException(host));
          },
          events().getRef(),
          nanos::get);
      for (int seconds : new int[] {0, 29, 35, 55, 70, 110}) {
        nanos.set(Duration.ofSeconds(seconds).toNanos());
        int before = tries.get();
        await().atMost(SOON).until(() -> tries.get() > before + 2);
      }
      var told = logs.loud().stream().filter(m -> m.contains("no connection")).toList();
      assertThat(told).hasSize(2);
      assertThat(told.get(0))
          .contains("edge-2", "(cloud.example port 25530) for 35 s", "the name has no address");
      assertThat(told.get(1)).contains("for 70 s");
    }
  }

  @Test
  void whatIsStoredIsToldOverTheLinkThatTheOriginOpened() {
    var events = events();
    consumers.put(INSTANCE, consumer.ref());
    sender(settings, listen(settings), events.getRef());
    await().atMost(SOON).until(() -> backs.containsKey("edge-1"));
    backs
        .get("edge-1")
        .tell(
            new Acknowledgement(
                StreamName.parse("crossing/cam-0"), new long[] {1, 5, 1L << 40}, new long[] {3}));
    LinkSender.Event event;
    do event = events.receiveMessage(SOON);
    while (!(event instanceof LinkSender.Acknowledged));
    assertThat(((LinkSender.Acknowledged) event).acknowledgement())
        .usingRecursiveComparison()
        .isEqualTo(
            new Acknowledgement(
                StreamName.parse("crossing/cam-0"), new long[] {1, 5, 1L << 40}, new long[] {3}));
    awaitHandled(backs.get("edge-1"));
    untold.expectNoMessage(Duration.ZERO);
  }

  @Test
  void aPeerThatDiesIsSuspectAtOnceAndItsElementsAreGivenUpWithCredit() throws IOException {
    var slow =
        FlowKit.links(
            "element-window = 8, suspect-after = 30s, min-backoff = 30s, max-backoff = 30s");
    try (var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      var events = events();
      var producer =
          new TestProducer(
              kit,
              slow,
              sender(slow, (InetSocketAddress) server.getLocalSocketAddress(), events.getRef()));
      try (var peer = accept(server)) {
        grant(peer, 4, 0);
        for (int seq = 0; seq < 50; seq++) producer.send(FlowKit.parcel(seq, 10));
        for (int i = 0; i < 4; i++) control(peer, Frame.Type.DATA);
        assertThat(producer.waiting()).isGreaterThan(0);
      }
      var suspect = suspect(events, true);
      assertThat(suspect.dropped()).isEqualTo(8);
      await().atMost(SOON).until(() -> producer.waiting() == 0);
      // A suspect peer is sent nothing more, and nothing waits for it.
      for (int seq = 0; seq < 50; seq++) producer.send(FlowKit.parcel(seq, 10));
      await().atMost(SOON).until(() -> producer.waiting() == 0);
    }
  }

  @Test
  void aSilentPeerIsSuspectAndAliveAgainWhenItAnswers() throws IOException {
    // Long enough to send it something between two silences, however busy the machine is.
    var settings = FlowKit.links("ping-interval = 50ms, suspect-after = 2s, max-backoff = 60s");
    try (var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      var events = events();
      var producer =
          new TestProducer(
              kit,
              settings,
              sender(
                  settings, (InetSocketAddress) server.getLocalSocketAddress(), events.getRef()));
      try (var peer = accept(server)) {
        grant(peer, 100, 0);
        producer.send(FlowKit.parcel(0, 10));
        suspect(events, true);
        producer.send(FlowKit.parcel(1, 10));
        await().atMost(SOON).until(() -> producer.waiting() == 0);

        write(peer, Frame.Type.PING, Ping.newBuilder().setReply(true).setStamp(System.nanoTime()));
        suspect(events, false);
        producer.send(FlowKit.parcel(2, 10));
        assertThat(Frames.parcel(control(peer, Frame.Type.DATA), 0).element().getSeq())
            .isEqualTo(0);
        assertThat(Frames.parcel(control(peer, Frame.Type.DATA), 0).element().getSeq())
            .isEqualTo(2);
      }
    }
  }

  @Test
  void aPeerThatStaysSilentIsConnectedToAnew() throws IOException {
    var settings =
        FlowKit.links(
            "ping-interval = 50ms, suspect-after = 200ms, min-backoff = 20ms, max-backoff = 200ms");
    try (var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      var events = events();
      var producer =
          new TestProducer(
              kit,
              settings,
              sender(
                  settings, (InetSocketAddress) server.getLocalSocketAddress(), events.getRef()));
      try (var cutOff = accept(server)) {
        grant(cutOff, 100, 0);
        producer.send(FlowKit.parcel(0, 10));
        suspect(events, true);
        try (var anew = accept(server)) {
          grant(anew, 100, 0);
          suspect(events, false);
          producer.send(FlowKit.parcel(1, 10));
          assertThat(Frames.parcel(control(anew, Frame.Type.DATA), 0).element().getSeq())
              .isEqualTo(1);
        }
      }
    }
  }

  @Test
  void aPeerThatAnswersNonsenseIsLeftAndTriedAgain() throws IOException {
    try (var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      var sender =
          sender(fast(), (InetSocketAddress) server.getLocalSocketAddress(), events().getRef());
      try (var peer = accept(server)) {
        write(peer, Frame.Type.HELLO, Hello.newBuilder().setVersion(1));
        assertClosed(peer);
      }
      try (var peer = accept(server)) {
        write(peer, Frame.Type.ACKNOWLEDGEMENT, Ack.newBuilder().setStream("crossing"));
        assertClosed(peer);
      }
      var producer = new TestProducer(kit, fast(), sender);
      try (var peer = accept(server)) {
        grant(peer, 10, 0);
        producer.send(FlowKit.parcel(3, 10));
        assertThat(Frames.parcel(control(peer, Frame.Type.DATA), 0).element().getSeq())
            .isEqualTo(3);
      }
    }
  }

  @Test
  void aBrokenConnectionIsClosedOnThisSideToo() throws IOException {
    try (var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      sender(fast(), (InetSocketAddress) server.getLocalSocketAddress(), events().getRef());
      try (var peer = accept(server)) {
        peer.shutdownOutput(); // a peer that ends its half, as a stopped receiver does
        assertClosed(peer);
      }
    }
  }

  @Test
  void whileAPeerDoesNotReadNoCreditIsLostAndWhatItIsNotToldTheOwnerHears() throws IOException {
    var settings = FlowKit.links("element-window = 4, suspect-after = 30s");
    consumers.put(INSTANCE, consumer.ref());
    try (var logs = Logs.of(LinkReceiver.class);
        var socket = connect(listen(settings))) {
      hello(socket);
      var first = Credit.parseFrom(control(socket, Frame.Type.CREDIT));
      for (int seq = 0; seq < first.getElements(); seq++)
        writeElement(socket, FlowKit.parcel(seq, 10));
      var offers = new ArrayList<TestConsumer.Offered>();
      while (offers.size() < first.getElements()) offers.add(consumer.next());
      // Until the socket's buffers and the queue before them hold no more, while nobody reads.
      var stored =
          new Acknowledgement(StreamName.parse("crossing/cam-0"), new long[100], new long[0]);
      Arrays.fill(stored.delivered(), Long.MAX_VALUE);
      await()
          .atMost(SOON)
          .pollInterval(Duration.ofMillis(1))
          .until(
              () -> {
                for (int i = 0; i < 1_000; i++) backs.get("edge-1").tell(stored);
                awaitHandled(backs.get("edge-1"));
                return logs.has(Level.WARN, "edge-1", "does not read");
              });
      var left = untold.receiveMessage(SOON);
      assertThat(left.peer()).isEqualTo("edge-1");
      assertThat(left.acknowledgement()).isSameAs(stored);
      offers.forEach(consumer::take);
      awaitHandled(consumer.ref());
      awaitHandled(backs.get("edge-1"));

      Credit last;
      do last = Credit.parseFrom(control(socket, Frame.Type.CREDIT));
      while (last.getConsumed() < first.getElements());
    }
  }

  @Test
  void whatIsRefusedIsNotOfferedGivesItsCreditBackAndIsToldOnce() throws IOException {
    consumers.put(INSTANCE, consumer.ref());
    gate =
        element ->
            element.getSeq() % 2 == 0 ? Gate.Taken.INSTANCE : new Gate.Refused("it is forged");
    try (var logs = Logs.of(LinkReceiver.class);
        var socket = connect(listen(settings))) {
      hello(socket);
      int window = Credit.parseFrom(control(socket, Frame.Type.CREDIT)).getElements();
      for (int seq = 0; seq < 2 * window; seq++) writeElement(socket, FlowKit.parcel(seq, 10));
      for (int seq = 0; seq < 2 * window; seq += 2)
        assertThat(consumer.takeNext().element().getSeq()).isEqualTo(seq);
      long returned = 0;
      while (returned < 2 * window)
        returned += Credit.parseFrom(control(socket, Frame.Type.CREDIT)).getElements();
      assertThat(consumer.offered()).isZero();
      assertThat(logs.loud())
          .singleElement(STRING)
          .contains("1 elements were refused", "crossing/cam-0 #1 from edge-1", "it is forged");
    }
  }

  @Test
  void whatCannotBeJudgedYetIsTakenOnceItCanBe() throws IOException {
    consumers.put(INSTANCE, consumer.ref());
    var asked = new AtomicInteger();
    gate =
        element ->
            element.getSeq() == 2 || asked.incrementAndGet() > 3
                ? Gate.Taken.INSTANCE
                : new Gate.NotYet("it is not known");
    try (var socket = connect(listen(settings))) {
      hello(socket);
      control(socket, Frame.Type.CREDIT);
      writeElement(socket, FlowKit.parcel(1, 10));
      writeElement(socket, FlowKit.parcel(2, 10));
      assertThat(consumer.takeNext().element().getSeq()).isEqualTo(2);
      assertThat(consumer.takeNext().element().getSeq()).isEqualTo(1);
    }
  }

  @Test
  void whatCannotBeJudgedForSecondsIsRefused() throws IOException {
    consumers.put(INSTANCE, consumer.ref());
    gate = element -> new Gate.NotYet("it is not known");
    try (var logs = Logs.of(LinkReceiver.class);
        var socket = connect(listen(settings))) {
      hello(socket);
      control(socket, Frame.Type.CREDIT);
      writeElement(socket, FlowKit.parcel(1, 10));
      assertThat(Credit.parseFrom(control(socket, Frame.Type.CREDIT)).getElements()).isEqualTo(1);
      assertThat(logs.has(Level.WARN, "refused", "it is not known")).isTrue();
      assertThat(consumer.offered()).isZero();
    }
  }

  @Test
  void anElementOlderThanAnyClockCutsTheLink() throws IOException {
    consumers.put(INSTANCE, consumer.ref());
    try (var logs = Logs.of(LinkReceiver.class);
        var socket = connect(listen(settings))) {
      hello(socket);
      control(socket, Frame.Type.CREDIT);
      var frame = Frames.data(FlowKit.parcel(1, 10), System.nanoTime(), 0).get(0).toArray();
      ByteBuffer.wrap(frame).putLong(Frame.HEADER, Long.MIN_VALUE);
      socket.getOutputStream().write(frame);
      assertClosed(socket);
      await().atMost(SOON).until(() -> logs.has(Level.WARN, "is cut", "us old"));
    }
  }

  @Test
  void creditBelowNothingCutsTheLink() throws IOException {
    try (var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        var logs = Logs.of(LinkSender.class)) {
      sender(fast(), (InetSocketAddress) server.getLocalSocketAddress(), events().getRef());
      try (var peer = accept(server)) {
        grant(peer, Integer.MIN_VALUE, 0);
        assertClosed(peer);
      }
      await().atMost(SOON).until(() -> logs.has(Level.WARN, "is cut", "below nothing"));
    }
  }

  @Test
  void aPeerThatAsksAndNeverReadsIsCutOff() throws IOException {
    consumers.put(INSTANCE, consumer.ref());
    try (var logs = Logs.of(LinkReceiver.class);
        var socket = connect(listen(settings))) {
      hello(socket);
      control(socket, Frame.Type.CREDIT);
      var ping = Frames.control(Frame.Type.PING, Ping.newBuilder().setStamp(1).build()).toArray();
      var many = ByteBuffer.allocate(1_000 * ping.length);
      while (many.hasRemaining()) many.put(ping);
      await()
          .atMost(SOON)
          .pollInterval(Duration.ofMillis(1))
          .until(
              () -> {
                try {
                  socket.getOutputStream().write(many.array());
                } catch (IOException cutOff) {
                  assertThat(cutOff).isNotNull();
                }
                return logs.has(Level.WARN, "edge-1", "is cut", "does not read");
              });
      assertClosed(socket);
    }
  }

  @Test
  void anIdleLinkCloses() throws IOException {
    var settings = FlowKit.links("ping-interval = 20ms, suspect-after = 30s");
    consumers.put(INSTANCE, consumer.ref());
    var sender = sender(settings, listen(settings), events().getRef());
    var producer = new TestProducer(kit, settings, sender);
    producer.send(FlowKit.parcel(0, 10));
    consumer.takeNext();
    producer.close();
    kit.createTestProbe().expectTerminated(sender, SOON);
    await().atMost(SOON).until(() -> consumer.attached() == 0);
  }

  /** Returns when the actor has handled all that it was told before, itself or by an adapter. */
  private void awaitHandled(ActorRef<?> ref) {
    boolean adapter = ref.path().name().startsWith("$$");
    Adapter.toClassic(kit.system())
        .actorSelection(adapter ? ref.path().parent() : ref.path())
        .resolveOne(SOON)
        .toCompletableFuture()
        .join();
  }

  private LinkSettings fast() {
    return FlowKit.links(
        "ping-interval = 100ms, min-backoff = 20ms, max-backoff = 50ms, suspect-after = 30s");
  }

  private TestProbe<LinkSender.Event> events() {
    return kit.createTestProbe();
  }

  private InetSocketAddress listen(LinkSettings settings) {
    return listen(settings, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  private InetSocketAddress listen(LinkSettings settings, InetSocketAddress address) {
    var started = kit.<LinkServer.Started>createTestProbe();
    ActorRef<LinkServer.Lookup> lookup =
        kit.spawn(
            Behaviors.receiveMessage(
                question -> {
                  backs.put(question.producer(), question.acknowledgements());
                  var found = consumers.get(question.instance());
                  question
                      .replyTo()
                      .tell(
                          found == null
                              ? new LinkServer.NoConsumer("not here yet")
                              : new LinkServer.Consumer(found, element -> gate.judge(element)));
                  return Behaviors.same();
                }));
    kit.spawn(
        LinkServer.create(
            settings,
            Optional.empty(),
            FlowKit.memory(512),
            address,
            lookup,
            untold.ref(),
            started.getRef(),
            System::nanoTime));
    return ((LinkServer.Bound) started.receiveMessage(SOON)).address();
  }

  private ActorRef<Inlet.Command> sender(
      LinkSettings settings, InetSocketAddress address, ActorRef<LinkSender.Event> owner) {
    return sender(
        settings,
        address.getHostString(),
        address.getPort(),
        FlowKit.names(),
        owner,
        System::nanoTime);
  }

  private ActorRef<Inlet.Command> sender(
      LinkSettings settings,
      String host,
      int port,
      Resolver names,
      ActorRef<LinkSender.Event> owner,
      LongSupplier nanos) {
    var target = new LinkSender.Target("edge-2", host, port, INSTANCE, "edge-1");
    return kit.spawn(LinkSender.create(settings, Optional.empty(), target, names, owner, nanos));
  }

  private LinkSender.Status suspect(TestProbe<LinkSender.Event> events, boolean wanted) {
    while (true) {
      var status = (LinkSender.Status) events.receiveMessage(SOON);
      if (status.report().suspect() == wanted) return status;
    }
  }

  private static InetAddress loopback(int last) {
    try {
      return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static Socket connect(InetSocketAddress address) throws IOException {
    var socket = new Socket(address.getAddress(), address.getPort());
    socket.setSoTimeout((int) SOON.toMillis());
    return socket;
  }

  /** A connection whose hello was read. */
  private static Socket accept(ServerSocket server) throws IOException {
    server.setSoTimeout((int) SOON.toMillis());
    var socket = server.accept();
    socket.setSoTimeout((int) SOON.toMillis());
    var hello = Hello.parseFrom(control(socket, Frame.Type.HELLO));
    assertThat(hello.getInstance()).isEqualTo(INSTANCE.toString());
    assertThat(hello.getNode()).isEqualTo("edge-1");
    return socket;
  }

  private static void hello(Socket socket) throws IOException {
    write(
        socket,
        Frame.Type.HELLO,
        Hello.newBuilder().setVersion(1).setInstance(INSTANCE.toString()).setNode("edge-1"));
  }

  private static void grant(Socket socket, int elements, long consumed) throws IOException {
    write(
        socket,
        Frame.Type.CREDIT,
        Credit.newBuilder().setElements(elements).setBytes(1 << 20).setConsumed(consumed));
  }

  private static byte[] header(int length, Frame.Type type) {
    return ByteBuffer.allocate(Frame.HEADER).putInt(length).put((byte) type.code()).array();
  }

  private static void write(
      Socket socket, Frame.Type type, com.google.protobuf.MessageLite.Builder message)
      throws IOException {
    socket.getOutputStream().write(Frames.control(type, message.build()).toArray());
  }

  private static void writeElement(Socket socket, Parcel parcel) {
    try {
      for (var frame : Frames.data(parcel, System.nanoTime(), 0))
        socket.getOutputStream().write(frame.toArray());
    } catch (IOException e) {
      // The peer has cut us off, as it should; the assertion behind this tells whether it did.
      assertThat(e).isNotNull();
    }
  }

  /** The body of the next frame of this type (without the filler of a control frame). */
  private static byte[] control(Socket socket, Frame.Type type) throws IOException {
    var in = new DataInputStream(socket.getInputStream());
    while (true) {
      var body = new byte[in.readInt()];
      int code = in.readByte();
      in.readFully(body);
      if (code != type.code()) continue;
      return type == Frame.Type.DATA ? body : java.util.Arrays.copyOfRange(body, 1, body.length);
    }
  }

  /** Reads to the end of the connection, which a reset is one of. */
  private static void assertClosed(Socket socket) throws IOException {
    try {
      socket.getInputStream().readAllBytes();
      // The other half is closed as well: writing fails sooner or later.
      await()
          .atMost(SOON)
          .ignoreExceptions()
          .until(
              () -> {
                try {
                  socket.getOutputStream().write(0);
                  return false;
                } catch (IOException closed) {
                  return true;
                }
              });
    } catch (java.net.SocketTimeoutException e) {
      throw new AssertionError("the connection stays open", e);
    } catch (java.net.SocketException reset) {
      assertThat(reset).isNotNull();
    }
  }
}
