package io.dayu.k8s.crd;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Schemas, rules and Java types of our resources say the same. */
class DefinitionsTest {
  private static final Definition PIPELINES = Definition.read("pipelines.yaml");

  static Stream<Arguments> kinds() {
    return Stream.of(
        Arguments.of("pipelines.yaml", PipelineResource.class),
        Arguments.of("datasources.yaml", DataSourceResource.class),
        Arguments.of("schedulingpolicies.yaml", SchedulingPolicyResource.class),
        Arguments.of("stageservices.yaml", StageServiceResource.class),
        Arguments.of("memberrollouts.yaml", MemberRollOutResource.class),
        Arguments.of("nodeprofiles.yaml", NodeProfileResource.class));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void namesAreThoseOfTheJavaType(String file, Class<? extends CustomResource<?, ?>> type) {
    var tree = Definition.read(file).tree();
    assertThat(tree.at("/metadata/name").asText()).isEqualTo(CustomResource.getCRDName(type));
    assertThat(tree.at("/spec/names/kind").asText()).isEqualTo(HasMetadata.getKind(type));
    assertThat(tree.at("/spec/scope").asText()).isEqualTo("Namespaced");
    assertThat(tree.at("/spec/versions/0/name").asText()).isEqualTo(Dayu.VERSION);
    assertThat(tree.toString().length())
        .as("kubectl apply keeps it in an annotation, of 256 KiB at most")
        .isLessThan(200_000);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void everyRuleCanBeRead(String file) {
    Definition.read(file).rules().forEach(Definition::compile);
  }

  /** What has no limit makes a rule's cost unlimited, which an API server refuses. */
  @ParameterizedTest
  @MethodSource("kinds")
  void listsAndTextsOfTheSpecAreBounded(String file) {
    bounded(Definition.read(file).schema().at("/properties/spec"), file + ".spec");
  }

  private static void bounded(JsonNode schema, String path) {
    switch (schema.path("type").asText()) {
      case "array" -> {
        assertThat(schema.has("maxItems")).as(path).isTrue();
        bounded(schema.path("items"), path + "[]");
      }
      case "string" ->
          assertThat(schema.has("maxLength") || schema.has("enum") || schema.has("pattern"))
              .as(path)
              .isTrue();
      case "object" -> {
        assertThat(schema.has("properties") || schema.has("maxProperties")).as(path).isTrue();
        schema
            .path("properties")
            .properties()
            .forEach(p -> bounded(p.getValue(), path + "." + p.getKey()));
      }
      default -> {}
    }
  }

  static Stream<Path> documents() throws IOException {
    try (var files = Files.walk(Path.of("../examples"))) {
      return files.filter(DefinitionsTest::isPipeline).toList().stream();
    }
  }

  private static boolean isPipeline(Path file) {
    try {
      return file.toString().endsWith(".yaml") && Files.readString(file).contains("kind: Pipeline");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One file serves the command line, the API and kubectl. */
  @ParameterizedTest
  @MethodSource("documents")
  void everyExampleIsAResource(Path file) throws IOException {
    assertThat(PIPELINES.problems(Definition.YAML.readTree(file.toFile()))).isEmpty();
  }

  @Test
  void thereAreExamples() throws IOException {
    assertThat(documents()).hasSizeGreaterThan(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'stages':[{'id':'s','type':'t'}]} | sources",
        "{'sources':[],'stages':[{'id':'s','type':'t'}]} | at least 1 items",
        "{'sources':[{'name':'a','uri':'x:y'}],'stages':[{'type':'t'}]} | id",
        "{'sources':[{'name':'A b','uri':'x:y'}],'stages':[{'id':'s','type':'t'}]} | pattern",
        "{'sources':[{'name':'a','uri':'no scheme'}],'stages':[{'id':'s','type':'t'}]} | pattern",
        "{'sources':[{'name':'a'}],'stages':[{'id':'s','type':'t'}]} | a source has a uri or names a dataSource",
        "{'sources':[{'name':'a','uri':'x:y','shed':'all'}],'stages':[{'id':'s','type':'t'}]} | enumeration",
        "{'sources':[{'name':'a','uri':'x:y','url':'x:y'}],'stages':[{'id':'s','type':'t'}]} | url",
        "{'sources':[{'name':'a','uri':'x:y'}],'stages':[{'id':'s','type':'t','after':['s']}]} | after names stages",
        "{'sources':[{'name':'a','uri':'x:y'}],'stages':[{'id':'s','type':'t','after':['u']}]} | after names stages",
        "{'sources':[{'name':'a','uri':'x:y'}],'stages':[{'id':'s','type':'t','after':['u']},{'id':'u','type':'t','after':['s']}]} | nothing before it",
        "{'sources':[{'name':'a','uri':'x:y'}],'stages':[{'id':'s','type':'t','per':'box'}]} | per and of",
        "{'sources':[{'name':'a','uri':'x:y'}],'stages':[{'id':'s','type':'t','side':['limits']}]} | side names side inputs",
        "{'sources':[{'name':'a','uri':'x:y'}],'stages':[{'id':'s','type':'t'}],'policy':{'name':'p'},'policyRef':'q'} | policy or policyRef",
        "{'sources':[{'name':'a','uri':'x:y'}],'stages':[{'id':'s','type':'t'}],'state':'asleep'} | enumeration",
        "{'sources':[{'name':'a','uri':'x:y'}],'stages':[{'id':'s','type':'t'}],'objective':{'latency':'fast'}} | pattern",
        "{'sources':[{'name':'a','uri':'x:y'}],'stages':[{'id':'s','type':'t'}],'objective':{'percentile':100}} | 100",
      })
  void badPipelinesAreRefusedWithWords(String spec, String words) throws JsonProcessingException {
    assertThat(PIPELINES.problems(resource(spec)))
        .anySatisfy(p -> assertThat(p).contains(words.strip()));
  }

  /** A field that the schema lacks is dropped by an API server without a word. */
  @Test
  void aPipelineWithEverythingInItIsTaken() throws IOException {
    var everything =
        """
        apiVersion: dayu.io/v1alpha1
        kind: Pipeline
        metadata: {name: everything}
        spec:
          state: paused
          sources:
            - {name: cam, uri: "http://cam.example/1", node: edge-1, shed: oldest, knobs: {fps: [5, 10], height: 480}}
          sideInputs:
            - {name: limits, value: {most: [3, 4], by: {day: 7}}}
            - {name: plates, from: plates-of-the-city}
          stages:
            - {id: detect, type: object-detection, params: {threshold: 0.3}}
            - {id: faces, type: face-detection, after: [detect], per: box, of: detect, labels: [person], reuse: 2s, atMost: 4, margin: 0.1}
            - {id: join, type: crossover, inputs: {vehicles: detect, people: faces}, side: [limits, plates], params: {most: 3}, dynamic: [most]}
          policy: {name: least-loaded, params: {hysteresis: 0.2}}
          objective: {latency: 300ms, percentile: 95}
          delivery: {offline: spool, keepFrames: 1/s, retain: {for: 7d, atMost: 1000}, keepFailed: {atMost: 100, for: 1h}}
        """;
    assertThat(PIPELINES.problems(Definition.YAML.readTree(everything))).isEmpty();
  }

  @Test
  void aDataSourceHoldsNoPassword() throws JsonProcessingException {
    var definition = Definition.read("datasources.yaml");
    assertThat(definition.problems(resource("{'uri':'rtsp://cam.example/1'}"))).isEmpty();
    assertThat(definition.problems(resource("{'uri':'rtsp://me:secret@cam.example/1'}")))
        .singleElement()
        .asString()
        .contains("password");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | give image, or images",
        "{'image':'i','port':80} | network pod",
        "{'image':'i','devices':['/dev/video0']} | privileged",
        "{'image':'i','mounts':[{'path':'/a'}]} | exactly one of",
        "{'image':'i','mounts':[{'path':'/a','emptyDir':{},'host':{'path':'/b','type':'File'}}]} | exactly one of",
        "{'image':'i','mounts':[{'path':'/a','host':{'path':'/b','type':'Folder'}}]} | enumeration",
        "{'image':'i','service':{'url':'http://elsewhere/'}} | url",
        "{'image':'i','placement':{'role':'fog'}} | enumeration",
        "{'image':'i','replicas':-1} | 0",
        "{'image':'i','onDemand':{'standby':1}} | onDemand is for load onDemand",
        "{'image':'i','load':'never'} | enumeration",
        "{'image':'i','dynamic':['LIMIT']} | dynamic names parameters",
        "{'image':'i','parameters':{'MODEL':'a'},'dynamic':['LIMIT']} | dynamic names parameters",
      })
  void badServicesAreRefusedWithWords(String spec, String words) throws JsonProcessingException {
    assertThat(Definition.read("stageservices.yaml").problems(resource(spec)))
        .anySatisfy(p -> assertThat(p).contains(words.strip()));
  }

  @Test
  void aServiceWithEverythingInItIsTakenAndIsTheSameInJava() throws JsonProcessingException {
    var spec =
        resource(
                """
                {'image':'i','images':[{'nodeSelector':{'gpu':'yes'},'image':'j'}],'command':['c'],'args':['a'],'port':80,
                 'network':'pod','placement':{'role':'edge','nodes':['e'],'nodeSelector':{'a':'b'}},'replicas':2,
                 'load':'onDemand','onDemand':{'standby':1,'idleSeconds':60},
                 'parameters':{'A':'b'},'dynamic':['A'],'env':[{'name':'X','value':'y'}],
                 'mounts':[{'path':'/m','subPath':'s','readOnly':true,'propagation':'None','envName':'M','host':{'path':'/h','type':'Socket'}},
                           {'path':'/n','secret':{'secretName':'s'}}],
                 'devices':['/dev/video0'],'resources':{'limits':{'nvidia.com/gpu':'1'}},'imagePullSecrets':[{'name':'p'}],
                 'runtimeClassName':'nvidia','runAsUser':10001,'privileged':true,'health':{'path':'/h'},
                 'service':{'transport':'grpc','parallelism':4,'timeout':'5s'},'rollOut':{'deadlineSeconds':60,'watchSeconds':10,'maxFailedPercent':5,'drainSeconds':5}}
                """)
            .path("spec");
    var definition = Definition.read("stageservices.yaml");
    assertThat(definition.problems(resource(spec.toString()))).isEmpty();
    var serialization = new KubernetesSerialization();
    var read = serialization.convertValue(spec, StageServiceSpec.class);
    var back = serialization.convertValue(read, JsonNode.class);
    assertThat(io.dayu.k8s.desired.Difference.covers(back, spec)).as("%s", back).isTrue();
    assertThat(spec.propertyStream().map(Map.Entry::getKey))
        .containsExactlyInAnyOrderElementsOf(
            definition
                .schema()
                .at("/properties/spec/properties")
                .propertyStream()
                .map(Map.Entry::getKey)
                .toList());
  }

  @Test
  void aStatusWithEverythingInItFitsTheSchemaAndComesBackAsItWas() {
    var status =
        new PipelineStatus(
            3L,
            "running",
            2L,
            "abc",
            1,
            2,
            "least-loaded",
            List.of(
                new ConditionBuilder()
                    .withType("Ready")
                    .withStatus("True")
                    .withReason("Running")
                    .withMessage("m")
                    .withObservedGeneration(3L)
                    .withLastTransitionTime("2026-01-01T00:00:00Z")
                    .build()),
            List.of(new PipelineStatus.Revision(2, "2026-01-01T00:00:00Z", 1, 2, "p")));
    var serialization = new KubernetesSerialization();
    var json = serialization.convertValue(status, JsonNode.class);
    assertSchemaListsExactly(PIPELINES.schema().at("/properties/status"), json, "status");
    assertThat(serialization.convertValue(json, PipelineStatus.class)).isEqualTo(status);
  }

  @Test
  void theStatusOfARollOutFitsTheSchemaAndComesBackAsItWas() {
    var time = "2026-01-01T00:00:00Z";
    var status =
        new MemberRollOutStatus(
            1L,
            "1/3",
            List.of("edge-3 (away)"),
            new MemberRollOutStatus.Replacing("edge-1", "uid", "5d9c7", true, time, time),
            new MemberRollOutStatus.Stopped("edge-2", "5d9c7", "why"),
            List.of(
                new ConditionBuilder()
                    .withType("Progressing")
                    .withStatus("True")
                    .withReason("Replacing")
                    .withMessage("m")
                    .withObservedGeneration(1L)
                    .withLastTransitionTime(time)
                    .build()));
    var serialization = new KubernetesSerialization();
    var json = serialization.convertValue(status, JsonNode.class);
    assertSchemaListsExactly(
        Definition.read("memberrollouts.yaml").schema().at("/properties/status"), json, "status");
    assertThat(serialization.convertValue(json, MemberRollOutStatus.class)).isEqualTo(status);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"{'deadlineSeconds':1} | 30", "{'paused':'yes'} | boolean", "{} | there are two"})
  void badRollOutsAreRefusedWithWords(String spec, String words) throws JsonProcessingException {
    assertThat(Definition.read("memberrollouts.yaml").problems(resource(spec)))
        .anySatisfy(p -> assertThat(p).contains(words.strip()));
  }

  @Test
  void aProfileWithEverythingInItIsTakenAndComesBackAsItWas() throws JsonProcessingException {
    var definition = Definition.read("nodeprofiles.yaml");
    var spec =
        resource(
                "{'nodeSelector':{'site':'north'},'priority':1,'hostPathPrefix':'/data','settings':{'node':{'site':'n'}}}")
            .path("spec");
    assertThat(definition.problems(resource(spec.toString()))).isEmpty();
    assertThat(definition.problems(resource("{'settings':{}}")))
        .singleElement()
        .asString()
        .contains("give settings");
    assertThat(definition.problems(resource("{'settings':{'a':1},'priority':9999}")))
        .singleElement()
        .asString()
        .contains("1000");
    var serialization = new KubernetesSerialization();
    var read = serialization.convertValue(spec, NodeProfileSpec.class);
    assertThat(serialization.<JsonNode>convertValue(read, JsonNode.class)).isEqualTo(spec);
    var status =
        new NodeProfileStatus(
            1L,
            2,
            List.of(
                new ConditionBuilder()
                    .withType("Accepted")
                    .withStatus("True")
                    .withReason("Verified")
                    .withMessage("m")
                    .withObservedGeneration(1L)
                    .withLastTransitionTime("2026-01-01T00:00:00Z")
                    .build()));
    assertSchemaListsExactly(
        definition.schema().at("/properties/status"),
        serialization.convertValue(status, JsonNode.class),
        "status");
  }

  private static void assertSchemaListsExactly(JsonNode schema, JsonNode value, String path) {
    if (value.isObject()) {
      assertThat(schema.path("properties").propertyStream().map(Map.Entry::getKey))
          .as(path)
          .containsExactlyInAnyOrderElementsOf(
              value.propertyStream().map(Map.Entry::getKey).toList());
      value
          .properties()
          .forEach(
              f ->
                  assertSchemaListsExactly(
                      schema.path("properties").path(f.getKey()),
                      f.getValue(),
                      path + "." + f.getKey()));
    } else if (value.isArray() && !value.isEmpty())
      assertSchemaListsExactly(schema.path("items"), value.get(0), path + "[]");
  }

  private static JsonNode resource(String spec) throws JsonProcessingException {
    return new ObjectMapper()
        .readTree(
            ("{'apiVersion':'dayu.io/v1alpha1','kind':'X','metadata':{'name':'x'},'spec':"
                    + spec
                    + "}")
                .replace('\'', '"'));
  }
}
