package io.dayu.element;

import static io.dayu.element.JsonTree.base64;
import static io.dayu.element.JsonTree.bytes;
import static io.dayu.element.JsonTree.cut;
import static io.dayu.element.JsonTree.decimal;
import static io.dayu.element.JsonTree.fields;
import static io.dayu.element.JsonTree.fraction;
import static io.dayu.element.JsonTree.items;
import static io.dayu.element.JsonTree.list;
import static io.dayu.element.JsonTree.number;
import static io.dayu.element.JsonTree.pairs;
import static io.dayu.element.JsonTree.score;
import static io.dayu.element.JsonTree.small;
import static io.dayu.element.JsonTree.string;
import static io.dayu.element.JsonTree.text;
import static io.dayu.element.JsonTree.time;
import static io.dayu.element.JsonTree.whole;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * {@link Media} as a tree of JSON: maps, lists, strings, numbers and booleans, whatever library
 * reads and writes them. A tree has {@code type} and one member of the same name, as {@code
 * {"type": "labels", "labels": […]}}. Stateless and safe for any thread.
 */
public final class MediaJson {
  /** Of all masks of an output, in results. A figure of a person has some hundred. */
  private static final int MAX_RUNS = 20_000;

  private MediaJson() {}

  /** A tree that is not the JSON of a media; the message says where and why. */
  public static final class UnreadableMedia extends Exception {
    private static final long serialVersionUID = 1;

    public UnreadableMedia(String message) {
      super(message);
    }
  }

  /**
   * All of it: pixels, sound and opaque bytes in Base64. A number that is none is in it as such.
   */
  public static Map<String, Object> full(Media media) {
    return switch (media.getKindCase()) {
      case FRAMES -> frames(media.getFrames(), f -> fields("jpeg", base64(f.getJpeg())));
      case MASKS -> masks(media.getMasks(), Integer.MAX_VALUE);
      case AUDIO -> {
        var audio = audio(media.getAudio());
        audio.put("data", base64(media.getAudio().getData()));
        yield tagged("audio", audio);
      }
      case OPAQUE, KIND_NOT_SET -> opaque(media, base64(media.getOpaque()));
      default -> brief(media);
    };
  }

  /**
   * What people and programs look at in results: pixels, sound and opaque bytes are given by their
   * size only, and masks without their cells once they have many. Labels are a list, because a name
   * may stand twice.
   */
  public static Map<String, Object> brief(Media media) {
    return switch (media.getKindCase()) {
      case BOXES -> tagged("boxes", all(media.getBoxes().getBoxList(), MediaJson::tree));
      case LABELS ->
          tagged(
              "labels",
              all(
                  media.getLabels().getLabelList(),
                  l -> fields("name", l.getName(), "value", l.getValue())));
      case TEXT -> tagged("text", media.getText().getLineList().stream().toList());
      case READINGS ->
          tagged("readings", all(media.getReadings().getReadingList(), MediaJson::tree));
      case FRAMES -> frames(media.getFrames(), f -> fields("bytes", f.getJpeg().size()));
      case TRACKS -> tagged("tracks", all(media.getTracks().getTrackList(), MediaJson::tree));
      case KEYPOINTS -> {
        var keypoints =
            tagged("keypoints", all(media.getKeypoints().getPoseList(), MediaJson::tree));
        keypoints.put(
            "bones", all(media.getKeypoints().getBoneList(), b -> List.of(b.getFrom(), b.getTo())));
        yield keypoints;
      }
      case MASKS -> masks(media.getMasks(), MAX_RUNS);
      case REGIONS -> tagged("regions", all(media.getRegions().getRegionList(), MediaJson::tree));
      case ATTRIBUTES ->
          tagged("attributes", all(media.getAttributes().getAttributeList(), MediaJson::tree));
      case AUDIO -> {
        var audio = audio(media.getAudio());
        audio.put("bytes", media.getAudio().getData().size());
        yield tagged("audio", audio);
      }
      case OPAQUE, KIND_NOT_SET -> opaque(media, fields("bytes", media.getOpaque().size()));
    };
  }

