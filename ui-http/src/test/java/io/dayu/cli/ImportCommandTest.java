package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files in the shape of the existing system's, laid out as it lays them out. */
class ImportCommandTest {
  private static final String STREETS =
      """
      {"format": "dayu.application-dag", "version": 1, "dag_name": "Street (busy)",
       "dag": {
         "_start": ["vehicle-detection"],
         "license-plate-recognition-roi": {"id": "license-plate-recognition-roi", "prev": ["vehicle-detection"],
           "succ": [], "service_id": "license-plate-recognition-roi"},
         "vehicle-detection": {"id": "vehicle-detection", "prev": [],
           "succ": ["license-plate-recognition-roi", "exposure-identification"], "service_id": "vehicle-detection"},
         "exposure-identification": {"id": "exposure-identification", "prev": ["vehicle-detection"],
           "succ": [], "service_id": "exposure-identification"}},
       "layout": {"direction": "LR", "nodes": {"vehicle-detection": {"x": 0, "y": 120}}}}
      """;
  private static final String SOURCE =
      """
      source_name: "Two streets"
      source_type: "video"
      source_mode: "http_video"
      source_list:
        - name: "street_north"
          url: ""
          dir: "streets/north/"
          metadata: {resolution: "720p", fps: 25, encoding: "mp4v", buffer_size: 4}
      """;
  private static final String BASE =
      """
      namespace: dayu
      datasource: {use-simulation: true, node: edgex1, data-root: "/data/datasource/", play-mode: non-cycle}
      services:
        !include services.yaml
      """;
  private static final String FIXED =
      """
      position: cloud
      pod-template:
        env:
          - name: SCH_AGENT_NAME
            value: fixed
          - name: SCH_AGENT_PARAMETERS
            value: >
              {'configuration': {'fps': 10}, 'offloading': {'vehicle-detection': 'edgex1',
               'license-plate-recognition-roi': 'cloud1', 'exposure-identification': 'edgex1'}}
      """;

  @TempDir private Path home;
  private Path data;

  @BeforeEach
  void lay() throws IOException {
    write("config/application_dags/street.dag", STREETS);
    write("config/datasource_configs/streets.yaml", SOURCE);
    write("template/base.yaml", BASE);
    write("template/scheduler/fixed-policy.yaml", FIXED);
    write("template/services.yaml", "- id: car-detection\n  input: [frame]\n");
    write("template/broken.yaml", "a: [");
    data = home.resolve("sets");
    write(
        "sets/streets/north/http_video/manifest.json",
        """
        {"version": 1, "video_root": "../data", "sequence": [{"path": "clips/1.mp4", "frame_count": 9}]}
        """);
  }

  @Test
  void aDagAndADataSourceBecomeAPipeline() throws IOException {
    var run = run("--policy", "fixed", "--data", data.toString());
    assertThat(run.code()).as(run.err()).isZero();
    var pipeline = document(run.out());
    assertThat(pipeline.at("/metadata/name").asText()).isEqualTo("street-busy");
    assertThat(pipeline.at("/spec/sources/0"))
        .isEqualTo(
            yaml(
                """
                name: street-north
                uri: file:///data/datasource/streets/north/data/clips/1.mp4?realtime=true
                node: edgex1
                knobs: {height: [720], fps: [25.0]}
                """));
    assertThat(pipeline.at("/spec/stages"))
        .isEqualTo(
            yaml(
                """
                - {id: vehicle-detection, type: detect-and-track, params: {labels: [car, bus, truck]}}
                - {id: license-plate-recognition-roi, type: text-recognition, after: [vehicle-detection], per: box, reuse: 2s}
                - {id: exposure-identification, type: exposure-identification, after: [vehicle-detection], per: box}
                """));
    assertThat(pipeline.at("/spec/policy"))
        .isEqualTo(
            yaml(
                """
                name: fixed
                params:
                  route: {vehicle-detection: edgex1, license-plate-recognition-roi: cloud1, exposure-identification: edgex1}
                """));
    assertThat(run.err()).contains("changed: street-north: 4 frames made a task there");
    assertThat(run.out()).contains("# changed: license-plate-recognition-roi: ");
  }

