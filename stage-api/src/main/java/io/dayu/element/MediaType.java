package io.dayu.element;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** The kinds of payloads and outputs; what two stages must agree on before they are connected. */
public enum MediaType {
  FRAMES,
  BOXES,
  LABELS,
  TEXT,
  READINGS,
  /** Bytes that only the stages themselves understand. */
  OPAQUE;

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
      case OPAQUE, KIND_NOT_SET -> OPAQUE;
    };
  }

  /** The word used in pipelines and messages, such as {@code frames}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
