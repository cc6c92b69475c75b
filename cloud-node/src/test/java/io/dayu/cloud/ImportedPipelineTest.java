package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.cli.migrate.DayuFiles;
import io.dayu.cli.migrate.Migration;
import io.dayu.cli.migrate.Note;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.Parsed;
import io.dayu.pipeline.PipelineVerifier;
import io.dayu.policy.Policies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code dayu import dayu} says can be submitted as it is, a cloud node takes. */
class ImportedPipelineTest {
  @TempDir private Path home;

  @Test
  void everyServiceThatHasACounterpartBecomesAStageThatTheCatalogHas() throws IOException {
    Files.writeString(
        home.resolve("all.dag"),
        """
        {"dag_name": "all", "dag": {"_start": ["vehicle-detection", "face-detection", "traffic-detection"],
          "vehicle-detection": {"prev": [], "service_id": "vehicle-detection"},
          "car-detection": {"prev": [], "service_id": "car-detection"},
          "car-detection-pure": {"prev": [], "service_id": "car-detection-pure"},
          "pedestrian-detection": {"prev": [], "service_id": "pedestrian-detection"},
          "face-detection": {"prev": [], "service_id": "face-detection"},
          "face-detection-pure": {"prev": [], "service_id": "face-detection-pure"},
          "model-switch-detection": {"prev": [], "service_id": "model-switch-detection"},
          "traffic-detection": {"prev": [], "service_id": "traffic-detection"},
          "license-plate-recognition": {"prev": ["vehicle-detection"], "service_id": "license-plate-recognition"},
          "license-plate-recognition-roi": {"prev": ["vehicle-detection"], "service_id": "license-plate-recognition-roi"},
          "exposure-identification": {"prev": ["face-detection"], "service_id": "exposure-identification"},
          "vehicle-tracking": {"prev": ["traffic-detection"], "service_id": "vehicle-tracking"},
          "pedestrian-pose-estimation": {"prev": ["traffic-detection"], "service_id": "pedestrian-pose-estimation"}}}
        """);
    Files.writeString(
        home.resolve("camera.yaml"),
        """
        source_mode: http_video
        source_list:
          - {name: cam, dir: one/, metadata: {resolution: 1080p, fps: 30}}
        """);
    var manifest = Files.createDirectories(home.resolve("one/http_video")).resolve("manifest.json");
    Files.writeString(manifest, "{\"sequence\": [{\"path\": \"a.mp4\"}]}");
    var files = DayuFiles.find(List.of(home));
    var options =
        new Migration.Options(
            Optional.of("edge-only-policy"),
            Optional.of("edge-1"),
            Optional.empty(),
            Optional.of(home));

    var dag = files.dags().values().iterator().next();
    var made = Migration.of(dag, files.datasource(Optional.empty()), files, options);

    assertThat(made.notes()).noneMatch(Note::byHand);
    assertThat(PipelineVerifier.check(made.document(), Catalog.load(Policies.load().names())))
        .isInstanceOf(Parsed.Ok.class);
  }
}