  @Test
  void aServiceThatThereIsNoStageForIsLeftToAServiceOfItsName() throws IOException {
    var dag = STREETS.replace("exposure-identification", "driveable-area");
    var run = Cli.run("import", "dayu", write("mine.dag", dag), source(), "--node", "edge-1");
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err())
        .contains("by hand: driveable-area: there is no stage for driveable-area")
        .contains("dayu.services.driveable-area");
    assertThat(document(run.out()).at("/spec/stages/2/type").asText()).isEqualTo("driveable-area");
  }

  @Test
  void aFaceThatWasTrackedIsTrackedByAStageOfItsOwn() throws IOException {
    var dag = STREETS.replace("vehicle-detection", "face-detection");
    var run =
        Cli.run(
            "import",
            "dayu",
            write("mine.dag", dag),
            source(),
            "--node",
            "e",
            "--data",
            data.toString());
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(document(run.out()).at("/spec/stages"))
        .extracting(stage -> stage.path("id").asText() + " " + stage.path("after"))
        .containsExactly(
            "face-detection ",
            "face-detection-track [\"face-detection\"]",
            "license-plate-recognition-roi [\"face-detection-track\"]",
            "exposure-identification [\"face-detection-track\"]");
  }

  @Test
  void oneOfSeveralDataSourcesIsNamed() throws IOException {
    write("config/datasource_configs/more.yaml", SOURCE.replace("Two streets", "More"));
    var unclear = run();
    assertThat(unclear.code()).isEqualTo(1);
    assertThat(unclear.err()).contains("more.yaml", "streets.yaml");
    assertThat(run("--datasource", "More", "--data", data.toString()).code()).isZero();
    assertThat(run("--datasource", "streets.yaml", "--data", data.toString()).code()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "rtsp_video, rtsp://user:secret@10.0.0.4/1, RTSP, http://CAMERA.invalid/street-north.mjpeg",
    "v4l2_video, /dev/video0, USB, http://CAMERA.invalid/street-north.mjpeg",
    "http_video, http://10.0.0.4/cam.mjpeg, asked for MJPEG, http://10.0.0.4/cam.mjpeg",
    "http_video, http://10.0.0.4:9000/x?a=1, asked for MJPEG, http://10.0.0.4:9000/x?a=1&format=mjpeg",
    "http_video, '', join its clips, file:///data/datasource/streets/north/street-north.mp4?realtime=true"
  })
  void aSourceThatNeedsAHandIsToldAndItsPasswordIsNot(
      String mode, String url, String told, String uri) throws IOException {
    write(
        "config/datasource_configs/streets.yaml",
        SOURCE.replace("http_video", mode).replace("url: \"\"", "url: \"%s\"".formatted(url)));
    var run = run();
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("by hand: street-north", told).doesNotContain("secret");
    assertThat(document(run.out()).at("/spec/sources/0/uri").asText()).isEqualTo(uri);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"dag_name\": \"x\", \"dag\": {\"_start\": []}}|has no services",
        "{\"dag_name\": \"x\", \"dag\": {\"a\": {\"succ\": [\"b\"]}, \"b\": {\"succ\": [\"a\"]}}}|in a circle: a, b",
        "{\"dag\": 7}|neither a DAG",
        "[|neither YAML nor JSON",
        "''|neither a DAG"
      })
  void whatIsNoDagIsRefused(String text, String told) throws IOException {
    var run = Cli.run("import", "dayu", write("bad.dag", text), source());
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains(told);
    assertThat(run.out()).isEmpty();
  }

  @Test
  void namesThatNoPipelineMayHaveAreChangedOrTold() throws IOException {
    var dag = STREETS.replace("Street (busy)", "交通\\n# x: y");
    var run = Cli.run("import", "dayu", write("mine.dag", dag), source(), "--node", "e");
    assertThat(document(run.out()).at("/metadata/name").asText()).isEqualTo("x-y");
    var nothing = STREETS.replace("Street (busy)", "交通");
    run = Cli.run("import", "dayu", write("mine.dag", nothing), source(), "--node", "e");
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("by hand: metadata.name");
  }

  private Cli run(String... more) {
    var all = new ArrayList<>(List.of("import", "dayu"));
    all.add(home.resolve("config").toString());
    all.add(home.resolve("template").toString());
    all.addAll(List.of(more));
    return Cli.run(all.toArray(String[]::new));
  }

  private String source() {
    return home.resolve("config/datasource_configs/streets.yaml").toString();
  }

  private String write(String name, String text) throws IOException {
    var file = home.resolve(name);
    Files.createDirectories(file.resolveSibling("."));
    return Files.writeString(file, text).toString();
  }

  private static JsonNode document(String text) throws IOException {
    var document = yaml(text);
    assertThat(document.path("kind").asText()).isEqualTo("Pipeline");
    return document;
  }

  private static JsonNode yaml(String text) throws IOException {
    return new YAMLMapper().readTree(text);
  }
}
