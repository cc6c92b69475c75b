package io.dayu.member;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.awaitility.Awaitility;

/** A cluster of one node, {@code cloud-1}, configured like {@code member} on a node. */
public final class MemberKit {
  private MemberKit() {}

  public static ActorTestKit start() {
    var own =
        ConfigFactory.parseString(
            """
            pekko.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
            pekko.cluster.roles = ["cloud", "node-cloud-1"]
            pekko.cluster.multi-data-center.self-data-center = cloud
            pekko.cluster.jmx.multi-mbeans-in-same-jvm = on
            """);
    var kit =
        ActorTestKit.create(
            "dayu",
            own.withFallback(ConfigFactory.parseResources("dayu-member.conf"))
                .withFallback(ConfigFactory.load())
                .resolve());
    var cluster = Cluster.get(kit.system());
    cluster.manager().tell(Join.create(cluster.selfMember().address()));
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> cluster.selfMember().status().equals(MemberStatus.up()));
    return kit;
  }
}
