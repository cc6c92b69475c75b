package io.dayu.http;

import com.google.protobuf.ByteString;
import io.dayu.element.Attribute;
import io.dayu.element.Attributes;
import io.dayu.element.Audio;
import io.dayu.element.Bone;
import io.dayu.element.Box;
import io.dayu.element.Boxes;
import io.dayu.element.Corner;
import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Frame;
import io.dayu.element.Frames;
import io.dayu.element.Hop;
import io.dayu.element.Keypoint;
import io.dayu.element.Keypoints;
import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Mask;
import io.dayu.element.Masks;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.element.Pose;
import io.dayu.element.Region;
import io.dayu.element.Regions;
import io.dayu.element.Track;
import io.dayu.element.TrackPoint;
import io.dayu.element.Tracks;
import io.dayu.facts.Decision;
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
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.source.Knobs;
import io.dayu.store.StoredResult;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import javax.imageio.ImageIO;

/** Values of one example: a pipeline {@code crossing} with one camera on two edges and a cloud. */
final class Street {
  static final String STREAM = "crossing/cam-0";

  static final String YAML =
      """
      apiVersion: dayu.io/v1alpha1
      kind: Pipeline
      metadata: {name: crossing}
      spec:
        sources:
          - {name: cam-0, uri: "cam:street", node: edge-1}
        stages:
          - {id: detect, type: object-detection}
          - {id: track, type: box-tracker, after: [detect]}
          - {id: count, type: count-by-label, after: [track]}
        policy: {name: least-loaded}
      """;

  static final String JSON =
      """
      {"apiVersion": "dayu.io/v1alpha1", "kind": "Pipeline", "metadata": {"name": "crossing"},
       "spec": {"sources": [{"name": "cam-0", "uri": "cam:street", "node": "edge-1"}],
                "stages": [{"id": "detect", "type": "object-detection"}],
                "policy": {"name": "cloud-only"}}}
      """;

  private Street() {}

  static PipelineSpec spec(String... sources) {
    return new PipelineSpec(
        "crossing",
        List.of(sources).stream()
            .map(
                name ->
                    new SourceSpec(
                        name,
                        URI.create("cam:street"),
                        Optional.of("edge-1"),
                        Optional.empty(),
                        new TreeMap<>()))
            .toList(),
        List.of(
            new StageSpec("detect", "object-detection", List.of(), Map.of()),
            new StageSpec("track", "box-tracker", List.of("detect"), Map.of()),
            new StageSpec("count", "count-by-label", List.of("track"), Map.of())),
        new PolicySpec("least-loaded", Map.of()),
        Objective.DEFAULT,
        Delivery.DEFAULT);
  }

  static NodeReport node(
      String name, Role role, double cpu, List<StageReport> stages, List<StreamReport> streams) {
    return new NodeReport(
            new NodeReport.Self(
                name, role, role == Role.CLOUD ? "cloud" : "site-" + name, "127.0.0.1", 25530),
            new NodeReport.Edition(1, 1),
            new Resources(
                4,
                cpu,
                cpu * 1.5,
                0.47,
                8L << 30,
                151L << 20,
                1.2e6,
                3.4e5,
                OptionalDouble.empty()),
            Set.of("object-detection", "box-tracker", "count-by-label"),
            stages,
            role == Role.CLOUD
                ? List.of()
                : List.of(
                    new LinkReport(
                        "cloud-1", new InstanceName("crossing", "count"), false, 1.5, 0.8, 2e5, 1)),
            streams)
        .withBudgets(List.of(new NodeReport.Budget("sources", 1 << 20, 24 << 20)));
  }

  static StageReport stage(String stage, String type, int queue, double serviceMs) {
    return new StageReport(
        "crossing",
        stage,
        type,
        StageState.RUNNING,
        new NodeReport.Work(queue, queue * serviceMs, serviceMs, 24.8, 0, 1234, 2),
        3,
        Optional.empty());
  }

  static StreamReport stream(String stream, Ledger ledger) {
    return stream(stream, StreamState.RUNNING, ledger, Optional.empty());
  }

