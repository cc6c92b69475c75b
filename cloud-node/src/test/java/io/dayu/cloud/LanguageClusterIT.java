package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What nodes write is the same whatever the language of the users who started them. */
class LanguageClusterIT {
  /** Other digits, another decimal point, and another lower case of I. */
  private static final Map<String, String> LOCALES =
      Map.of("cloud-1", "ar-EG", "edge-1", "de-DE", "edge-2", "tr-TR");

  @Test
  void nodesOfOtherLanguagesStartAndRunAPipelineOfFilesAndNumbers() throws IOException {
    var directory = Cluster.empty(LanguageClusterIT.class.getSimpleName());
    var readings = directory.resolve("readings.csv");
    Files.writeString(
        readings,
        IntStream.range(0, 200)
            .mapToObj(i -> "oven," + (1_700_000_000_000L + i) + "," + i + ".25,C\n")
            .collect(Collectors.joining("", "sensor,at,value,unit\n", "")));
    try (var cluster = Cluster.start(directory, 2, n -> n.jvm(language(LOCALES.get(n.name()))))) {
      cluster.submit(
          """
          apiVersion: dayu.io/v1alpha1
          kind: Pipeline
          metadata: {name: ovens}
          spec:
            sources: [{name: ovens, uri: "%s", node: edge-1}]
            stages:
              - {id: first, type: identity}
              - {id: last, type: identity, after: [first]}
            policy: {name: fixed, params: {route: {first: edge-2, last: cloud-1}}}
          """
              .formatted(readings.toUri()));
      var ledger = cluster.awaitDelivered("ovens", 200);
      assertThat(ledger.failed()).isZero();
      assertThat(cluster.results("ovens"))
          .hasSize(200)
          .allSatisfy(
              r -> assertThat(Cluster.trace(r)).containsExactly("first@edge-2", "last@cloud-1"));
      Cluster.await("the end of the source")
          .until(() -> cluster.status("ovens").path("state").asText().equals("completed"));
      var metrics = cluster.fetch(cluster.nodes().api().resolve("/metrics")).text();
      var management = cluster.nodes().node("cloud-1").endpoints().management().orElseThrow();
      var members =
          cluster.fetch(
              URI.create("http://127.0.0.1:" + management.getPort() + "/cluster/members"));
      for (var text :
          new String[] {
            cluster.get("pipelines/ovens").toString(),
            cluster.get("pipelines/ovens/decisions").toString(),
            cluster.get("nodes").toString(),
            members.text(),
            metrics,
            cluster.log("cloud-1"),
            cluster.log("edge-1"),
            cluster.log("edge-2")
          }) assertThat(text).isNotEmpty().doesNotContainPattern("[\\p{Nd}&&[^0-9]]|\u0131");
    }
  }

  private static String[] language(String tag) {
    var parts = tag.split("-");
    return new String[] {"-Duser.language=" + parts[0], "-Duser.country=" + parts[1]};
  }
}