  private static Map<String, Object> tree(Box b) {
    return fields(
        "x", decimal(b.getX()),
        "y", decimal(b.getY()),
        "width", decimal(b.getWidth()),
        "height", decimal(b.getHeight()),
        "label", b.getLabel(),
        "score", decimal(b.getScore()),
        "track", b.getTrack(),
        "frame", b.getFrame());
  }

  private static Map<String, Object> tree(Reading r) {
    return fields(
        "sensor", r.getSensor(),
        "at", Instant.ofEpochMilli(r.getAtMs()).toString(),
        "value", r.getValue(),
        "unit", r.getUnit());
  }

  private static Map<String, Object> frames(
      Frames frames, Function<Frame, Map<String, Object>> pixels) {
    var tree =
        tagged(
            "frames",
            all(
                frames.getFrameList(),
                f -> {
                  var frame =
                      fields(
                          "width", f.getWidth(),
                          "height", f.getHeight(),
                          "offsetMs", f.getOffsetMs());
                  frame.putAll(pixels.apply(f));
                  return frame;
                }));
    tree.put("fps", frames.getFps());
    return tree;
  }

  private static Map<String, Object> tree(Track t) {
    return fields(
        "id",
        t.getId(),
        "label",
        t.getLabel(),
        "points",
        all(
            t.getPointList(),
            p ->
                fields(
                    "x", decimal(p.getX()),
                    "y", decimal(p.getY()),
                    "offsetMs", p.getOffsetMs())));
  }

  private static Map<String, Object> tree(Pose p) {
    return fields(
        "label",
        p.getLabel(),
        "score",
        decimal(p.getScore()),
        "track",
        p.getTrack(),
        "frame",
        p.getFrame(),
        "points",
        all(
            p.getPointList(),
            point ->
                fields(
                    "name", point.getName(),
                    "x", decimal(point.getX()),
                    "y", decimal(point.getY()),
                    "score", decimal(point.getScore()))));
  }

  /** The first masks with their cells, as long as these have no more than so many runs together. */
  private static Map<String, Object> masks(Masks masks, int mostRuns) {
    var trees = new ArrayList<Map<String, Object>>();
    int runs = 0;
    for (var m : masks.getMaskList()) {
      var tree =
          fields(
              "x", decimal(m.getX()),
              "y", decimal(m.getY()),
              "width", decimal(m.getWidth()),
              "height", decimal(m.getHeight()),
              "label", m.getLabel(),
              "score", decimal(m.getScore()),
              "track", m.getTrack(),
              "frame", m.getFrame(),
              "columns", m.getColumns(),
              "rows", m.getRows());
      if (m.getRunCount() <= mostRuns - runs) {
        runs += m.getRunCount();
        tree.put("runs", m.getRunList().stream().toList());
      } else tree.put("runCount", m.getRunCount());
      trees.add(tree);
    }
    return tagged("masks", trees);
  }

  private static Map<String, Object> tree(Region r) {
    return fields(
        "corners",
        all(r.getCornerList(), c -> List.of(decimal(c.getX()), decimal(c.getY()))),
        "text",
        r.getText(),
        "score",
        decimal(r.getScore()),
        "track",
        r.getTrack(),
        "frame",
        r.getFrame());
  }

  private static Map<String, Object> tree(Attribute a) {
    var tree =
        fields(
            "name", a.getName(),
            "value", a.getValue(),
            "score", decimal(a.getScore()),
            "of", a.getOf(),
            "track", a.getTrack());
    if (a.hasBox()) tree.put("box", a.getBox());
    return tree;
  }

  private static Map<String, Object> audio(Audio audio) {
    var tree =
        fields(
            "sampleRate", audio.getSampleRate(),
            "channels", audio.getChannels(),
            "offsetMs", audio.getOffsetMs());
    if (!audio.getContentType().isEmpty()) tree.put("contentType", audio.getContentType());
    return tree;
  }

