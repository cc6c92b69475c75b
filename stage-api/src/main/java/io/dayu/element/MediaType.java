package io.dayu.element;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The kinds of payloads and outputs; what two stages must agree on before they are connected. */
public enum MediaType {
  FRAMES,
  BOXES,
  LABELS,
  TEXT,
  READINGS,
  /** Bytes that only the stages themselves understand. */
  OPAQUE,
  /** Where things have been. */
  TRACKS,
  /** Named points of bodies, hands or faces. */
  KEYPOINTS,
  /** Which cells of a frame belong to a thing or a class. */
  MASKS,
  /** Places with text. */
  REGIONS,
  /** What is known of things, as names and values. */
  ATTRIBUTES,
  AUDIO;

  /** Every media type: what a stage accepts that does not look inside. */
  public static Set<MediaType> all() {
    return Set.copyOf(EnumSet.allOf(MediaType.class));
  }

  /** The type of {@code media}; an unset one counts as {@link #OPAQUE}. */
  public static MediaType of(Media media) {
    return switch (media.getKindCase()) {
      case FRAMES -> FRAMES;
      case BOXES -> BOXES;
      case LABELS -> LABELS;
      case TEXT -> TEXT;
      case READINGS -> READINGS;
      case TRACKS -> TRACKS;
      case KEYPOINTS -> KEYPOINTS;
      case MASKS -> MASKS;
      case REGIONS -> REGIONS;
      case ATTRIBUTES -> ATTRIBUTES;
      case AUDIO -> AUDIO;
      case OPAQUE, KIND_NOT_SET -> OPAQUE;
    };
  }

  /** All words, for messages that say what there is. */
  public static String words() {
    return Arrays.stream(values()).map(MediaType::word).collect(Collectors.joining(", "));
  }

  /** The type with a word, if there is such. */
  public static Optional<MediaType> ofWord(String word) {
    return Arrays.stream(values()).filter(type -> type.word().equals(word)).findFirst();
  }

  /** The word used in pipelines and messages, such as {@code frames}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
