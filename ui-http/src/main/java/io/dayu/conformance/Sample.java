package io.dayu.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import io.dayu.element.Attribute;
import io.dayu.element.Attributes;
import io.dayu.element.Audio;
import io.dayu.element.Bone;
import io.dayu.element.Box;
import io.dayu.element.Boxes;
import io.dayu.element.Corner;
import io.dayu.element.Element;
import io.dayu.element.Frame;
import io.dayu.element.Frames;
import io.dayu.element.Keypoint;
import io.dayu.element.Keypoints;
import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Mask;
import io.dayu.element.Masks;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Outputs;
import io.dayu.element.Pose;
import io.dayu.element.Reading;
import io.dayu.element.Readings;
import io.dayu.element.Region;
import io.dayu.element.Regions;
import io.dayu.element.Text;
import io.dayu.element.Track;
import io.dayu.element.TrackPoint;
import io.dayu.element.Tracks;
import io.dayu.element.Wav;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.imageio.ImageIO;

/**
 * An element as a service may get it.
 *
 * @param inputs outputs of earlier stages by their names, as it reads them
 * @param named whether the service reads them by these names
 */
record Sample(Optional<Media> payload, SortedMap<String, Media> inputs, boolean named) {
  static final String STAGE = "earlier";
  static final int LARGE = 8 * 1024 * 1024;

  private static final int RATE = 16_000; // samples a second
  private static final int COMMENT = 65_000; // bytes of a JPEG comment, which has 65,533 at most

  /** Elements of every type that a service says it reads; none without what it needs. */
  static List<Sample> of(Description description) {
    var payloads = description.payload().stream().sorted().map(Sample::media).toList();
    var inputs = inputs(description);
    boolean named = !description.named().isEmpty();
    var samples = new LinkedHashSet<Sample>();
    for (var payload : payloads)
      samples.add(new Sample(Optional.of(payload), inputs.get(0), named));
    for (var input : inputs) samples.add(new Sample(payloads.stream().findFirst(), input, named));
    return List.copyOf(samples);
  }

  /** Combinations in which every type comes, and in which what is optional is missing. */
  private static List<SortedMap<String, Media>> inputs(Description description) {
    var combinations = new ArrayList<SortedMap<String, Media>>();
    for (var type : description.inputs().stream().sorted().toList()) {
      if (description.named().isEmpty()) {
        combinations.add(new TreeMap<>(Map.of(STAGE, media(type))));
        continue;
      }
      var given = new TreeMap<String, Media>();
      for (var input : description.named())
        given.put(
            input.name(),
            media(
                input.types().contains(type)
                    ? type
                    : input.types().stream().sorted().findFirst().orElseThrow()));
      combinations.add(given);
    }
    var required = new TreeMap<String, Media>();
    for (var input : description.named())
      if (input.required())
        required.put(
            input.name(), media(input.types().stream().sorted().findFirst().orElseThrow()));
    // A pipeline gives a stage a payload or an input at least.
    boolean enough = !required.isEmpty() || !description.payload().isEmpty();
    if (combinations.isEmpty() || enough && !description.named().isEmpty())
      combinations.add(required);
    return combinations.stream().distinct().toList();
  }

  /** One of 8 MB, where the service takes a type that can be as large; empty where it does not. */
  static Optional<Sample> large(Description description) {
    var input = inputs(description).get(0);
    boolean named = !description.named().isEmpty();
    if (description.payload().contains(MediaType.FRAMES))
      return Optional.of(new Sample(Optional.of(frames(padded(jpeg()))), input, named));
    if (!description.payload().contains(MediaType.OPAQUE)) return Optional.empty();
    var bytes = new byte[LARGE];
    new Random(1).nextBytes(bytes);
    return Optional.of(new Sample(Optional.of(opaque(bytes)), input, named));
  }

  /** What it holds, in a few words. */
  String words() {
    var words = new ArrayList<String>();
    payload.ifPresent(media -> words.add(MediaType.of(media).word()));
    inputs.forEach(
        (name, media) ->
            words.add(
                MediaType.of(media).word() + (named ? " as " + name : " of an earlier stage")));
    return String.join(" and ", words);
  }

