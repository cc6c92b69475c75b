package io.dayu.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider;
import io.dayu.facts.NodeReport.Role;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.Cipher;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeKeysTest {
  private static final Holder EDGE = new Holder("edge-1", Role.EDGE);
  private static final Holder CLOUD = new Holder("cloud-1", Role.CLOUD);
  private static final Duration MONTH = Duration.ofDays(30);

  @TempDir private Path directory;
  private TestKeys keys;

  @BeforeEach
  void makeAuthority() {
    keys = new TestKeys(directory);
  }

  @Test
  void bothSidesKnowWhoTheOtherOneIs() throws SSLException {
    var cloud = NodeKeys.open(keys.issue(CLOUD, "cloud-1", MONTH));
    var server = cloud.server();
    var client = keys.edge("edge-1").client("cloud-1");
    shakeHands(client, server);
    assertThat(NodeKeys.peer(client.getSession())).isEqualTo(CLOUD);
    assertThat(NodeKeys.peer(server.getSession())).isEqualTo(EDGE);
    assertThat(server.getSession().getProtocol()).isEqualTo("TLSv1.3");
  }

  @Test
  void aNodeThatIsNotTheExpectedOneIsRefused() {
    var server = NodeKeys.open(keys.issue(CLOUD, "cloud-1", MONTH)).server();
    var client = keys.edge("edge-1").client("cloud-2");
    assertThatThrownBy(() -> shakeHands(client, server))
        .satisfies(
            e ->
                assertThat(Handshakes.problem(e))
                    .contains(
                        "the key of cloud-2 was expected, the peer has that of cloud-1 (cloud)"));
  }

  @Test
  void newFilesAreTakenForNewConnectionsAndFilesOfNoUseAreNot() throws IOException {
    var now = new AtomicLong();
    var place = keys.issue(EDGE, "edge-1", MONTH);
    var own = NodeKeys.open(place, now::get);
    var first = own.expires();

    replace(place, keys.issue(EDGE, "later", MONTH.plusDays(9)), 1);
    assertThat(own.server()).isNotNull();
    assertThat(own.expires()).isEqualTo(first); // not looked at yet
    now.addAndGet(Duration.ofSeconds(10).toNanos());
    assertThat(own.server()).isNotNull();
    var second = own.expires();
    assertThat(second).isAfter(first);

    replace(place, keys.issue(new Holder("edge-2", Role.EDGE), "edge-2", MONTH), 2);
    now.addAndGet(Duration.ofSeconds(10).toNanos());
    assertThat(own.server()).isNotNull();
    assertThat(own.holder()).isEqualTo(EDGE);
    Files.writeString(place.resolve(NodeKeys.KEY), "half a file");
    now.addAndGet(Duration.ofSeconds(10).toNanos());
    assertThat(own.server()).isNotNull();
    assertThat(own.expires()).isEqualTo(second);
  }

  @Test
  void newFilesAreTakenWithoutAConnection() throws IOException {
    var now = new AtomicLong();
    var place = keys.issue(EDGE, "edge-1", MONTH);
    var own = NodeKeys.open(place, now::get);
    var first = own.expires();
    replace(place, keys.issue(EDGE, "later", MONTH.plusDays(9)), 1);
    now.addAndGet(NodeKeys.LOOK_EVERY.toNanos());
    own.look();
    assertThat(own.expires()).isAfter(first);
  }

  @Test
  void aKeyOfAnotherCertificateIsRefused() throws IOException {
    var place = keys.issue(EDGE, "edge-1", MONTH);
    var other = keys.issue(EDGE, "other", MONTH);
    Files.delete(place.resolve(NodeKeys.KEY));
    Files.copy(other.resolve(NodeKeys.KEY), place.resolve(NodeKeys.KEY));
    assertThatThrownBy(() -> NodeKeys.open(place))
        .isInstanceOf(KeysException.class)
        .hasMessageContaining("tls.key is not the key of the certificate");
  }

  @Test
  void aKeyInAnotherFormIsToldWithTheRemedy() throws IOException {
    var place = keys.issue(EDGE, "edge-1", MONTH);
    Files.writeString(place.resolve(NodeKeys.KEY), "-----BEGIN EC PRIVATE KEY-----\nAAAA\n");
    assertThatThrownBy(() -> NodeKeys.open(place))
        .hasMessageContaining("tls.key has no PRIVATE KEY in PKCS#8")
        .hasMessageContaining("encoding: PKCS8");
  }

  @Test
  void theCertificateOfTheAuthorityIsNoNodes() throws IOException {
    var place = keys.issue(EDGE, "edge-1", MONTH);
    Files.writeString(
        place.resolve(NodeKeys.CERTIFICATE),
        Files.readString(directory.resolve(NodeKeys.AUTHORITY)));
    Files.writeString(
        place.resolve(NodeKeys.KEY), Files.readString(directory.resolve(Authority.KEY)));
    assertThatThrownBy(() -> NodeKeys.open(place)).hasMessageContaining("must name one node");
  }

  @Test
  void onlyTheUserMayReadKeysAndNoneIsOverwritten() throws IOException {
    var place = keys.issue(EDGE, "edge-1", MONTH);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(place)))
        .isEqualTo("rwx------");
    for (var file : new Path[] {place.resolve(NodeKeys.KEY), directory.resolve(Authority.KEY)})
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-------");
    var before = Files.readString(place.resolve(NodeKeys.KEY));
    assertThatThrownBy(() -> keys.issue(EDGE, "edge-1", MONTH))
        .isInstanceOf(KeysException.class)
        .hasMessageContaining("is not overwritten");
    assertThatThrownBy(() -> Authority.create(directory, MONTH, Clock.systemUTC()))
        .hasMessageContaining("is not overwritten");
    assertThat(Files.readString(place.resolve(NodeKeys.KEY))).isEqualTo(before);
  }

  @Test
  void aKeyIsValidNoLongerThanItsAuthority() {
    var authority = Authority.open(directory, Clock.systemUTC());
    assertThat(NodeKeys.open(keys.issue(EDGE, "edge-1", Duration.ofDays(1000))).expires())
        .isEqualTo(authority.expires());
  }

  @Test
  void aesIsChosenWhereBothSidesAreFastAtItAndElsewhereAnother() throws SSLException {
    var own = keys.edge("edge-1");
    assertThat(chosen(own, true, true)).isEqualTo(Suites.AES);
    assertThat(chosen(own, true, false)).isEqualTo(Suites.CHACHA);
    assertThat(chosen(own, false, true)).isEqualTo(Suites.CHACHA);
    assertThat(chosen(own, false, false)).isEqualTo(Suites.CHACHA);
  }

  /** As this JVM does, by the build's own options; the library comes for the build's platform. */
  @Test
  void aJvmWithoutTheOptimisingCompilerIsFastAtAesByTheNativeLibrary() throws Exception {
    var own = keys.edge("edge-1");
    var client = own.client();
    var server = own.server();
    shakeHands(client, server);
    assertThat(ManagementFactory.getRuntimeMXBean().getInputArguments())
        .contains("-XX:TieredStopAtLevel=1");
    assertThat(client.getSession().getCipherSuite()).isEqualTo(Suites.AES);
    assertThat(Cipher.getInstance("AES/GCM/NoPadding").getProvider())
        .isEqualTo(AmazonCorrettoCryptoProvider.INSTANCE);
  }

  private static String chosen(NodeKeys own, boolean clientIsFast, boolean serverIsFast)
      throws SSLException {
    var client = own.client();
    var server = own.server();
    Suites.order(client, clientIsFast);
    Suites.order(server, serverIsFast);
    shakeHands(client, server);
    return client.getSession().getCipherSuite();
  }

  private static void replace(Path place, Path by, int seconds) throws IOException {
    for (var name : new String[] {NodeKeys.KEY, NodeKeys.CERTIFICATE}) {
      Files.writeString(place.resolve(name), Files.readString(by.resolve(name)));
      Files.setLastModifiedTime(
          place.resolve(name), FileTime.from(Instant.now().plusSeconds(seconds)));
    }
  }

  /** Until both have finished, or one refuses the other. */
  private static void shakeHands(SSLEngine client, SSLEngine server) throws SSLException {
    var there = ByteBuffer.allocate(64 << 10);
    var back = ByteBuffer.allocate(64 << 10);
    client.beginHandshake();
    server.beginHandshake();
    for (int i = 0; i < 40; i++) {
      step(client, there, back);
      step(server, back, there);
    }
  }

  private static void step(SSLEngine engine, ByteBuffer out, ByteBuffer in) throws SSLException {
    var nothing = ByteBuffer.allocate(0);
    var read = ByteBuffer.allocate(64 << 10);
    switch (engine.getHandshakeStatus()) {
      case NEED_TASK -> {
        for (var task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask())
          task.run();
      }
      case NEED_WRAP -> engine.wrap(nothing, out);
      default -> {
        if (in.position() == 0 && engine.getHandshakeStatus() != HandshakeStatus.NEED_UNWRAP_AGAIN)
          return;
        in.flip();
        engine.unwrap(in, read);
        in.compact();
      }
    }
  }
}
