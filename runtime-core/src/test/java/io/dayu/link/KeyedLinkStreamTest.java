package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.dayu.facts.InstanceName;
import io.dayu.keys.NodeKeys;
import io.dayu.keys.TestKeys;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Links between nodes that have keys, and what becomes of everyone else. */
final class KeyedLinkStreamTest extends LinkContract {
  private static final InstanceName INSTANCE = InstanceName.parse("crossing@1/detect");

  /** A failing test tells sooner. */
  private static final Duration TOLD = Duration.ofSeconds(15);

  @TempDir private Path directory;
  @TempDir private Path elsewhere;
  private TestKeys keys;

  @BeforeEach
  void makeKeys() {
    keys = new TestKeys(directory);
  }

  @Override
  protected ActorRef<Inlet.Command> inlet(LinkSettings settings) {
    var address = listen(settings, Optional.of(keys.edge("edge-2")));
    return sender(settings, Optional.of(keys.edge("edge-1")), address, System::nanoTime);
  }

  @Test
  void aNodeWithAKeyOfAnotherAuthorityIsRefusedInBothLogs() {
    refused(
        Optional.of(keys.edge("edge-2")),
        Optional.of(new TestKeys(elsewhere).edge("edge-1")),
        new String[] {"does not accept the key of this node"},
        new String[] {"edge-2 (edge)", "not of the authority"});
  }

  @Test
  void aSenderWhoseKeyHasExpiredIsRefusedInBothLogs() {
    refused(
        Optional.of(keys.edge("edge-2")),
        Optional.of(keys.expired("edge-1")),
        new String[] {"edge-1 (edge)", "has expired on"},
        new String[] {"no link", "does not accept the key of this node"});
  }

  @Test
  void aReceiverWhoseKeyHasExpiredIsRefusedInBothLogs() {
    refused(
        Optional.of(keys.expired("edge-2")),
        Optional.of(keys.edge("edge-1")),
        new String[] {"does not accept the key of this node"},
        new String[] {"edge-2 (edge)", "has expired on"});
  }

  @Test
  void aNodeThatAnswersInTheNameOfAnotherIsRefusedInBothLogs() {
    refused(
        Optional.of(keys.edge("edge-3")),
        Optional.of(keys.edge("edge-1")),
        new String[] {"does not accept the key of this node"},
        new String[] {"the key of edge-2 was expected", "edge-3 (edge)"});
  }

  @Test
  void aHelloInTheNameOfAnotherNodeIsRefusedInBothLogs() {
    refused(
        Optional.of(keys.edge("edge-2")),
        Optional.of(keys.edge("edge-9")),
        new String[] {"says that it is edge-1", "the key of edge-9 (edge)"},
        new String[] {"refuses", "the key of edge-9 (edge)"});
  }

  @Test
  void aNodeWithoutKeysIsRefusedInBothLogs() {
    refused(
        Optional.of(keys.edge("edge-2")),
        Optional.empty(),
        new String[] {"does not encrypt", "dayu.keys.directory"},
        new String[] {"no link", "the peer encrypts", "dayu.keys.directory"});
  }

  @Test
  void aReceiverWithoutKeysIsRefusedInBothLogs() {
    refused(
        Optional.empty(),
        Optional.of(keys.edge("edge-1")),
        new String[] {"the peer encrypts", "dayu.keys.directory"},
        new String[] {"no connection", "it may have no keys", "dayu.keys.directory"});
  }

  @Test
  void whoSaysNothingIsClosedInTime() throws IOException {
    var quick = FlowKit.links("connect-timeout = 200ms");
    try (var socket = connect(listen(quick, Optional.of(keys.edge("edge-2"))))) {
      assertClosed(socket);
    }
  }

  @Test
  void aConnectionWithoutAByteIsNoNews() throws IOException {
    var address = listen(settings, Optional.of(keys.edge("edge-2")));
    try (var logs = Logs.of(LinkReceiver.class)) {
      connect(address).close();
      await().atMost(SOON).until(() -> logs.has(Level.DEBUG, "unknown node", "ended"));
      assertThat(logs.loud()).isEmpty();
    }
  }

  /** Nothing arrives, and both nodes say why. */
  private void refused(
      Optional<NodeKeys> server, Optional<NodeKeys> client, String[] there, String[] here) {
    var fast = FlowKit.links("min-backoff = 20ms, max-backoff = 50ms, suspect-after = 30s");
    LongSupplier fastClock = () -> System.nanoTime() * 100; // half a minute is told soon
    try (var receiving = Logs.of(LinkReceiver.class);
        var sending = Logs.of(LinkSender.class)) {
      var producer =
          new TestProducer(kit, fast, sender(fast, client, listen(fast, server), fastClock));
      producer.send(FlowKit.parcel(1, 10));
      told(receiving, there);
      told(sending, here);
      assertThat(consumer.offered()).isZero();
    }
  }

  private static void told(Logs logs, String... words) {
    await()
        .atMost(TOLD)
        .untilAsserted(
            () -> assertThat(logs.loud()).anySatisfy(m -> assertThat(m).contains(words)));
  }

  private InetSocketAddress listen(LinkSettings settings, Optional<NodeKeys> own) {
    var started = kit.<LinkServer.Started>createTestProbe();
    ActorRef<LinkServer.Lookup> lookup =
        kit.spawn(
            Behaviors.receiveMessage(
                question -> {
                  question.replyTo().tell(new LinkServer.Consumer(consumer.ref()));
                  return Behaviors.same();
                }));
    var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    kit.spawn(
        LinkServer.create(
            settings,
            own,
            FlowKit.memory(512),
            any,
            lookup,
            kit.system().ignoreRef(),
            started.getRef(),
            System::nanoTime));
    return ((LinkServer.Bound) started.receiveMessage(SOON)).address();
  }

  private ActorRef<Inlet.Command> sender(
      LinkSettings settings,
      Optional<NodeKeys> own,
      InetSocketAddress address,
      LongSupplier nanos) {
    var target =
        new LinkSender.Target(
            "edge-2", address.getHostString(), address.getPort(), INSTANCE, "edge-1");
    var owner = kit.<LinkSender.Event>createTestProbe().getRef();
    return kit.spawn(LinkSender.create(settings, own, target, FlowKit.names(), owner, nanos));
  }

  private static Socket connect(InetSocketAddress address) throws IOException {
    var socket = new Socket(address.getAddress(), address.getPort());
    socket.setSoTimeout((int) SOON.toMillis());
    return socket;
  }

  private static void assertClosed(Socket socket) throws IOException {
    try {
      assertThat(socket.getInputStream().readAllBytes()).isEmpty();
    } catch (SocketException reset) {
      assertThat(reset).isNotNull();
    }
  }
}
