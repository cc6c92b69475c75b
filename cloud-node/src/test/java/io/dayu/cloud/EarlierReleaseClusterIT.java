package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** A cloud node that is started on the data directory of a cloud node of release 0.1. */
class EarlierReleaseClusterIT {
  @Test
  void pipelinesResultsCountsAndDecisionsAreThereAndMoreIsStored() {
    var directory = Cluster.empty(EarlierReleaseClusterIT.class.getSimpleName());
    Release01.data(directory.resolve("cloud-1").resolve("data"));
    try (var cluster = Cluster.start(directory, 1, node -> node.classPath(BadStages.classPath()))) {
      // Remembered by its shard, whose events are of release 0.1 as well.
      Cluster.await("the pipeline")
          .untilAsserted(
              () -> {
                var pipelines = Cluster.items(cluster.get("pipelines"));
                assertThat(pipelines).hasSize(1);
                assertThat(pipelines.get(0).path("name").asText()).isEqualTo(Release01.PIPELINE);
                assertThat(pipelines.get(0).path("version").asInt()).isEqualTo(2);
              });
      // The edge has no data directory: it reads its source anew, under higher numbers.
      int count = Release01.DELIVERED + Release01.FAILED;
      var results =
          cluster.results(Release01.PIPELINE).stream()
              .filter(r -> r.path("seq").asLong() < count)
              .toList();
      assertThat(Cluster.seqs(results))
          .containsExactlyInAnyOrderElementsOf(LongStream.range(0, count).boxed().toList());
      assertThat(results.stream().filter(r -> r.path("status").asText().equals("failed")))
          .hasSize(Release01.FAILED);
      assertThat(Cluster.items(cluster.get("pipelines/" + Release01.PIPELINE + "/decisions")))
          .map(d -> d.path("version").asInt())
          .contains(1, 2, 3);

      cluster.submit(
          """
          apiVersion: dayu.io/v1alpha1
          kind: Pipeline
          metadata: {name: new}
          spec:
            sources: [{name: numbers, uri: "synthetic:?bytes=40&rate=100&count=20", node: edge-1}]
            stages: [{id: work, type: identity}]
          """);
      cluster.awaitDelivered("new", 20);
      assertThat(cluster.results("new")).hasSize(20);
      assertThat(cluster.log("cloud-1"))
          .contains("All 20 rows of dayu_results are taken over", "store.mv.db.taken-over")
          .doesNotContain("flywaydb");
    }
  }
}
