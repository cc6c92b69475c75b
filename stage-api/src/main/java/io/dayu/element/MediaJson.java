package io.dayu.element;

import com.google.protobuf.ByteString;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
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
  private MediaJson() {}

  /** A tree that is not the JSON of a media; the message says where and why. */
  public static final class UnreadableMedia extends Exception {
    private static final long serialVersionUID = 1;

    public UnreadableMedia(String message) {
      super(message);
    }
  }

  /** All of it: pixels and opaque bytes in Base64. A number that is none is in it as such. */
  public static Map<String, Object> full(Media media) {
    return switch (media.getKindCase()) {
      case FRAMES -> {
        var frames =
            tagged(
                "frames",
                media.getFrames().getFrameList().stream()
                    .map(
                        f ->
                            fields(
                                "jpeg", base64(f.getJpeg()),
                                "width", f.getWidth(),
                                "height", f.getHeight(),
                                "offsetMs", f.getOffsetMs()))
                    .toList());
        frames.put("fps", media.getFrames().getFps());
        yield frames;
      }
      case OPAQUE, KIND_NOT_SET -> tagged("opaque", base64(media.getOpaque()));
      case BOXES, LABELS, TEXT, READINGS -> brief(media);
    };
  }

  /**
   * What people and programs look at in results: pixels and opaque bytes are given by their size
   * only. Labels are a list, because a name may stand twice.
   */
  public static Map<String, Object> brief(Media media) {
    return switch (media.getKindCase()) {
      case BOXES ->
          tagged(
              "boxes",
              media.getBoxes().getBoxList().stream()
                  .map(
                      b ->
                          fields(
                              "x", decimal(b.getX()),
                              "y", decimal(b.getY()),
                              "width", decimal(b.getWidth()),
                              "height", decimal(b.getHeight()),
                              "label", b.getLabel(),
                              "score", decimal(b.getScore()),
                              "track", b.getTrack(),
                              "frame", b.getFrame()))
                  .toList());
      case LABELS ->
          tagged(
              "labels",
              media.getLabels().getLabelList().stream()
                  .map(l -> fields("name", l.getName(), "value", l.getValue()))
                  .toList());
      case TEXT -> tagged("text", media.getText().getLineList().stream().toList());
      case READINGS ->
          tagged(
              "readings",
              media.getReadings().getReadingList().stream()
                  .map(
                      r ->
                          fields(
                              "sensor", r.getSensor(),
                              "at", Instant.ofEpochMilli(r.getAtMs()).toString(),
                              "value", r.getValue(),
                              "unit", r.getUnit()))
                  .toList());
      case FRAMES -> {
        var frames =
            tagged(
                "frames",
                media.getFrames().getFrameList().stream()
                    .map(
                        f ->
                            fields(
                                "width", f.getWidth(),
                                "height", f.getHeight(),
                                "offsetMs", f.getOffsetMs(),
                                "bytes", f.getJpeg().size()))
                    .toList());
        frames.put("fps", media.getFrames().getFps());
        yield frames;
      }
      case OPAQUE, KIND_NOT_SET -> tagged("opaque", Map.of("bytes", media.getOpaque().size()));
    };
  }

  /**
   * Reads what {@link #full} has written, or a program of somebody else. What is left out counts as
   * 0 or empty where that means something; members that are not known are ignored.
   *
   * @throws UnreadableMedia if {@code tree} is no media
   */
  public static Media read(@Nullable Object tree) throws UnreadableMedia {
    if (!(tree instanceof Map<?, ?> map))
      throw new UnreadableMedia("it is no JSON object with type and content");
    if (!(map.get("type") instanceof String type))
      throw new UnreadableMedia("type is missing; it is one of " + types());
    return read(map, type);
  }

  private static Media read(Map<?, ?> map, String word) throws UnreadableMedia {
    try {
      return switch (word) {
        case "boxes" ->
            Media.newBuilder()
                .setBoxes(Boxes.newBuilder().addAllBox(items(map, word, MediaJson::box)))
                .build();
        case "labels" ->
            Media.newBuilder()
                .setLabels(Labels.newBuilder().addAllLabel(items(map, word, MediaJson::label)))
                .build();
        case "readings" ->
            Media.newBuilder()
                .setReadings(
                    Readings.newBuilder().addAllReading(items(map, word, MediaJson::reading)))
                .build();
        case "text" ->
            Media.newBuilder()
                .setText(
                    Text.newBuilder()
                        .addAllLine(
                            list(map, word).stream()
                                .map(line -> string(line, "a line of text"))
                                .toList()))
                .build();
        case "frames" ->
            Media.newBuilder()
                .setFrames(
                    Frames.newBuilder()
                        .addAllFrame(items(map, word, MediaJson::frame))
                        .setFps(number(map, "fps", 0.0)))
                .build();
        case "opaque" -> Media.newBuilder().setOpaque(bytes(map.get(word), word)).build();
        default ->
            throw new UnreadableMedia("type \"%s\" is none of %s".formatted(cut(word), types()));
      };
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new UnreadableMedia(String.valueOf(e.getMessage()));
    }
  }

  private static Box box(Map<?, ?> map) {
    return Box.newBuilder()
        .setX((float) number(map, "x"))
        .setY((float) number(map, "y"))
        .setWidth((float) number(map, "width"))
        .setHeight((float) number(map, "height"))
        .setLabel(text(map, "label"))
        .setScore((float) number(map, "score", 0.0))
        .setTrack(whole(map, "track"))
        .setFrame(Math.toIntExact(whole(map, "frame")))
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

  private static Frame frame(Map<?, ?> map) {
    return Frame.newBuilder()
        .setJpeg(bytes(map.get("jpeg"), "jpeg"))
        .setWidth(Math.toIntExact(whole(map, "width")))
        .setHeight(Math.toIntExact(whole(map, "height")))
        .setOffsetMs(whole(map, "offsetMs"))
        .build();
  }

  private static <T> List<T> items(Map<?, ?> map, String name, Function<Map<?, ?>, T> read) {
    return list(map, name).stream()
        .map(
            item -> {
              if (item instanceof Map<?, ?> object) return read.apply(object);
              throw new IllegalArgumentException(name + " has an item that is no object");
            })
        .toList();
  }

  private static List<?> list(Map<?, ?> map, String name) {
    if (map.get(name) instanceof List<?> list) return list;
    throw new IllegalArgumentException(name + " is no list");
  }

  private static String text(Map<?, ?> map, String name) {
    var value = map.get(name);
    return value == null ? "" : string(value, name);
  }

  private static String string(@Nullable Object value, String what) {
    if (value instanceof String text) return text;
    throw new IllegalArgumentException(what + " is no string");
  }

  /** What must be there; JSON's null is the number that is none. */
  private static double number(Map<?, ?> map, String name) {
    if (!map.containsKey(name)) throw new IllegalArgumentException(name + " is missing");
    return number(map, name, Double.NaN);
  }

  private static double number(Map<?, ?> map, String name, double instead) {
    var value = map.get(name);
    if (value == null) return instead;
    if (value instanceof Number number) return number.doubleValue();
    throw new IllegalArgumentException(name + " is no number");
  }

  private static long whole(Map<?, ?> map, String name) {
    double number = number(map, name, 0.0);
    if (Math.rint(number) == number && Math.abs(number) <= Integer.MAX_VALUE * 4096.0)
      return (long) number;
    throw new IllegalArgumentException(name + " is no whole number, or too large");
  }

  private static long time(@Nullable Object value) {
    if (value instanceof Number millis) return millis.longValue();
    if (value instanceof String text)
      try {
        return Instant.parse(text).toEpochMilli();
      } catch (DateTimeException | ArithmeticException e) {
        throw new IllegalArgumentException(
            "at is \"%s\", no time as 2026-01-31T12:00:00Z".formatted(cut(text)), e);
      }
    throw new IllegalArgumentException("at is neither a time nor milliseconds");
  }

  private static ByteString bytes(@Nullable Object value, String name) {
    try {
      return ByteString.copyFrom(Base64.getDecoder().decode(string(value, name)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + " is no Base64", e);
    }
  }

  private static String base64(ByteString bytes) {
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }

  private static String types() {
    return "boxes, labels, text, readings, frames, opaque";
  }

  private static String cut(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "…";
  }

  private static Map<String, Object> tagged(String type, Object content) {
    return fields("type", type, type, content);
  }

  private static Map<String, Object> fields(Object... namesAndValues) {
    var fields = new LinkedHashMap<String, Object>();
    for (int i = 0; i < namesAndValues.length; i += 2)
      fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
    return fields;
  }

  /** A float as people wrote it: 0.1, not 0.10000000149011612. */
  private static double decimal(float value) {
    return Double.parseDouble(Float.toString(value));
  }
}
