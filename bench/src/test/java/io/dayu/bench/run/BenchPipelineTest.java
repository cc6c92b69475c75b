package io.dayu.bench.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchPipelineTest {
  @Test
  void threeStagesStandInARowOnTheNodesAskedFor() throws Exception {
    var document =
        BenchPipeline.over("edge-1", "edge-2", "cloud-1")
            .document("bench", new BenchPipeline.Load("edge-1", 1024, 50, 9));
    var json = new ObjectMapper().readTree(document);

    assertThat(json.at("/metadata/name").asText()).isEqualTo("bench");
    assertThat(json.at("/spec/sources/0/uri").asText())
        .isEqualTo("synthetic:?bytes=1024&rate=50&count=9");
    assertThat(json.at("/spec/sources/0/node").asText()).isEqualTo("edge-1");
    assertThat(json.at("/spec/stages").findValuesAsText("type"))
        .containsExactly("identity", "identity", "identity");
    assertThat(json.at("/spec/stages/0").has("after")).isFalse();
    assertThat(json.at("/spec/stages/1/after/0").asText()).isEqualTo("a");
    assertThat(json.at("/spec/stages/2/after/0").asText()).isEqualTo("b");
    assertThat(json.at("/spec/policy/name").asText()).isEqualTo("fixed");
    assertThat(json.at("/spec/policy/params/route").toString())
        .isEqualTo("{\"a\":\"edge-1\",\"b\":\"edge-2\",\"c\":\"cloud-1\"}");
  }

  @Test
  void stagesMayBeOfAnotherType() throws Exception {
    var document =
        new BenchPipeline(List.of("cloud-1"), "http-identity")
            .document("bench", new BenchPipeline.Load("cloud-1", 1024, 0, 0));

    assertThat(new ObjectMapper().readTree(document).at("/spec/stages/0/type").asText())
        .isEqualTo("http-identity");
  }
}