  /** Whether what is in it means something to others than the service itself. */
  boolean known() {
    return payload.map(media -> MediaType.of(media) != MediaType.OPAQUE).orElse(true)
        && inputs.values().stream().noneMatch(media -> MediaType.of(media) == MediaType.OPAQUE);
  }

  /** Content types of a service in which it can be sent, in the service's order. */
  List<String> forms(Description description) {
    var alone = inputs.isEmpty() ? payload.map(MediaType::of) : Optional.<MediaType>empty();
    return description.accepts().stream()
        .filter(
            form ->
                switch (form) {
                  case Description.JPEG -> alone.equals(Optional.of(MediaType.FRAMES));
                  case Description.BYTES -> alone.equals(Optional.of(MediaType.OPAQUE));
                  case Description.WAV -> alone.equals(Optional.of(MediaType.AUDIO));
                  default -> true;
                })
        .toList();
  }

  byte[] body(String form) {
    var media = payload.orElseGet(Media::getDefaultInstance);
    return switch (form) {
      case Description.JPEG -> media.getFrames().getFrame(0).getJpeg().toByteArray();
      case Description.BYTES -> media.getOpaque().toByteArray();
      case Description.WAV -> Wav.write(media.getAudio());
      case Description.PROTOBUF -> protobuf();
      default -> MediaForms.bytes(json());
    };
  }

  JsonNode json() {
    var json = MediaForms.MAPPER.createObjectNode();
    payload.ifPresent(media -> json.set("payload", MediaForms.json(media)));
    var given = json.putObject(named ? "inputs" : "outputs");
    inputs.forEach((name, media) -> given.set(name, MediaForms.json(media)));
    return json;
  }

  private byte[] protobuf() {
    var element = Element.newBuilder().setStream("conformance/test").setAttempt(1);
    payload.ifPresent(element::setPayload);
    inputs.forEach((name, media) -> element.addOutputs(Outputs.of(name, media)));
    return element.build().toByteArray();
  }

  private static Media media(MediaType type) {
    return switch (type) {
      case FRAMES -> frames(jpeg());
      case BOXES ->
          Media.newBuilder()
              .setBoxes(
                  Boxes.newBuilder()
                      .addBox(box("person", 0.9f, 0.1f, 1))
                      .addBox(box("car", 0.8f, 0.5f, 0)))
              .build();
      case LABELS ->
          Media.newBuilder()
              .setLabels(
                  Labels.newBuilder()
                      .addLabel(Label.newBuilder().setName("person").setValue(2))
                      .addLabel(Label.newBuilder().setName("größe").setValue(0.5)))
              .build();
      case TEXT ->
          Media.newBuilder()
              .setText(Text.newBuilder().addLine("a line").addLine("eine größere Zeile"))
              .build();
      case READINGS -> {
        var readings = Readings.newBuilder();
        for (int i = 0; i < 4; i++)
          readings.addReading(
              Reading.newBuilder()
                  .setSensor("oven")
                  .setAtMs(1_767_268_800_000L + i * 1000L)
                  .setValue(20.5 + i * 10)
                  .setUnit("°C"));
        yield Media.newBuilder().setReadings(readings).build();
      }
      case OPAQUE -> opaque(new byte[] {0, 1, 2, (byte) 0xfe, (byte) 0xff});
      case TRACKS ->
          Media.newBuilder()
              .setTracks(
                  Tracks.newBuilder()
                      .addTrack(
                          Track.newBuilder()
                              .setId(1)
                              .setLabel("person")
                              .addPoint(trackPoint(0.25f, 0))
                              .addPoint(trackPoint(0.5f, 40))))
              .build();
      case KEYPOINTS ->
          Media.newBuilder()
              .setKeypoints(
                  Keypoints.newBuilder()
                      .addPose(
                          Pose.newBuilder()
                              .addPoint(keypoint("left_hip", 0.25f))
                              .addPoint(keypoint("left_knee", 0.75f))
                              .setLabel("person")
                              .setScore(0.5f)
                              .setTrack(1))
                      .addBone(Bone.newBuilder().setFrom("left_hip").setTo("left_knee")))
              .build();
      case MASKS ->
          Media.newBuilder()
              .setMasks(
                  Masks.newBuilder()
                      .addMask(
                          Mask.newBuilder()
                              .setX(0.25f)
                              .setY(0.25f)
                              .setWidth(0.5f)
                              .setHeight(0.5f)
                              .setColumns(4)
                              .setRows(2)
                              .addAllRun(List.of(1, 2, 2, 2, 1))
                              .setLabel("person")))
              .build();
      case REGIONS ->
          Media.newBuilder()
              .setRegions(
                  Regions.newBuilder()
                      .addRegion(
                          Region.newBuilder()
                              .addCorner(Corner.newBuilder().setX(0.25f).setY(0.25f))
                              .addCorner(Corner.newBuilder().setX(0.75f).setY(0.25f))
                              .addCorner(Corner.newBuilder().setX(0.75f).setY(0.5f))
                              .addCorner(Corner.newBuilder().setX(0.25f).setY(0.5f))
                              .setText("Ausfahrt größer freihalten")
                              .setScore(0.5f)))
              .build();
      case ATTRIBUTES ->
          Media.newBuilder()
              .setAttributes(
                  Attributes.newBuilder()
                      .addAttribute(
                          Attribute.newBuilder()
                              .setName("colour")
                              .setValue("red")
                              .setScore(0.5f)
                              .setOf(STAGE)
                              .setBox(0)
                              .setTrack(1)))
              .build();
      case AUDIO ->
          Media.newBuilder()
              .setAudio(
                  Audio.newBuilder()
                      .setData(
                          ByteString.copyFrom(new byte[RATE / 2])) // silence of a quarter second
                      .setSampleRate(RATE)
                      .setChannels(1))
              .build();
    };
  }

