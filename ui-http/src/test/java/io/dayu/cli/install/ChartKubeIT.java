package io.dayu.cli.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.local.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The chart, as Helm renders it, and the kustomizations are the same installation. */
class ChartKubeIT {
  private static final Path K8S = Home.find().root().resolve("k8s");
  private static final Path OVERLAYS = K8S.resolve("overlays");
  private static final Path CHART = K8S.resolve("chart");

  @TempDir private Path directory;

  static Stream<String> overlays() throws IOException {
    try (var overlays = Files.list(OVERLAYS)) {
      return overlays.map(overlay -> overlay.getFileName().toString()).sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("overlays")
  void theChartRendersWhatTheKustomizationOfTheSameValuesDoes(String overlay) throws IOException {
    var of = values(overlay);
    var kustomized = objects(Kubectl.kustomize(OVERLAYS.resolve(overlay)));
    // Helm makes it.
    kustomized.keySet().removeIf(name -> name.startsWith("Namespace "));
    var charted = objects(chart(of));
    assertThat(charted.keySet()).isEqualTo(kustomized.keySet()).hasSizeGreaterThan(5);
    charted.forEach((name, object) -> assertThat(object).as(name).isEqualTo(kustomized.get(name)));
  }

  @ParameterizedTest
  @MethodSource("overlays")
  void anOverlayIsWhatItsValuesAreRenderedTo(String overlay) throws IOException {
    var path = OVERLAYS.resolve(overlay);
    var written = Overlay.files(values(overlay), path.relativize(K8S).toString());
    try (var files = Files.walk(path)) {
      assertThat(
              files
                  .filter(Files::isRegularFile)
                  .map(file -> path.relativize(file).toString())
                  .filter(file -> !file.equals("values.yaml")))
          .containsExactlyInAnyOrderElementsOf(written.keySet());
    }
    for (var file : written.entrySet())
      assertThat(path.resolve(file.getKey())).hasContent(file.getValue());
  }

  @Test
  void templatesAreThoseOfTheManifestsAsTheyAre() throws IOException {
    var made = Chart.templates(K8S);
    try (var files = Files.list(CHART.resolve("templates"))) {
      assertThat(
              files
                  .map(file -> file.getFileName().toString())
                  .filter(name -> name.endsWith(".yaml")))
          .as("make them anew: ./dayu k8s chart")
          .containsExactlyInAnyOrderElementsOf(made.keySet());
    }
    var anew = Files.createDirectories(directory.resolve("anew/templates")).getParent();
    for (var file : List.of("Chart.yaml", "values.yaml", "values.schema.json"))
      Files.copy(CHART.resolve(file), anew.resolve(file));
    for (var template : made.entrySet())
      Files.writeString(anew.resolve("templates").resolve(template.getKey()), template.getValue());
    // As objects: versions of kubectl print them differently.
    var of = values("second").with("postgres.enabled=true").with("apiService=true");
    assertThat(objects(helm(anew).template(of.values())))
        .as("make them anew: ./dayu k8s chart")
        .isEqualTo(objects(chart(of)));
  }

  @Test
  void whatAnOperatorWouldWriteMayStandInValues() throws IOException {
    var of =
        values("kubeedge")
            .with("read.files=\"/data/a b,/data/#1: x\"")
            .with("nodes.edge=[{name: '7', address: '2001:db8::7'}]");
    var charted = objects(chart(of));
    assertThat(charted.get("ConfigMap dayu-settings").at("/data/DAYU_READ_FILES").asText())
        .isEqualTo("/data/a b,/data/#1: x");
    var address = charted.get("Endpoints node-7").at("/subsets/0/addresses/0");
    assertThat(address.path("nodeName").isTextual()).isTrue();
    assertThat(address.path("ip").asText()).isEqualTo("2001:db8::7");
  }

  @ParameterizedTest
  @CsvSource({
    "keys-secrets, dayu keys secrets",
    "postgres, DAYU_STORE_URL",
    "second, /etc/dayu/lab-keys"
  })
  void itsNotesTellWhatNodesWaitFor(String overlay, String told) throws IOException {
    assertThat(helm(CHART).notes(values(overlay).values()))
        .contains(told, "dayu-tokens")
        .doesNotContain("<no value>");
  }

  @Test
  void helmFindsNoFault() {
    // Warnings are of a namespace that is empty while a chart is only looked at.
    assertThat(helm(CHART).faults()).isEmpty();
  }

  @Test
  void whatHelmPackagesIsTheChart() throws IOException {
    var of = values("keys-secrets");
    assertThat(helm(helm(CHART).packaged()).template(of.values())).isEqualTo(chart(of));
  }

  @Test
  void helmRefusesAValueThatThereIsNot() {
    var values = values("kubeedge").values().put("replicas", 3);
    assertThatThrownBy(() -> helm(CHART).template(values))
        .hasMessageContaining("'replicas' not allowed");
  }

  /** Helm says nothing of a value that its chart does not have, unless a schema does. */
  @Test
  void theSchemaOfValuesHasEachOfThemAndNoOther() throws IOException {
    var schema = Installation.YAML.readTree(K8S.resolve("chart/values.schema.json").toFile());
    ((ObjectNode) schema.path("properties")).remove("global"); // Helm's own
    sameNames(Installation.defaults(K8S).values(), schema, schema, "");
  }

  private static void sameNames(JsonNode values, JsonNode schema, JsonNode root, String at) {
    var reference = schema.path("$ref").asText();
    if (!reference.isEmpty()) {
      sameNames(values, root.at(reference.substring(1)), root, at);
      return;
    }
    if (!values.isObject()) {
      assertThat(schema.has("type") || schema.has("enum")).as(at).isTrue();
      return;
    }
    assertThat(schema.path("additionalProperties").asBoolean(true)).as(at).isFalse();
    assertThat(schema.path("properties").fieldNames())
        .as(at)
        .toIterable()
        .containsExactlyInAnyOrderElementsOf(() -> values.fieldNames());
    values
        .properties()
        .forEach(
            value ->
                sameNames(
                    value.getValue(),
                    schema.path("properties").path(value.getKey()),
                    root,
                    at + "." + value.getKey()));
  }

  private static Installation values(String overlay) {
    return Installation.defaults(K8S)
        .with(OVERLAYS.resolve(overlay).resolve("values.yaml"))
        .checked();
  }

  private String chart(Installation of) throws IOException {
    return helm(CHART).template(of.values());
  }

  private RealHelm helm(Path chart) {
    return new RealHelm(chart, directory);
  }

  private static SortedMap<String, JsonNode> objects(String yaml) throws IOException {
    var objects = new TreeMap<String, JsonNode>();
    try (var documents = Installation.YAML.readerFor(JsonNode.class).<JsonNode>readValues(yaml)) {
      while (documents.hasNext()) {
        var object = documents.next();
        if (!object.isObject()) continue;
        var name = object.path("kind").asText() + " " + object.at("/metadata/name").asText();
        assertThat(objects.put(name, object)).as(name).isNull();
      }
    }
    return objects;
  }
}