  static StreamReport stream(
      String stream, StreamState state, Ledger ledger, Optional<String> problem) {
    return new StreamReport(
        StreamName.parse(stream),
        state,
        1,
        ledger,
        new Traffic(12, 24.8, 3, 210.5),
        new Latency(41.5, 88.2, 120.25),
        problem);
  }

  static Decision decision(long version, String detectOn, String reason) {
    var route = new TreeMap<String, List<Decision.Share>>();
    route.put("detect", List.of(new Decision.Share(detectOn, 1)));
    route.put("track", List.of(new Decision.Share("edge-1", 3), new Decision.Share("edge-2", 1)));
    route.put("count", List.of(new Decision.Share("cloud-1", 1)));
    return new Decision(
        StreamName.parse(STREAM),
        version,
        Instant.parse("2026-03-01T10:00:00Z").plusSeconds(version),
        route,
        new TreeMap<>(),
        new Knobs(Map.of("fps", 10.0)),
        reason);
  }

  static StoredResult result(long seq, boolean frame) {
    return new StoredResult(
        Element.newBuilder()
            .setStream(STREAM)
            .setSeq(seq)
            .setAttempt(2)
            .setDecision(7)
            .setOrigin("edge-1")
            .setCreatedAtMs(1_772_359_200_000L + seq)
            .setElapsedUs(41_500)
            .addOutputs(Outputs.of("detect", boxes(0.1f, 0)))
            .addOutputs(Outputs.of("track", boxes(0.2f, 4)))
            .addOutputs(
                Outputs.of(
                    "count",
                    Media.newBuilder()
                        .setLabels(
                            Labels.newBuilder()
                                .addLabel(Label.newBuilder().setName("person").setValue(2))
                                .addLabel(Label.newBuilder().setName("car").setValue(1)))
                        .build()))
            .addTrace(
                Hop.newBuilder()
                    .setStage("detect")
                    .setNode("edge-1")
                    .setQueueUs(1500)
                    .setWorkUs(15_250)
                    .setTransferUs(0)
                    .setTries(1))
            .build(),
        frame);
  }

  /** With an output of every kind that is drawn. */
  static StoredResult allKinds(long seq) {
    var track = Track.newBuilder().setId(4).setLabel("person");
    for (int i = 0; i < 5; i++)
      track.addPoint(TrackPoint.newBuilder().setX(0.1f + i * 0.1f).setY(0.9f).setOffsetMs(i));
    var pose =
        Pose.newBuilder()
            .setLabel("person")
            .addPoint(keypoint("hip", 0.9f, 0.5f, 0.9f))
            .addPoint(keypoint("knee", 0.9f, 0.7f, 0.9f))
            .addPoint(keypoint("elbow", 0.95f, 0.5f, 0.9f))
            .addPoint(keypoint("hand", 0.95f, 0.7f, 0.1f));
    var mask =
        Mask.newBuilder()
            .setY(0.5f)
            .setWidth(0.08f)
            .setHeight(0.3f)
            .setColumns(2)
            .setRows(1)
            .addAllRun(List.of(0, 1, 1))
            .setLabel("person");
    var region =
        Region.newBuilder()
            .addCorner(Corner.newBuilder().setX(0.7f).setY(0.2f))
            .addCorner(Corner.newBuilder().setX(0.9f).setY(0.2f))
            .addCorner(Corner.newBuilder().setX(0.9f).setY(0.3f))
            .addCorner(Corner.newBuilder().setX(0.7f).setY(0.3f))
            .setText("Ausfahrt");
    var plate =
        Attribute.newBuilder()
            .setName("plate")
            .setValue("M AB 123")
            .setOf("track")
            .setBox(1)
            .setTrack(5);
    return new StoredResult(
        result(seq, true).element().toBuilder()
            .addOutputs(
                Outputs.of(
                    "paths",
                    Media.newBuilder().setTracks(Tracks.newBuilder().addTrack(track)).build()))
            .addOutputs(
                Outputs.of(
                    "pose",
                    Media.newBuilder()
                        .setKeypoints(
                            Keypoints.newBuilder()
                                .addPose(pose)
                                .addBone(Bone.newBuilder().setFrom("hip").setTo("knee"))
                                .addBone(Bone.newBuilder().setFrom("elbow").setTo("hand")))
                        .build()))
            .addOutputs(
                Outputs.of(
                    "segments",
                    Media.newBuilder().setMasks(Masks.newBuilder().addMask(mask)).build()))
            .addOutputs(
                Outputs.of(
                    "signs",
                    Media.newBuilder().setRegions(Regions.newBuilder().addRegion(region)).build()))
            .addOutputs(
                Outputs.of(
                    "plates",
                    Media.newBuilder()
                        .setAttributes(Attributes.newBuilder().addAttribute(plate))
                        .build()))
            .build(),
        true);
  }

