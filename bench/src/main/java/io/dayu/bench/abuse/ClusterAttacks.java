package io.dayu.bench.abuse;

import com.typesafe.config.ConfigFactory;
import io.dayu.local.Endpoints;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Identify;
import org.apache.pekko.actor.Kill;
import org.apache.pekko.actor.PoisonPill;
import scala.concurrent.Await;
import scala.concurrent.duration.Duration;

/** What strangers send to the ports by which nodes are members. */
final class ClusterAttacks {
  private static final List<String> PATHS =
      List.of("/user", "/system", "/", "/user/node", "/system/cluster", "/system/sharding");

  private ClusterAttacks() {}

  static List<Attack> all() {
    return List.of(
        new Attack("cluster-garbage", "random bytes and broken frames", ClusterAttacks::garbage),
        new Attack("foreign-member", "messages that end actors", ClusterAttacks::stranger));
  }

  /** Not of a thief: Artery trusts whom it lets in, and decodes what he sends. */
  private static void garbage(Attempt attempt) {
    var random = attempt.random();
    var guises = List.of(Guise.NOBODY, Guise.FOREIGNER);
    while (attempt.goesOn()) {
      var bytes = attempt.bytes(1 + random.nextInt(4096));
      if (random.nextBoolean()) {
        // As Artery begins, with a stream of control, ordinary or large messages and a length.
        var begin = ByteBuffer.wrap(bytes.length < 16 ? new byte[16] : bytes);
        begin.put("AKKA".getBytes(StandardCharsets.US_ASCII));
        begin.put((byte) (1 + random.nextInt(4)));
        begin.order(ByteOrder.LITTLE_ENDIAN).putInt(random.nextInt());
        bytes = begin.array();
      }
      var names = attempt.victims().names();
      try {
        attempt.exchange(
            attempt.victims().member(names.get(random.nextInt(names.size()))),
            guises.get(random.nextInt(guises.size())),
            bytes);
      } catch (IOException closed) {
        attempt.sent();
      }
    }
  }

  /** An actor system that is no member and has no key. */
  private static void stranger(Attempt attempt) throws InterruptedException {
    var config =
        ConfigFactory.parseMap(
                Map.of(
                    "pekko.actor.provider", "remote",
                    "pekko.remote.artery.transport", "tcp",
                    "pekko.remote.artery.canonical.hostname", "127.0.0.1",
                    "pekko.remote.artery.canonical.port", 0,
                    "pekko.loglevel", "OFF",
                    "pekko.stdout-loglevel", "OFF",
                    "pekko.log-dead-letters", "off"))
            .withFallback(ConfigFactory.defaultReference());
    var system = ActorSystem.create("stranger", config);
    try {
      do {
        for (var node : attempt.victims().names())
          for (var path : PATHS)
            for (var message :
                List.of(new Identify(1), PoisonPill.getInstance(), Kill.getInstance())) {
              var to = Endpoints.text(attempt.victims().member(node));
              system.actorSelection("pekko://dayu@" + to + path).tell(message, ActorRef.noSender());
              attempt.sent();
            }
        Thread.sleep(100);
      } while (attempt.goesOn());
    } finally {
      system.terminate();
      try {
        Await.ready(system.whenTerminated(), Duration.create(20, TimeUnit.SECONDS));
      } catch (TimeoutException stays) {
        // It ends with this process.
      }
    }
  }
}
