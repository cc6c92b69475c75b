package io.dayu.member;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.awaitility.Awaitility;

/** Nodes configured like {@code member} on a node. */
public final class MemberKit {
  private MemberKit() {}

  /** A cluster of one node, {@code cloud-1}. */
  public static ActorTestKit start() {
    return join("cloud-1", Optional.empty());
  }

  /** A node of the cluster that {@code first} began. */
  public static ActorTestKit join(String node, ActorTestKit first) {
    return join(node, Optional.of(first));
  }

  private static ActorTestKit join(String node, Optional<ActorTestKit> first) {
    var own =
        ConfigFactory.parseString(
            """
            pekko.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
            pekko.cluster.roles = ["cloud", "node-%s"]
            pekko.cluster.multi-data-center.self-data-center = cloud
            pekko.cluster.jmx.multi-mbeans-in-same-jvm = on
            """
                .formatted(node));
    var kit =
        ActorTestKit.create(
            "dayu",
            own.withFallback(ConfigFactory.parseResources("dayu-member.conf"))
                .withFallback(ConfigFactory.load())
                .resolve());
    var cluster = Cluster.get(kit.system());
    var begun = first.map(kit1 -> Cluster.get(kit1.system())).orElse(cluster);
    cluster.manager().tell(Join.create(begun.selfMember().address()));
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> cluster.selfMember().status().equals(MemberStatus.up()));
    return kit;
  }
}
