package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import com.google.protobuf.MessageLite;
import io.dayu.element.Element;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.Acknowledgements;
import io.dayu.facts.InstanceName;
import io.dayu.facts.wire.Ack;
import io.dayu.link.wire.Bye;
import io.dayu.link.wire.Credit;
import io.dayu.link.wire.Hello;
import io.dayu.link.wire.Ping;
import io.dayu.pipeline.StreamName;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A node of today and one of release 0.1 understand each other over a link. What both ends of such
 * a link sent is recorded in {@code release-0.1}; the README there tells how.
 */
final class RecordedLinkStreamTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String INSTANCE = "crossing@1/detect";
  private static final String PRODUCER = "elements-producer";
  private static final String CONSUMER = "elements-consumer";
  private static final int WINDOW = 8;
  private static final int TCP_SEGMENT = 1_460;

  private static final StreamName STREAM = new StreamName("crossing", "cam-0");
  private static final List<Element> ELEMENTS = RecordedElements.all();
  private static final Hello HELLO =
      Hello.newBuilder().setVersion(1).setInstance(INSTANCE).setNode("edge-1").build();
  private static final Bye CLOSED = Bye.newBuilder().setReason("link closed").build();
  private static final List<Acknowledgement> STORED =
      List.of(
          new Acknowledgement(STREAM, new long[] {0, 1, 2, 3, 4, 5, 1L << 40}, new long[] {6}),
          new Acknowledgement(STREAM, new long[] {8}, new long[0]));

  /** As both ends of the recorded link had them, but for the pings, which came every second. */
  private final LinkSettings settings =
      FlowKit.links(
          "element-window = %d, byte-window = 4 MiB, ping-interval = 20ms, suspect-after = 20m"
              .formatted(WINDOW));

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
  void whatAProducerSentIsReadAsItWasMeant() throws Exception {
    var frames = frames(PRODUCER);
    assertThat(Frames.message(frames.get(0), Hello.parser())).isEqualTo(HELLO);
    assertThat(Frames.message(last(frames), Bye.parser())).isEqualTo(CLOSED);
    assertThat(messages(frames, Frame.Type.PING, Ping.parser()))
        .hasSize(5)
        .allMatch(ping -> ping.getStamp() > 0 && !ping.getReply());
    assertThat(frames.stream().filter(f -> f.type() == Frame.Type.PART)).hasSize(1);

    var parcels = parcels(frames);
    assertThat(parcels.stream().map(Parcel::element)).isEqualTo(ELEMENTS);
    for (var parcel : parcels) {
      // They were five seconds old when they were handed to the link.
      assertThat(parcel.ageUs(0)).isBetween(5_000_000L, 10_000_000L);
      assertThat(parcel.weight()).isEqualTo(parcel.element().getSerializedSize());
    }
    // Until the first credit came back nothing was known of the way.
    assertThat(parcels.subList(0, WINDOW)).allMatch(p -> p.transferUs() == 0);
    assertThat(parcels.subList(WINDOW, parcels.size()))
        .allMatch(p -> p.transferUs() > 0 && p.transferUs() < 1_000_000);
  }

  @Test
  void whatAConsumerSentIsReadAsItWasMeant() throws Exception {
    var frames = frames(CONSUMER);
    assertThat(credits(frames)).isEqualTo(expectedCredits());
    assertThat(messages(frames, Frame.Type.CREDIT, Credit.parser()).stream().skip(1))
        .allMatch(credit -> credit.getHeldUs() > 0);
    assertThat(acknowledgements(frames)).usingRecursiveComparison().isEqualTo(STORED);
    var pongs = messages(frames, Frame.Type.PING, Ping.parser());
    assertThat(pongs).allMatch(pong -> pong.getReply() && pong.getHeldUs() > 0);
    assertThat(pongs.stream().map(Ping::getArrived)).containsExactly(0L, 8L, 12L, 12L, 12L);
    assertThat(pongs.stream().map(Ping::getStamp))
        .isEqualTo(
            messages(frames(PRODUCER), Frame.Type.PING, Ping.parser()).stream()
                .map(Ping::getStamp)
                .toList());
  }

  @Test
  void theSameIsWrittenByteForByte() throws Exception {
    var acknowledged = new ArrayList<>(STORED);
    var sent = new ArrayList<>(ELEMENTS);
    for (var direction : List.of(PRODUCER, CONSUMER)) {
      var written = new ByteArrayOutputStream();
      var parts = new ArrayList<Frame>();
      for (var frame : frames(direction))
        switch (frame.type()) {
          case HELLO -> written.write(control(Frame.Type.HELLO, HELLO));
          case BYE -> written.write(control(Frame.Type.BYE, CLOSED));
          case ACKNOWLEDGEMENT ->
              written.write(
                  control(
                      Frame.Type.ACKNOWLEDGEMENT, Acknowledgements.write(acknowledged.remove(0))));
          // Clocks and times are as they were; the rest is checked where they are read.
          case CREDIT -> written.write(again(frame, Credit.parser()));
          case PING -> written.write(again(frame, Ping.parser()));
          case PART -> parts.add(frame);
          case DATA -> {
            parts.add(frame);
            written.write(data(sent.remove(0), parcels(parts).get(0)));
            parts.clear();
          }
        }
      assertThat(written.toByteArray()).isEqualTo(recorded(direction));
    }
    assertThat(acknowledged).isEmpty();
    assertThat(sent).isEmpty();
  }

  @Test
  void elementsOfAProducerOfThatReleaseArriveAndAreCredited() throws Exception {
    var consumer = new TestConsumer(kit);
    var frames = frames(PRODUCER);
    try (var socket = connect(listen(consumer))) {
      var in = new DataInputStream(socket.getInputStream());
      var answers = new ArrayList<Frame>();
      socket.getOutputStream().write(bytes(frames.get(0)));
      answers.add(next(in));
      assertThat(answers.get(0).type()).isEqualTo(Frame.Type.CREDIT);
      for (var frame : frames.subList(1, frames.size() - 1))
        socket.getOutputStream().write(bytes(frame));
      for (var element : ELEMENTS) {
        var parcel = consumer.takeNext();
        assertThat(parcel.element()).isEqualTo(element);
        assertThat(parcel.ageUs(System.nanoTime())).isGreaterThan(5_000_000L);
      }
      var expected = expectedCredits();
      while (credits(answers).size() < expected.size() || pongs(answers).size() < 5)
        answers.add(next(in));
      assertThat(credits(answers)).isEqualTo(expected);
      assertThat(pongs(answers).stream().map(Ping::getStamp))
          .isEqualTo(pongs(frames).stream().map(Ping::getStamp).toList());
      socket.getOutputStream().write(bytes(last(frames)));
      assertThat(in.read()).as("the end of the connection").isEqualTo(-1);
    }
    await().atMost(SOON).until(() -> consumer.attached() == 0);
  }

  /** The consumer says nothing before what it says it about has come. */
  @Test
  void creditAndAcknowledgementsOfAConsumerOfThatReleaseAreUnderstood() throws Exception {
    var events = kit.<LinkSender.Event>createTestProbe();
    try (var server = server()) {
      var sender = sender(server, settings, INSTANCE, events);
      // Some elements come to the link before it has credit, some when it has used it up.
      var between = FlowKit.links("element-window = 10, byte-window = 64 MiB");
      var producer = new TestProducer(kit, between, sender);
      for (var element : ELEMENTS) producer.send(new Parcel(element, System.nanoTime(), 0));
      try (var socket = accept(server)) {
        var in = new DataInputStream(socket.getInputStream());
        assertThat(bytes(next(in))).isEqualTo(control(Frame.Type.HELLO, HELLO));
        var received = new ArrayList<Frame>();
        int granted = 0;
        for (var frame : frames(CONSUMER)) {
          boolean pong = frame.type() == Frame.Type.PING;
          if (pong && granted > 0) await().atMost(SOON).until(() -> producer.waiting() == 0);
          // The second ping from now on comes behind all that the producer may send.
          long now = System.nanoTime();
          int pings = pong ? 2 : 0;
          while (parcels(received).size() < arrived(frame) || pings > 0) {
            var came = next(in);
            received.add(came);
            assertThat(parcels(received)).as("no more than granted").hasSizeLessThan(granted + 1);
            if (isPingSince(now, came)) pings--;
          }
          if (frame.type() == Frame.Type.CREDIT)
            granted += Frames.message(frame, Credit.parser()).getElements();
          socket.getOutputStream().write(bytes(frame));
        }
        assertThat(parcels(received).stream().map(Parcel::element)).isEqualTo(ELEMENTS);
        assertThat(acknowledged(events)).usingRecursiveComparison().isEqualTo(STORED);
        await().atMost(SOON).until(() -> producer.waiting() == 0);
        kit.stop(sender);
        var last = next(in);
        while (last.type() == Frame.Type.PING) last = next(in);
        assertThat(bytes(last)).isEqualTo(control(Frame.Type.BYE, CLOSED));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"refusal-consumer", "other-version-consumer"})
  void aRefusalOfThatReleaseIsUnderstood(String name) throws Exception {
    boolean permanent = name.startsWith("other-version");
    var bye = Frames.message(frames(name).get(0), Bye.parser());
    assertThat(bye.getPermanent()).isEqualTo(permanent);
    assertThat(bye.getReason())
        .isEqualTo(
            permanent
                ? "edge-9 speaks link protocol 2, this node 1; run the same release on both"
                : "node edge-2 does not know crossing@1/count (yet)");
    assertThat(control(Frame.Type.BYE, bye)).isEqualTo(recorded(name));
    var slow = FlowKit.links("min-backoff = 10m, max-backoff = 10m, suspect-after = 20m");
    try (var server = server();
        var logs = Logs.of(LinkSender.class)) {
      sender(server, slow, "crossing@1/count", kit.createTestProbe());
      try (var socket = accept(server)) {
        var hello = next(new DataInputStream(socket.getInputStream()));
        assertThat(bytes(hello)).isEqualTo(recorded("refusal-producer"));
        socket.getOutputStream().write(recorded(name));
        await().atMost(SOON).until(() -> logs.has(Level.WARN, "refuses", bye.getReason()));
      }
    }
  }

  /** The bytes that one end of a recorded link sent. */
  private static byte[] recorded(String name) throws IOException {
    try (var in = RecordedLinkStreamTest.class.getResourceAsStream("release-0.1/" + name + ".gz");
        var unpacked = new GZIPInputStream(Objects.requireNonNull(in, name))) {
      return unpacked.readAllBytes();
    }
  }

  /** The same, decoded as the other end of a link does it. */
  private List<Frame> frames(String name) throws Exception {
    var bytes = ByteString.fromArrayUnsafe(recorded(name));
    int largest = name.endsWith("-producer") ? Frames.MAX_BODY : Frames.MAX_CONTROL;
    var segments = new ArrayList<ByteString>();
    for (int at = 0; at < bytes.size(); at += TCP_SEGMENT)
      segments.add(bytes.slice(at, at + TCP_SEGMENT));
    return Source.from(segments)
        .via(new FrameDecoder(FrameReader.Memory.of(largest)))
        .mapConcat(frames -> frames)
        .runWith(Sink.seq(), kit.system())
        .toCompletableFuture()
        .get(SOON.toSeconds(), TimeUnit.SECONDS);
  }

  /** The elements in a producer's frames, received at 0 on the clock. */
  private static List<Parcel> parcels(List<Frame> frames) {
    var parcels = new ArrayList<Parcel>();
    var body = new ByteArrayOutputStream();
    for (var frame : frames) {
      if (frame.type() != Frame.Type.PART && frame.type() != Frame.Type.DATA) continue;
      body.writeBytes(frame.body());
      if (frame.type() == Frame.Type.PART) continue;
      parcels.add(Frames.parcel(body.toByteArray(), 0));
      body.reset();
    }
    return parcels;
  }

  private static <M extends MessageLite> List<M> messages(
      List<Frame> frames, Frame.Type type, com.google.protobuf.Parser<M> parser) {
    return frames.stream()
        .filter(frame -> frame.type() == type)
        .map(frame -> Frames.message(frame, parser))
        .toList();
  }

  private static List<Ping> pongs(List<Frame> frames) {
    return messages(frames, Frame.Type.PING, Ping.parser());
  }

  /** The credits, without the times in them. */
  private static List<Credit> credits(List<Frame> frames) {
    return messages(frames, Frame.Type.CREDIT, Credit.parser()).stream()
        .map(credit -> credit.toBuilder().clearHeldUs().build())
        .toList();
  }

  /** The window, then whatever was taken, a quarter of the window at a time. */
  private static List<Credit> expectedCredits() {
    var credits = new ArrayList<Credit>();
    credits.add(Credit.newBuilder().setElements(WINDOW).setBytes(4 << 20).build());
    for (int taken = WINDOW / 4; taken <= ELEMENTS.size(); taken += WINDOW / 4)
      credits.add(
          Credit.newBuilder()
              .setElements(WINDOW / 4)
              .setBytes(
                  ELEMENTS.subList(taken - WINDOW / 4, taken).stream()
                      .mapToLong(Element::getSerializedSize)
                      .sum())
              .setConsumed(taken)
              .build());
    return credits;
  }

  private static List<Acknowledgement> acknowledgements(List<Frame> frames) {
    return messages(frames, Frame.Type.ACKNOWLEDGEMENT, Ack.parser()).stream()
        .map(Acknowledgements::read)
        .toList();
  }

  private static List<Acknowledgement> acknowledged(TestProbe<LinkSender.Event> events) {
    var heard = new ArrayList<Acknowledgement>();
    while (heard.size() < STORED.size()) {
      var event = events.receiveMessage(SOON);
      if (event instanceof LinkSender.Acknowledged acknowledged)
        heard.add(acknowledged.acknowledgement());
      else assertThat(((LinkSender.Status) event).report().suspect()).isFalse();
    }
    return heard;
  }

  /** How many elements had arrived at a consumer that sends this. */
  private static long arrived(Frame frame) {
    return switch (frame.type()) {
      case CREDIT -> Frames.message(frame, Credit.parser()).getConsumed();
      case PING -> Frames.message(frame, Ping.parser()).getArrived();
      default -> 0;
    };
  }

  private static boolean isPingSince(long nanos, Frame frame) {
    return frame.type() == Frame.Type.PING
        && Frames.message(frame, Ping.parser()).getStamp() - nanos > 0;
  }

  private static byte[] control(Frame.Type type, MessageLite message) {
    return Frames.control(type, message).toArray();
  }

  private static <M extends MessageLite> byte[] again(
      Frame frame, com.google.protobuf.Parser<M> parser) {
    return control(frame.type(), Frames.message(frame, parser));
  }

  /** The frames of an element, as old as it was and with the transfer time that it had. */
  private static byte[] data(Element element, Parcel recorded) {
    long now = TimeUnit.MICROSECONDS.toNanos(recorded.ageUs(0) - recorded.transferUs());
    var parcel = new Parcel(element, 0, 0);
    var all = ByteString.emptyByteString();
    for (var frame : Frames.data(parcel, now, recorded.transferUs())) all = all.concat(frame);
    int size = Frames.size(parcel);
    if (FrameBatch.small(size)) {
      var bundle = new FrameBatch();
      bundle.add(parcel, size, now, recorded.transferUs());
      assertThat(bundle.take()).isEqualTo(all);
    }
    return all.toArray();
  }

  private static byte[] bytes(Frame frame) {
    return ByteBuffer.allocate(Frame.HEADER + frame.body().length)
        .putInt(frame.body().length)
        .put((byte) frame.type().code())
        .put(frame.body())
        .array();
  }

  private static Frame next(DataInputStream in) throws IOException {
    var body = new byte[in.readInt()];
    var type = Frame.Type.of(in.readUnsignedByte());
    in.readFully(body);
    return new Frame(type, body);
  }

  private static Frame last(List<Frame> frames) {
    return frames.get(frames.size() - 1);
  }

  private InetSocketAddress listen(TestConsumer consumer) {
    var started = kit.<LinkServer.Started>createTestProbe();
    ActorRef<LinkServer.Lookup> lookup =
        kit.spawn(
            Behaviors.receiveMessage(
                question -> {
                  assertThat(question.instance()).hasToString(INSTANCE);
                  assertThat(question.producer()).isEqualTo("edge-1");
                  question.replyTo().tell(new LinkServer.Consumer(consumer.ref()));
                  return Behaviors.same();
                }));
    var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    kit.spawn(
        LinkServer.create(
            settings,
            Optional.empty(),
            FlowKit.memory(512),
            any,
            lookup,
            kit.system().ignoreRef(),
            started.getRef(),
            System::nanoTime));
    return ((LinkServer.Bound) started.receiveMessage(SOON)).address();
  }

  private ActorRef<Inlet.Command> sender(
      ServerSocket server,
      LinkSettings settings,
      String instance,
      TestProbe<LinkSender.Event> events) {
    var name = InstanceName.parse(instance);
    var host = server.getInetAddress().getHostAddress();
    var target = new LinkSender.Target("edge-2", host, server.getLocalPort(), name, "edge-1");
    return kit.spawn(
        LinkSender.create(
            settings,
            Optional.empty(),
            target,
            FlowKit.names(),
            events.getRef(),
            System::nanoTime));
  }

  private static ServerSocket server() throws IOException {
    var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    server.setSoTimeout((int) SOON.toMillis());
    return server;
  }

  private static Socket accept(ServerSocket server) throws IOException {
    var socket = server.accept();
    socket.setSoTimeout((int) SOON.toMillis());
    return socket;
  }

  private static Socket connect(InetSocketAddress address) throws IOException {
    var socket = new Socket(address.getAddress(), address.getPort());
    socket.setSoTimeout((int) SOON.toMillis());
    return socket;
  }
}