  private static Map<String, Object> opaque(Media media, Object content) {
    var tree = tagged("opaque", content);
    if (!media.getContentType().isEmpty()) tree.put("contentType", media.getContentType());
    return tree;
  }

  /**
   * Reads what {@link #full} has written, or a program of somebody else. What is left out counts as
   * 0 or empty where that means something; members that are not known are ignored.
   *
   * @throws UnreadableMedia if {@code tree} is no media, or one that breaks {@link MediaRules}
   */
  public static Media read(@Nullable Object tree) throws UnreadableMedia {
    if (!(tree instanceof Map<?, ?> map))
      throw new UnreadableMedia("it is no JSON object with type and content");
    if (!(map.get("type") instanceof String word))
      throw new UnreadableMedia("type is missing; it is one of " + MediaType.words());
    var type =
        MediaType.ofWord(word)
            .orElseThrow(
                () ->
                    new UnreadableMedia(
                        "type \"%s\" is none of %s".formatted(cut(word), MediaType.words())));
    try {
      var media = read(map, type, word);
      var problem = MediaRules.problem(media);
      if (problem.isPresent()) throw new UnreadableMedia(problem.get());
      return media;
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new UnreadableMedia(String.valueOf(e.getMessage()));
    }
  }

  private static Media read(Map<?, ?> map, MediaType type, String word) {
    var media = Media.newBuilder();
    switch (type) {
      case FRAMES ->
          media.setFrames(
              Frames.newBuilder()
                  .addAllFrame(items(map, word, MediaJson::frame))
                  .setFps(number(map, "fps", 0.0)));
      case BOXES -> media.setBoxes(Boxes.newBuilder().addAllBox(items(map, word, MediaJson::box)));
      case LABELS ->
          media.setLabels(Labels.newBuilder().addAllLabel(items(map, word, MediaJson::label)));
      case TEXT ->
          media.setText(
              Text.newBuilder()
                  .addAllLine(
                      list(map, word).stream()
                          .map(line -> string(line, "a line of text"))
                          .toList()));
      case READINGS ->
          media.setReadings(
              Readings.newBuilder().addAllReading(items(map, word, MediaJson::reading)));
      case TRACKS ->
          media.setTracks(Tracks.newBuilder().addAllTrack(items(map, word, MediaJson::track)));
      case KEYPOINTS -> {
        var keypoints = Keypoints.newBuilder().addAllPose(items(map, word, MediaJson::pose));
        if (map.containsKey("bones"))
          keypoints.addAllBone(
              pairs(
                  map,
                  "bones",
                  String.class,
                  (from, to) -> Bone.newBuilder().setFrom(from).setTo(to).build()));
        media.setKeypoints(keypoints);
      }
      case MASKS ->
          media.setMasks(Masks.newBuilder().addAllMask(items(map, word, MediaJson::mask)));
      case REGIONS ->
          media.setRegions(Regions.newBuilder().addAllRegion(items(map, word, MediaJson::region)));
      case ATTRIBUTES ->
          media.setAttributes(
              Attributes.newBuilder().addAllAttribute(items(map, word, MediaJson::attribute)));
      case AUDIO -> {
        if (!(map.get(word) instanceof Map<?, ?> audio))
          throw new IllegalArgumentException("audio is no object");
        media.setAudio(audio(audio));
      }
      case OPAQUE ->
          media.setOpaque(bytes(map.get(word), word)).setContentType(text(map, "contentType"));
    }
    return media.build();
  }

  private static Frame frame(Map<?, ?> map) {
    return Frame.newBuilder()
        .setJpeg(bytes(map.get("jpeg"), "jpeg"))
        .setWidth(small(map, "width"))
        .setHeight(small(map, "height"))
        .setOffsetMs(whole(map, "offsetMs"))
        .build();
  }

