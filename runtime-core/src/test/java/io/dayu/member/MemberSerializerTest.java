package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import com.google.protobuf.ByteString;
import io.dayu.deliver.Distributor;
import io.dayu.element.MediaType;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.Decision;
import io.dayu.facts.DeclaredService;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.DroppedPipeline;
import io.dayu.facts.FailedElements;
import io.dayu.facts.FailureCause;
import io.dayu.facts.InstanceName;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Latency;
import io.dayu.facts.NodeReport.LinkReport;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.NodeReport.Traffic;
import io.dayu.facts.PipelineVersion;
import io.dayu.facts.Readable;
import io.dayu.facts.Reports;
import io.dayu.link.FlowKit;
import io.dayu.link.Logs;
import io.dayu.pipeline.RunState;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Paths;
import io.dayu.process.Plans;
import io.dayu.side.SideValues;
import io.dayu.source.Knobs;
import io.dayu.stage.NamedInput;
import io.dayu.stage.Parameter;
import io.dayu.stage.ServiceCalls;
import io.dayu.stage.StageDescriptor;
import io.dayu.store.StoredResult;
import java.io.IOException;
import java.io.NotSerializableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class MemberSerializerTest {
  private static ActorTestKit kit;
  private static Serialization serialization;
  private static MemberSerializer serializer;

  @BeforeAll
  static void start() throws NotSerializableException {
    kit = FlowKit.start();
    serialization = SerializationExtension.get(Adapter.toClassic(kit.system()));
    serializer = (MemberSerializer) serialization.serializerFor(NodeReport.class);
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  @ParameterizedTest
  @MethodSource("manifests")
  void aMessageIsReadAsItWasWritten(String manifest) throws Exception {
    var message = messages(kit.<Object>createTestProbe().getRef()).get(manifest);
    assertThat(serialization.serializerFor(message.getClass())).isSameAs(serializer);
    assertThat(serializer.manifest(message)).isEqualTo(manifest);
    assertSame(serializer.fromBinary(serializer.toBinary(message), manifest), message);
  }

  @ParameterizedTest
  @MethodSource("manifests")
  void bytesOfEarlierReleasesAreReadAndWritten(String manifest) throws Exception {
    var message = messages(kit.system().deadLetters()).get(manifest);
    var hex = golden().getProperty(manifest);
    assertThat(HexFormat.of().formatHex(serializer.toBinary(message))).isEqualTo(hex);
    assertSame(serializer.fromBinary(HexFormat.of().parseHex(hex), manifest), message);
  }

  /**
   * A manifest that is no longer known would leave its bytes, in a journal or on the way, behind.
   */
  @Test
  void everyManifestOfEarlierReleasesIsKnown() throws IOException {
    assertThat(golden().stringPropertyNames())
        .containsExactlyInAnyOrderElementsOf(serializer.manifests());
  }

  @Test
  void everyQuestionAboutFailedElementsIsReadAsItWasWritten() throws Exception {
    var stream = StreamName.parse("crossing/cam-0");
    var pick = new FailedElements.Pick(List.of(), Optional.empty(), -1, -1);
    for (var question :
        List.of(
            new FailedElements.Page(stream, Optional.of("detect"), -1, 100),
            new FailedElements.Page(stream, Optional.empty(), 7, 1),
            new FailedElements.Part(stream, 7, 131_072),
            new FailedElements.Retry(stream, pick, 0),
            new FailedElements.Drop(stream, pick))) {
      var message =
          new UplinkActor.AskFailed(
              question, kit.<FailedElements.Answer>createTestProbe().getRef());
      assertThat(serializer.fromBinary(serializer.toBinary(message), "fq")).isEqualTo(message);
    }
    assertThatThrownBy(() -> serializer.fromBinary(new byte[0], "fi"))
        .isInstanceOf(NotSerializableException.class);
  }

  @Test
  void anAcknowledgementTellsWhyElementsFailedAsFarAsThereIsRoom() throws Exception {
    var causes = new TreeMap<Long, FailureCause>();
    var seqs = new long[1000];
    for (int i = 0; i < seqs.length; i++) {
      seqs[i] = 1_000_000_000L + i;
      causes.put(seqs[i], new FailureCause("detect", i % 2 == 0 ? "same" : i + "é".repeat(400)));
    }
    var told =
        new UplinkActor.Acknowledged(
            new Acknowledgement(StreamName.parse("a/b"), new long[] {1}, seqs, causes));
    var bytes = serializer.toBinary(told);
    assertThat(bytes).as("a control frame of a link").hasSizeLessThan(64 << 10);
    var read = (UplinkActor.Acknowledged) serializer.fromBinary(bytes, "A");
    assertThat(read.acknowledgement().failed()).isEqualTo(seqs);
    assertThat(read.acknowledgement().cause(seqs[0]).reason()).isEqualTo("same");
    assertThat(read.acknowledgement().cause(seqs[1]).reason()).hasSize(FailureCause.MOST);
    assertThat(read.acknowledgement().cause(seqs[999])).isEqualTo(FailureCause.UNKNOWN);
  }

  @Test
  void newsTellOfServicesThatWereDeclaredAndWithdrawn() throws Exception {
    var none = News.none(new News.Place(9, 4));
    var told =
        new News(
            none.place(),
            none.nodes(),
            none.gone(),
            none.wanted(),
            none.dropped(),
            none.decisions(),
            List.of(
                new DeclaredService("count", 2, Optional.of("{}")),
                new DeclaredService("size", 3, Optional.empty())));
    assertThat(serializer.fromBinary(serializer.toBinary(told), "en")).isEqualTo(told);
  }

  @Test
  void anUnknownManifestIsNotSerializable() {
    assertThatThrownBy(() -> serializer.fromBinary(new byte[0], "zz"))
        .isInstanceOf(NotSerializableException.class)
        .hasMessageContaining("newer release");
  }

  @ParameterizedTest
  @MethodSource("manifests")
  void brokenBytesAreNotSerializable(String manifest) {
    assertThatThrownBy(() -> serializer.fromBinary(new byte[] {-1}, manifest))
        .isInstanceOf(NotSerializableException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"D", "A", "S", "Q"})
  void aMessageAboutNoStreamIsNotSerializable(String manifest) {
    assertThatThrownBy(() -> serializer.fromBinary(new byte[0], manifest)) // all by default
        .isInstanceOf(NotSerializableException.class)
        .hasMessageContaining("<pipeline>/<source>");
  }

  @Test
  void aReportOfNoStreamIsLeftOutOfItsNodes() throws Exception {
    var sent = Reports.write(report()).toBuilder();
    sent.addStreams(sent.getStreams(0).toBuilder().setStream("crossing"));
    try (var logs = Logs.of(MemberSerializer.class)) {
      assertThat(serializer.fromBinary(sent.build().toByteArray(), "R")).isEqualTo(report());
      assertThat(logs.has(Level.WARN, "1 streams", "edge-1", "left out")).isTrue();
    }
  }

  /** They came after the bytes of earlier releases, which are compared above. */
  @Test
  void whatNodesDeclareAndTheirBudgetsAreReadAsTheyWereWritten() throws Exception {
    var plain = report();
    var self = plain.self();
    var declaring =
        new NodeReport(
                new NodeReport.Self(
                    self.node(),
                    self.role(),
                    self.site(),
                    self.host(),
                    self.dataPort(),
                    new Readable(List.of("/data"), List.of("10.0.0.0/8"))),
                plain.edition(),
                plain.resources(),
                plain.stageTypes(),
                plain.stages(),
                plain.links(),
                plain.streams())
            .withBudgets(List.of(new NodeReport.Budget("sources", 3, 4)))
            .withServices(List.of(service()));
    var spec = Plans.plan(3, List.of(), "detect:reader").spec();
    for (var message :
        List.of(
            declaring,
            new DesiredPipeline(3, 2, spec, true),
            new DesiredPipeline(4, 2, spec, false, RunState.PAUSED),
            new PipelineEntity.Submit(
                spec,
                true,
                true,
                Optional.of(RunState.PAUSED),
                Set.of(7L, 8L),
                kit.system().deadLetters()),
            new PipelineEntity.Delete(9, Set.of(7L), kit.system().deadLetters()),
            new PipelineEntity.Wanted(
                new DesiredPipeline(3, spec), Optional.of(Instant.ofEpochMilli(5))),
            new PipelineEntity.State(
                4,
                Optional.of(
                    new PipelineEntity.Wanted(
                        new DesiredPipeline(4, spec), Optional.of(Instant.ofEpochMilli(9)))),
                List.of(
                    new PipelineEntity.Wanted(
                        new DesiredPipeline(3, spec), Optional.of(Instant.ofEpochMilli(5)))))))
      assertThat(serializer.fromBinary(serializer.toBinary(message), serializer.manifest(message)))
          .isEqualTo(message);
  }

  private static NodeReport.Service service() {
    return new NodeReport.Service(
        new StageDescriptor(
            "count",
            "2",
            "counts",
            Set.of(MediaType.FRAMES, MediaType.OPAQUE),
            Set.of(MediaType.BOXES),
            MediaType.LABELS,
            List.of(
                Parameter.required("a", Parameter.Type.STRING, "first").perElement(),
                Parameter.optional("b", Parameter.Type.NUMBER, 3L, "").perElement(),
                Parameter.optional("c", Parameter.Type.NUMBER, 0.5, "").perElement(),
                Parameter.optional("d", Parameter.Type.BOOLEAN, true, "").perElement(),
                Parameter.optional("e", Parameter.Type.STRINGS, List.of("x", "y"), "")
                    .perElement()),
            4,
            64),
        "http",
        "http://127.0.0.1:9000/");
  }

  @Test
  void aServiceKeepsTheNamesOfItsInputs() throws Exception {
    var named =
        new NodeReport.Service(
            new StageDescriptor(
                "risk",
                "1",
                "",
                Set.of(),
                Set.of(),
                List.of(
                    NamedInput.required("vehicles", MediaType.BOXES),
                    NamedInput.optional("weather", MediaType.LABELS, MediaType.TEXT)),
                MediaType.LABELS,
                List.of(),
                1,
                0),
            "http",
            "program python3");
    var sent = report().withServices(List.of(named));
    assertThat(serializer.fromBinary(serializer.toBinary(sent), "R")).isEqualTo(sent);
  }

  @Test
  void aServiceTellsWhatBecameOfItsCalls() throws Exception {
    var counted =
        new NodeReport.Service(
            service().descriptor(),
            "http",
            "http://127.0.0.1:26001/",
            List.of(
                new ServiceCalls("http://127.0.0.1:26001/", 1, 2, 3, 4, 5, 6),
                new ServiceCalls("http://127.0.0.1:26000/", 0, 700, 0, 0, 0, 0, true)));
    var sent = report().withServices(List.of(counted));
    var bytes = serializer.toBinary(sent);
    assertThat(serializer.fromBinary(bytes, "R")).isEqualTo(sent);
    assertThat(HexFormat.of().formatHex(bytes))
        .as("these bytes never change")
        .contains(
            "aa01250a17687474703a2f2f3132372e302e302e313a32363030312f1001180220032804300538"
                + "06aa011e0a17687474703a2f2f3132372e302e302e313a32363030302f18bc054001");
  }

  /** One that a newer release describes in words of its own. */
  @Test
  void aServiceThatMakesNoSenseIsLeftOutOfItsNode() throws Exception {
    var sent = Reports.write(report().withServices(List.of(service()))).toBuilder();
    sent.addServices(sent.getServices(0).toBuilder().setOutput("sound"));
    assertThat(serializer.fromBinary(sent.build().toByteArray(), "R"))
        .isEqualTo(report().withServices(List.of(service())));
  }

  @Test
  void whatHasNoWireFormIsRefused() {
    assertThatThrownBy(() -> serializer.manifest("text")).hasMessageContaining("no wire form");
  }

  @Test
  void everyMessageIsTestedAndListedInTheDocumentation() throws IOException {
    assertThat(serializer.identifier()).isEqualTo(74_001);
    assertThat(manifests().toList()).containsExactlyInAnyOrderElementsOf(serializer.manifests());
    var listed = new TreeSet<String>();
    var row = Pattern.compile("\\| 74001 \\| `([A-Za-z]+)` \\|.*");
    for (var line : Files.readAllLines(Path.of("..", "docs", "serializers.md"))) {
      var matcher = row.matcher(line);
      if (matcher.matches()) assertThat(listed.add(matcher.group(1))).as(line).isTrue();
    }
    assertThat(listed).isEqualTo(new TreeSet<>(serializer.manifests()));
  }

  static Stream<String> manifests() {
    return messages(null).keySet().stream();
  }

  private static void assertSame(Object read, Object written) {
    // Arrays in a record are equal by reference only.
    if (written instanceof UplinkActor.Acknowledged)
      assertThat(read).usingRecursiveComparison().isEqualTo(written);
    else assertThat(read).isEqualTo(written);
  }

  private static Properties golden() throws IOException {
    var golden = new Properties();
    try (var in = MemberSerializerTest.class.getResourceAsStream("member-golden.properties")) {
      golden.load(in);
    }
    return golden;
  }

  /** One of every message, by manifest. */
  @SuppressWarnings("unchecked") // any reference can be written and read
  private static Map<String, Object> messages(ActorRef<?> reference) {
    var stored = (ActorRef<Distributor.Stored>) reference;
    var first = (ActorRef<Gateway.FirstSeqIs>) reference;
    var answer = (ActorRef<PipelineEntity.Answer>) reference;
    var live = (ActorRef<LiveResults.Command>) reference;
    var spec = Plans.plan(3, List.of(), "detect:reader", "count:counter<detect").spec();
    var pipeline = new DesiredPipeline(3, spec);
    var element =
        FlowKit.element(7, 4).toBuilder()
            .addAllPath(Paths.steps(Map.of("detect", "edge-2")))
            .build();
    var messages = new TreeMap<String, Object>();
    messages.put("R", report());
    messages.put("D", decision());
    messages.put("P", pipeline);
    messages.put("X", new DroppedPipeline("crossing", 4));
    messages.put(
        "A",
        new UplinkActor.Acknowledged(
            new Acknowledgement(
                StreamName.parse("crossing/cam-0"), new long[] {1, 2, 300}, new long[] {4})));

    messages.put(
        "S", new Distributor.Store(StreamName.parse("crossing/cam-0"), List.of(element), stored));
    messages.put("Q", new Gateway.FirstSeq(StreamName.parse("crossing/cam-0"), first));
    messages.put(
        "ps", new PipelineEntity.Submit(spec, true, false, Optional.empty(), Set.of(), answer));
    messages.put("pv", new PipelineEntity.GetVersions(answer));
    messages.put("po", new PipelineEntity.GetVersion(5, answer));
    messages.put("aw", new PipelineEntity.Was(pipeline));
    messages.put(
        "av",
        new PipelineEntity.Versions(
            List.of(
                new PipelineVersion(5, Optional.of(Instant.ofEpochMilli(7)), 1, 2, "fixed"),
                new PipelineVersion(3, Optional.empty(), 1, 1, "wish"))));
    messages.put("ax", new PipelineEntity.Differs(6));
    var pick = new FailedElements.Pick(List.of(3L, 300L), Optional.of("detect"), 2, 900);
    messages.put(
        "fq",
        new UplinkActor.AskFailed(
            new FailedElements.Retry(StreamName.parse("crossing/cam-0"), pick, 6),
            (ActorRef<FailedElements.Answer>) reference));
    messages.put(
        "fi",
        new FailedElements.Items(
            List.of(
                new FailedElements.Item(
                    300,
                    new FailureCause("detect", "not a frame"),
                    Instant.ofEpochMilli(1_700_000_000_000L),
                    Instant.ofEpochMilli(1_600_000_000_000L),
                    "frames",
                    70_000,
                    1,
                    3,
                    OptionalLong.of(400))),
            true));
    messages.put("fb", new FailedElements.Bytes(9, ByteString.copyFrom(new byte[] {1, 2, 3})));
    messages.put(
        "ft",
        new FailedElements.Retried(
            new TreeMap<>(Map.of(3L, 400L, 4L, 401L)), List.of(5L), List.of(6L), 900, 300, true));
    messages.put("fd", new FailedElements.Dropped(7));
    messages.put("fr", new FailedElements.Refused(FailedElements.Why.PAUSED, "it is paused"));
    messages.put("pt", new PipelineEntity.Turn(RunState.PAUSED, answer));
    messages.put("pg", new PipelineEntity.Get(answer));
    messages.put("pd", new PipelineEntity.Delete(answer));
    messages.put("T", new Distributor.Stored(Optional.of("the disk is full"), List.of()));
    messages.put("B", new Gateway.Goodbye("pekko://dayu@127.0.0.1:1", 7));
    messages.put(
        "er", new Gateway.Report(report(), new News.Place(9, 3), (ActorRef<News>) reference));
    messages.put(
        "en",
        new News(
            new News.Place(9, 4),
            List.of(report()),
            List.of("edge-3"),
            List.of(pipeline),
            List.of(new DroppedPipeline("square", 2)),
            List.of(decision()),
            List.of()));
    messages.put("V", new DeclaredService("count", 3, Optional.empty()));
    messages.put("wq", new UplinkActor.WhoIsThere((ActorRef<UplinkActor.ItIs>) reference));
    messages.put("wa", new UplinkActor.ItIs(7));
    messages.put("q", new Gateway.FirstSeqIs(20_000, Optional.empty()));
    messages.put("ac", new PipelineEntity.Created(pipeline));
    messages.put("ar", new PipelineEntity.Replaced(pipeline));
    messages.put("ae", new PipelineEntity.Exists());
    messages.put("au", new PipelineEntity.Runs(pipeline));
    messages.put("ad", new PipelineEntity.Deleted());
    messages.put("aa", new PipelineEntity.Absent());
    messages.put("lw", new LiveResults.Watched(live, Set.of("crossing")));
    messages.put("ls", new LiveResults.Shown(List.of(new StoredResult(element, true))));
    var wanted = new PipelineEntity.Wanted(pipeline, Optional.empty());
    messages.put("ew", wanted);
    messages.put("ed", new PipelineEntity.Dropped(4));
    messages.put("st", new PipelineEntity.State(3, Optional.of(wanted), List.of()));
    var json = ByteString.copyFromUtf8("{\"most\": 3}");
    var digest = SideValues.digest(json);
    messages.put("sg", new PipelineEntity.GiveSide("limits", "upload-1", 2, 20, json, answer));
    messages.put("sn", new PipelineEntity.SidePartTaken());
    messages.put("sv", new PipelineEntity.SideGiven(7));
    messages.put("sr", new PipelineEntity.SideRefused("it is read"));
    messages.put(
        "sq",
        new Gateway.AskSide("crossing", digest, 65_536, (ActorRef<Gateway.SidePart>) reference));
    messages.put("sp", new Gateway.SidePart(20, json));
    messages.put("es", new PipelineEntity.SideTold(told(json)));
    return messages;
  }

  private static SideState.Told told(ByteString json) {
    return new SideState.Told(
        new TreeMap<>(Map.of("limits", Optional.of(json), "plates", Optional.empty())),
        new TreeMap<>(Map.of("map", "the file is gone")));
  }

  /** They came after the bytes of earlier releases, which are without them. */
  @Test
  void whatAPipelineTellsOfItsSideInputsIsReadAsItWasWritten() throws Exception {
    var spec = Plans.plan(3, List.of(), "detect:reader").spec();
    var side = SideState.NONE.then(told(ByteString.copyFromUtf8("3")));
    for (var message :
        List.of(
            new DesiredPipeline(3, spec).with(side.versions()),
            new PipelineEntity.State(3, Optional.empty(), List.of(), side)))
      assertThat(serializer.fromBinary(serializer.toBinary(message), serializer.manifest(message)))
          .isEqualTo(message);
  }

  private static NodeReport report() {
    return new NodeReport(
        new NodeReport.Self("edge-1", Role.EDGE, "north", "10.0.0.7", 25_530),
        new NodeReport.Edition(1_700_000_000_000L, 12),
        new Resources(4, 0.25, 0.5, 0.75, 1L << 32, 1L << 27, 1e6, 2e6, OptionalDouble.of(51.5)),
        Set.of("identity"),
        List.of(
            new StageReport(
                "crossing",
                "detect",
                "identity",
                StageState.BACKING_OFF,
                new NodeReport.Work(3, 1.5, 2.5, 100, 0.125, 1_000, 7),
                2,
                Optional.of("crashed"))),
        List.of(new LinkReport("cloud-1", InstanceName.DISTRIBUTOR, true, 0.5, 1.5, 1e6, 9)),
        List.of(
            new StreamReport(
                StreamName.parse("crossing/cam-0"),
                StreamState.SOURCE_DOWN,
                3,
                new Ledger(100, 80, 5, 10, 5),
                new Traffic(32, 25, 1, 250),
                new Latency(10, 20, 30),
                Optional.of("camera is gone"))));
  }

  private static Decision decision() {
    return new Decision(
        StreamName.parse("crossing/cam-0"),
        5,
        Instant.ofEpochMilli(1_700_000_000_000L),
        new TreeMap<>(
            Map.of(
                "detect",
                List.of(new Decision.Share("edge-1", 2), new Decision.Share("edge-2", 1)))),
        new TreeMap<>(Map.of("detect", List.of("cloud-1"))),
        new Knobs(Map.of("fps", 10.0)),
        "edge-1 is the least loaded");
  }
}