  private static Keypoint keypoint(String name, float x, float y, float score) {
    return Keypoint.newBuilder().setName(name).setX(x).setY(y).setScore(score).build();
  }

  static StoredResult failed(long seq) {
    var element =
        result(seq, false).element().toBuilder()
            .setEnding(
                Ending.newBuilder()
                    .setKind(Ending.Kind.FAILED)
                    .setStage("detect")
                    .setReason("not a frame"))
            .build();
    return new StoredResult(element, false);
  }

  private static Media boxes(float x, long track) {
    return Media.newBuilder()
        .setBoxes(
            Boxes.newBuilder()
                .addBox(box(x, 0.45f, 0.11f, 0.4f, "person", track))
                .addBox(box(x + 0.35f, 0.5f, 0.3f, 0.3f, "car", track == 0 ? 0 : track + 1)))
        .build();
  }

  private static Box box(float x, float y, float width, float height, String label, long track) {
    return Box.newBuilder()
        .setX(x)
        .setY(y)
        .setWidth(width)
        .setHeight(height)
        .setLabel(label)
        .setScore(0.87f)
        .setTrack(track)
        .build();
  }

  /** A grey street with a dark figure and a blue car where {@link #result} has its later boxes. */
  /** A second of a tone at 16 kHz, silent in its first half. */
  static Media sound() {
    var samples = ByteBuffer.allocate(32_000).order(ByteOrder.LITTLE_ENDIAN);
    for (var i = 0; i < 16_000; i++)
      samples.putShort((short) (i < 8_000 ? 0 : 20_000 * Math.sin(i * 0.17)));
    return Media.newBuilder()
        .setAudio(
            Audio.newBuilder()
                .setData(ByteString.copyFrom(samples.flip()))
                .setSampleRate(16_000)
                .setChannels(1))
        .build();
  }

  static Media frame() {
    var image = new BufferedImage(640, 360, BufferedImage.TYPE_INT_RGB);
    var g = image.createGraphics();
    g.setColor(new Color(0x9fb4c0));
    g.fillRect(0, 0, 640, 160);
    g.setColor(new Color(0x6d6f72));
    g.fillRect(0, 160, 640, 200);
    g.setColor(new Color(0x30353a));
    g.fillOval(150, 168, 26, 26);
    g.fillRect(142, 194, 42, 100);
    g.setColor(new Color(0x2f4f9f));
    g.fillRoundRect(362, 205, 170, 70, 30, 30);
    g.dispose();
    try (var out = new ByteArrayOutputStream()) {
      ImageIO.write(image, "jpg", out);
      return Media.newBuilder()
          .setFrames(
              Frames.newBuilder()
                  .addFrame(
                      Frame.newBuilder()
                          .setJpeg(ByteString.copyFrom(out.toByteArray()))
                          .setWidth(640)
                          .setHeight(360)))
          .build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A cluster of three on which {@code crossing} runs. */
  static void fill(FakeControlPlane control, Instant now) {
    control.run(spec("cam-0"));
    control.report(
        node(
            "edge-1",
            Role.EDGE,
            0.93,
            List.of(
                stage("detect", "object-detection", 3, 15.2),
                stage("track", "box-tracker", 0, 0.8)),
            List.of(stream(STREAM, new Ledger(1250, 1234, 2, 8, 6)))),
        now);
    control.report(
        node("edge-2", Role.EDGE, 0.12, List.of(stage("track", "box-tracker", 0, 0.9)), List.of()),
        now);
    control.report(
        node(
            "cloud-1",
            Role.CLOUD,
            0.31,
            List.of(stage("count", "count-by-label", 0, 0.1)),
            List.of()),
        now);
    control.decide(decision(1, "edge-1", "first placement: edge-1 is where the camera is"));
  }
}
