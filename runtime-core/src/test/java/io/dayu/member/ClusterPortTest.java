package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.dayu.facts.NodeReport.Role;
import io.dayu.flow.Controller;
import io.dayu.keys.Holder;
import io.dayu.keys.NodeKeys;
import io.dayu.keys.TestKeys;
import io.dayu.link.FlowKit;
import io.dayu.link.Logs;
import io.dayu.node.NodeSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.ActorIdentity;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.Identify;
import org.apache.pekko.actor.Kill;
import org.apache.pekko.actor.PoisonPill;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.remote.artery.tcp.SSLEngineProviderSetup;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What others can do at the cluster port of a node. */
final class ClusterPortTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration MONTH = Duration.ofDays(30);

  @TempDir private Path directory;
  @TempDir private Path elsewhere;
  private final List<MemberNode> members = new ArrayList<>();
  private ActorTestKit kit;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
  }

  @AfterEach
  void stop() {
    for (var member : members) {
      member.system().terminate();
      assertThat(member.whenEnded()).succeedsWithin(SOON); // although its peers stay
    }
    kit.shutdownTestKit();
  }

  @Test
  void nobodyEndsAnActorOfAnotherNode() {
    var cloud = member("cloud-1", Role.CLOUD, "");
    var stranger = stranger();
    try {
      var gossip = "pekko://%s@%s/user/gossip".formatted(MemberNode.SYSTEM, cloud.address());
      var found = identify(stranger, gossip).getActorRef().orElseThrow();
      found.tell(PoisonPill.getInstance(), null);
      found.tell(Kill.getInstance(), null);
      stranger.stop(found);
      stranger.actorSelection(gossip).tell(PoisonPill.getInstance(), null);
      stranger
          .actorSelection("pekko://%s@%s/user".formatted(MemberNode.SYSTEM, cloud.address()))
          .tell(PoisonPill.getInstance(), null);
      // What was sent before has been handled when this is answered, five times over.
      for (int i = 0; i < 5; i++)
        assertThat(identify(stranger, gossip).getActorRef()).hasValue(found);
      assertThat(cloud.whenEnded().toCompletableFuture()).isNotDone();
    } finally {
      stranger.terminate();
      stranger.getWhenTerminated().toCompletableFuture().join();
    }
  }

  @Test
  void nodesOfOneAuthorityAreACluster() {
    var keys = new TestKeys(directory);
    var cloud = member("cloud-1", Role.CLOUD, keys(keys, "cloud-1", Role.CLOUD));
    assertThat(cloud.whenMember()).succeedsWithin(SOON);
    var edge = edge(cloud, keys(keys, "edge-1", Role.EDGE));
    assertThat(edge.whenMember()).succeedsWithin(SOON);
  }

  @Test
  void aNodeOfAnotherAuthorityIsNoMemberAndBothLogsSayWhy() {
    var keys = keys(new TestKeys(directory), "cloud-1", Role.CLOUD);
    var cloud = member("cloud-1", Role.CLOUD, keys);
    assertThat(cloud.whenMember()).succeedsWithin(SOON);
    try (var logs = Logs.of(ArteryKeys.class)) {
      var edge = edge(cloud, keys(new TestKeys(elsewhere), "edge-1", Role.EDGE));
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(logs.loud())
                      .anySatisfy(
                          m ->
                              assertThat(m)
                                  .contains("the connection to", "not of the authority", "cloud-1"))
                      .anySatisfy(
                          m ->
                              assertThat(m)
                                  .contains(
                                      "a connection to the cluster port", "does not accept")));
      assertThat(edge.status().joined()).isFalse();
    }
  }

  @Test
  void aNodeWhoseKeyHasExpiredIsNoMemberAndBothLogsSayWhy() {
    var keys = new TestKeys(directory);
    var cloud = member("cloud-1", Role.CLOUD, keys(keys, "cloud-1", Role.CLOUD));
    assertThat(cloud.whenMember()).succeedsWithin(SOON);
    try (var logs = Logs.of(ArteryKeys.class)) {
      var edge = edge(cloud, directory(keys.expiredIn("edge-1")));
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(logs.loud())
                      .anySatisfy(m -> assertThat(m).contains("edge-1 (edge)", "has expired on"))
                      .anySatisfy(m -> assertThat(m).contains("does not accept the key")));
      assertThat(edge.status().joined()).isFalse();
    }
  }

  @Test
  void aMemberThatHasTheKeyOfAnotherNodeIsRemoved() {
    var keys = new TestKeys(directory);
    var cloud = member("cloud-1", Role.CLOUD, keys(keys, "cloud-1", Role.CLOUD));
    assertThat(cloud.whenMember()).succeedsWithin(SOON);
    try (var logs = Logs.of(KeyKeeper.class)) {
      var pretender = pretender(cloud, keys.edge("edge-9"), "cloud-2");
      // Not its end: Artery's streams to a peer that lives may keep that from coming (see
      // MemberNode).
      var removed = new CompletableFuture<Boolean>();
      Cluster.get(pretender).registerOnMemberRemoved(() -> removed.complete(true));
      try {
        assertThat(removed).succeedsWithin(SOON);
        assertThat(logs.has(Level.WARN, "says that it is cloud-2", "the key of edge-9 (edge)"))
            .isTrue();
      } finally {
        pretender.terminate();
      }
    }
  }

  @Test
  void aKeyIsGoodForOneNameAndOneRole() {
    var edge = new Holder("edge-9", Role.EDGE);
    assertThat(KeyKeeper.isOf(edge, Set.of("edge", "node-edge-9", "dc-edge-9"))).isTrue();
    assertThat(KeyKeeper.isOf(edge, Set.of("edge", "node-edge-8"))).isFalse();
    assertThat(KeyKeeper.isOf(edge, Set.of("cloud", "node-edge-9"))).isFalse();
    assertThat(KeyKeeper.isOf(edge, Set.of("edge", "cloud", "node-edge-9"))).isFalse();
    assertThat(KeyKeeper.isOf(edge, Set.of("edge"))).isFalse();
  }

  /** Joins under a name that its key does not have. */
  private static ActorSystem pretender(MemberNode cloud, NodeKeys keys, String name) {
    var config =
        ConfigFactory.parseString(
                """
                pekko.remote.artery { transport = tls-tcp, canonical { hostname = "127.0.0.1", port = 0 } }
                pekko.cluster.roles = ["cloud", "node-%s"]
                pekko.cluster.multi-data-center.self-data-center = cloud
                pekko.cluster.jmx.multi-mbeans-in-same-jvm = on
                pekko.cluster.seed-nodes = ["pekko://%s@%s"]
                """
                    .formatted(name, MemberNode.SYSTEM, cloud.address()))
            .withFallback(ConfigFactory.parseResources("dayu-cloud.conf"))
            .withFallback(ConfigFactory.parseResources("dayu-member.conf"))
            .withFallback(ConfigFactory.load())
            .resolve();
    return ActorSystem.create(
        MemberNode.SYSTEM,
        ActorSystemSetup.create(
            BootstrapSetup.create(config),
            SSLEngineProviderSetup.create(system -> new ArteryKeys(keys, new KnownKeys()))));
  }

  @Test
  void aNodeWithoutKeysIsNoMember() {
    var keys = keys(new TestKeys(directory), "cloud-1", Role.CLOUD);
    var cloud = member("cloud-1", Role.CLOUD, keys);
    try (var logs = Logs.of(ArteryKeys.class)) {
      var edge = edge(cloud, "");
      await().atMost(SOON).until(() -> logs.has(Level.WARN, "cluster port", "does not encrypt"));
      assertThat(edge.status().joined()).isFalse();
    }
  }

  private MemberNode edge(MemberNode cloud, String keys) {
    return member(
        "edge-1", Role.EDGE, keys + "\ndayu.cluster.seeds = \"%s\"".formatted(cloud.address()));
  }

  private static String keys(TestKeys keys, String name, Role role) {
    return directory(keys.issue(new Holder(name, role), name, MONTH));
  }

  private static String directory(Path keys) {
    return "dayu.keys.directory = \"%s\"".formatted(keys);
  }

  private MemberNode member(String name, Role role, String more) {
    var config =
        ConfigFactory.parseString(
                """
                dayu.node { name = %s, host = "127.0.0.1" }
                dayu.cluster.port = 0
                pekko.cluster.jmx.multi-mbeans-in-same-jvm = on
                %s
                """
                    .formatted(name, more))
            .withFallback(ConfigFactory.load())
            .resolve();
    var member =
        MemberNode.start(
            NodeSettings.from(role, config),
            config,
            kit.<Controller.Command>createTestProbe().ref(),
            new MemberUplink(),
            reason -> {},
            Optional.empty());
    members.add(member);
    return member;
  }

  /** A system of Pekko that is no node. */
  private static ActorSystem stranger() {
    Config config =
        ConfigFactory.parseString(
                """
                pekko.actor.provider = remote
                pekko.remote.artery { transport = tcp, canonical { hostname = "127.0.0.1", port = 0 } }
                """)
            .withFallback(ConfigFactory.load())
            .resolve();
    return ActorSystem.create("stranger", config);
  }

  private static ActorIdentity identify(ActorSystem from, String path) {
    return (ActorIdentity)
        Patterns.ask(from.actorSelection(path), new Identify(1), SOON).toCompletableFuture().join();
  }
}
