package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.local.Home;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** People and cars are found in a street video by one edge and the cloud. */
class VideoClusterIT {
  private static Cluster cluster;

  @BeforeAll
  static void start() {
    cluster = Cluster.start(VideoClusterIT.class, 1, n -> n);
  }

  @AfterAll
  static void stop() {
    if (cluster != null) cluster.close();
  }

  @Test
  void peopleAndCarsAreFoundAndFramesAreKept() throws IOException {
    var port = cluster.nodes().directory().resolve("camera.port");
    cluster
        .nodes()
        .run(
            "camera",
            Home.find().program("sim-source", "io.dayu.sim.SimSource"),
            List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m"),
            List.of("--fps=5", "--height=540", "--port-file=" + port));
    Cluster.await("the camera").until(() -> Files.exists(port));
    cluster.submit(
        """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: street}
        spec:
          sources: [{name: cam, uri: "http://127.0.0.1:%s/cam-0.mjpeg", node: edge-1}]
          stages:
            - {id: detect, type: object-detection, params: {labels: [person, car]}}
            - {id: track, type: box-tracker, after: [detect]}
            - {id: exposure, type: exposure-identification, after: [detect]}
            - {id: count, type: count-by-label, after: [track, exposure]}
          policy: {name: fixed, params: {route: {detect: edge-1, track: cloud-1, exposure: edge-1, count: cloud-1}}}
          delivery: {keepFrames: 5/s}
        """
            .formatted(Files.readString(port).strip()));

    var watch = cluster.watch("street");
    Cluster.await("boxes of people and cars, and a frame of them")
        .until(
            () -> {
              var results = watch.poll();
              return results.stream().anyMatch(r -> sees(r, "person"))
                  && results.stream().anyMatch(r -> sees(r, "car"))
                  && results.stream().anyMatch(r -> r.hasNonNull("frame") && boxes(r).size() > 0);
            });
    assertThat(cluster.ledger("street").balances()).isTrue();

    var results = watch.poll();
    assertThat(results)
        .filteredOn(r -> r.path("status").asText().equals("delivered"))
        .isNotEmpty()
        .allSatisfy(
            r -> {
              assertThat(Cluster.trace(r))
                  .containsExactly(
                      "count@cloud-1", "detect@edge-1", "exposure@edge-1", "track@cloud-1");
              assertThat(r.path("outputs").path("count").path("type").asText()).isEqualTo("labels");
            });
    var kept =
        results.stream().filter(r -> r.hasNonNull("frame") && boxes(r).size() > 0).findFirst();
    var jpeg = cluster.nodes().client().bytes(kept.orElseThrow().path("frame").asText());
    var image = ImageIO.read(new ByteArrayInputStream(jpeg));
    assertThat(image.getHeight()).isEqualTo(540);
    assertThat(image.getWidth()).isGreaterThan(540);

    cluster.delete("street");
    var nodes = cluster.nodes();
    for (var name : List.of("edge-1", "cloud-1")) {
      var process = nodes.node(name).process();
      process.terminate();
      assertThat(process.await(java.time.Duration.ofSeconds(30)))
          .as("%s ends when it is asked to", name)
          .isTrue();
      assertThat(cluster.log(name)).doesNotContain("hs_err", "SIGSEGV", "OutOfMemoryError");
    }
  }

  private static boolean sees(JsonNode result, String label) {
    return boxes(result).stream().anyMatch(box -> box.path("label").asText().equals(label));
  }

  private static List<JsonNode> boxes(JsonNode result) {
    return Cluster.items(result.path("outputs").path("detect").path("boxes"));
  }
}
