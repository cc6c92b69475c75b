package io.dayu.flow;

import static org.awaitility.Awaitility.await;

import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.link.FlowKit;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plans;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PeerLinksStreamTest {
  @TempDir Path dir;
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
  void anEdgeThatKnowsNoCloudIsOfflineFromTheBeginning() {
    try (var node =
        new TestNode(
            kit,
            "edge-1",
            Role.EDGE,
            dir,
            List.of(TestNode.numbers("numbers", false, 1_000_000, 100)),
            List.of(Plans.READER),
            memory -> memory)) {
      var spec = node.pipeline("one", "numbers:x", "reader");
      var shedding =
          new PipelineSpec(
              spec.name(),
              spec.sources(),
              spec.stages(),
              spec.policy(),
              spec.objective(),
              new Delivery(Offline.SHED, 0));
      node.controller.tell(new Controller.Viewed(TestNode.view(node, shedding)));
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  node.stream(StreamName.parse("one/in"))
                      .map(StreamReport::ledger)
                      .filter(ledger -> ledger.shed() > 100 && ledger.inFlight() == 0)
                      .isPresent());
    }
  }
}