  private static Box box(Map<?, ?> map) {
    return Box.newBuilder()
        .setX(fraction(map, "x"))
        .setY(fraction(map, "y"))
        .setWidth(fraction(map, "width"))
        .setHeight(fraction(map, "height"))
        .setLabel(text(map, "label"))
        .setScore(score(map))
        .setTrack(whole(map, "track"))
        .setFrame(small(map, "frame"))
        .build();
  }

  private static Label label(Map<?, ?> map) {
    return Label.newBuilder().setName(text(map, "name")).setValue(number(map, "value")).build();
  }

  private static Reading reading(Map<?, ?> map) {
    return Reading.newBuilder()
        .setSensor(text(map, "sensor"))
        .setAtMs(time(map.get("at")))
        .setValue(number(map, "value"))
        .setUnit(text(map, "unit"))
        .build();
  }

  private static Track track(Map<?, ?> map) {
    return Track.newBuilder()
        .setId(whole(map, "id"))
        .setLabel(text(map, "label"))
        .addAllPoint(
            items(
                map,
                "points",
                p ->
                    TrackPoint.newBuilder()
                        .setX(fraction(p, "x"))
                        .setY(fraction(p, "y"))
                        .setOffsetMs(whole(p, "offsetMs"))
                        .build()))
        .build();
  }

  private static Pose pose(Map<?, ?> map) {
    return Pose.newBuilder()
        .addAllPoint(
            items(
                map,
                "points",
                p ->
                    Keypoint.newBuilder()
                        .setName(text(p, "name"))
                        .setX(fraction(p, "x"))
                        .setY(fraction(p, "y"))
                        .setScore(score(p))
                        .build()))
        .setLabel(text(map, "label"))
        .setScore(score(map))
        .setTrack(whole(map, "track"))
        .setFrame(small(map, "frame"))
        .build();
  }

  private static Mask mask(Map<?, ?> map) {
    var mask =
        Mask.newBuilder()
            .setX(fraction(map, "x"))
            .setY(fraction(map, "y"))
            .setWidth(fraction(map, "width"))
            .setHeight(fraction(map, "height"))
            .setColumns(small(map, "columns"))
            .setRows(small(map, "rows"))
            .setLabel(text(map, "label"))
            .setScore(score(map))
            .setTrack(whole(map, "track"))
            .setFrame(small(map, "frame"));
    for (var run : list(map, "runs")) {
      if (!(run instanceof Number number))
        throw new IllegalArgumentException("runs has what is no number");
      mask.addRun(Math.toIntExact(whole(number.doubleValue(), "a run")));
    }
    return mask.build();
  }

  private static Region region(Map<?, ?> map) {
    return Region.newBuilder()
        .addAllCorner(
            pairs(
                map,
                "corners",
                Number.class,
                (x, y) -> Corner.newBuilder().setX(x.floatValue()).setY(y.floatValue()).build()))
        .setText(text(map, "text"))
        .setScore(score(map))
        .setTrack(whole(map, "track"))
        .setFrame(small(map, "frame"))
        .build();
  }

  private static Attribute attribute(Map<?, ?> map) {
    var attribute =
        Attribute.newBuilder()
            .setName(text(map, "name"))
            .setValue(string(map.get("value"), "value"))
            .setScore(score(map))
            .setOf(text(map, "of"))
            .setTrack(whole(map, "track"));
    if (map.get("box") != null) attribute.setBox(small(map, "box"));
    return attribute.build();
  }

  private static Audio audio(Map<?, ?> map) {
    return Audio.newBuilder()
        .setData(bytes(map.get("data"), "data"))
        .setContentType(text(map, "contentType"))
        .setSampleRate(small(map, "sampleRate"))
        .setChannels(small(map, "channels"))
        .setOffsetMs(whole(map, "offsetMs"))
        .build();
  }

  private static <T, R> List<R> all(List<T> items, Function<T, R> tree) {
    return items.stream().map(tree).toList();
  }

  private static Map<String, Object> tagged(String type, Object content) {
    return fields("type", type, type, content);
  }
}