  private static TrackPoint.Builder trackPoint(float x, long offsetMs) {
    return TrackPoint.newBuilder().setX(x).setY(0.5f).setOffsetMs(offsetMs);
  }

  private static Keypoint.Builder keypoint(String name, float y) {
    return Keypoint.newBuilder().setName(name).setX(0.5f).setY(y).setScore(0.5f);
  }

  private static Box box(String label, float score, float x, long track) {
    return Box.newBuilder()
        .setX(x)
        .setY(0.25f)
        .setWidth(0.25f)
        .setHeight(0.5f)
        .setLabel(label)
        .setScore(score)
        .setTrack(track)
        .build();
  }

  private static Media opaque(byte[] bytes) {
    return Media.newBuilder().setOpaque(ByteString.copyFrom(bytes)).build();
  }

  private static Media frames(byte[] jpeg) {
    var frame = Frame.newBuilder().setJpeg(ByteString.copyFrom(jpeg)).setWidth(320).setHeight(240);
    return Media.newBuilder().setFrames(Frames.newBuilder().setFps(10).addFrame(frame)).build();
  }

  private static byte[] jpeg() {
    var picture = new BufferedImage(320, 240, BufferedImage.TYPE_INT_RGB);
    var graphics = picture.createGraphics();
    graphics.setColor(Color.LIGHT_GRAY);
    graphics.fillRect(0, 0, 320, 240);
    graphics.setColor(Color.RED);
    graphics.fillOval(100, 60, 120, 120);
    graphics.dispose();
    var bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(picture, "jpeg", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** The same picture with comments in its file, which decoders leave out. */
  private static byte[] padded(byte[] jpeg) {
    var bytes = new ByteArrayOutputStream(LARGE + jpeg.length);
    bytes.write(jpeg, 0, 2);
    while (bytes.size() + jpeg.length < LARGE) {
      int length = COMMENT + 2;
      bytes.writeBytes(new byte[] {(byte) 0xff, (byte) 0xfe, (byte) (length >> 8), (byte) length});
      bytes.writeBytes(new byte[COMMENT]);
    }
    bytes.write(jpeg, 2, jpeg.length - 2);
    return bytes.toByteArray();
  }
}
