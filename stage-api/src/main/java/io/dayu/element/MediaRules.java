package io.dayu.element;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What media must keep to beyond their form, so that nobody who draws or plays them has to look for
 * it. Media of services are checked where they come in. Stateless and safe for any thread.
 */
public final class MediaRules {
  /** Of one mask, across and down. */
  public static final int MAX_SIDE = 4_096;

  /** Of all masks of an output together. */
  public static final int MAX_CELLS = 1 << 24;

  private static final int MAX_CORNERS = 64;
  private static final int MAX_CHANNELS = 32;
  private static final int MAX_SAMPLE_RATE = 768_000;
  private static final int MAX_CONTENT_TYPE = 200;
  private static final Pattern CONTENT_TYPE =
      Pattern.compile("[\\w!#$&^.+-]+/[\\w!#$&^.+-]+( *;[ -~]*)?");

  private MediaRules() {}

  /** What is wrong with {@code media}; empty if nothing is. */
  public static Optional<String> problem(Media media) {
    return switch (media.getKindCase()) {
      case MASKS -> masks(media.getMasks());
      case REGIONS -> regions(media.getRegions());
      case ATTRIBUTES ->
          media.getAttributes().getAttributeList().stream().anyMatch(a -> a.getBox() < 0)
              ? Optional.of("an attribute's box is below 0")
              : Optional.empty();
      case AUDIO -> audio(media.getAudio());
      case OPAQUE -> contentType(media.getContentType());
      default -> Optional.empty();
    };
  }

  /** Whether {@code text} can stand as a content type in a header. */
  public static boolean isContentType(String text) {
    return text.length() <= MAX_CONTENT_TYPE && CONTENT_TYPE.matcher(text).matches();
  }

  private static Optional<String> contentType(String text) {
    return text.isEmpty() || isContentType(text)
        ? Optional.empty()
        : Optional.of("contentType is none, as image/png or audio/mpeg would be");
  }

  private static Optional<String> masks(Masks masks) {
    long cells = 0;
    for (int i = 0; i < masks.getMaskCount(); i++) {
      var mask = masks.getMask(i);
      if (isNoSide(mask.getColumns()) || isNoSide(mask.getRows()))
        return Optional.of(
            "masks[%s] has %s columns and %s rows; each is 1 to %s"
                .formatted(i, mask.getColumns(), mask.getRows(), MAX_SIDE));
      long own = (long) mask.getColumns() * mask.getRows();
      long covered = 0;
      for (int run : mask.getRunList()) {
        if (run < 0) return Optional.of("masks[%s] has a run below 0".formatted(i));
        covered += run;
      }
      if (covered > own)
        return Optional.of(
            "masks[%s] has runs of %s cells together and %s cells".formatted(i, covered, own));
      cells += own;
      if (cells > MAX_CELLS)
        return Optional.of("masks have more than %s cells together".formatted(MAX_CELLS));
    }
    return Optional.empty();
  }

  private static boolean isNoSide(int cells) {
    return cells < 1 || cells > MAX_SIDE;
  }

  private static Optional<String> regions(Regions regions) {
    for (int i = 0; i < regions.getRegionCount(); i++) {
      int corners = regions.getRegion(i).getCornerCount();
      if (corners < 3 || corners > MAX_CORNERS)
        return Optional.of(
            "regions[%s] has %s corners; it has 3 to %s".formatted(i, corners, MAX_CORNERS));
    }
    return Optional.empty();
  }

  private static Optional<String> audio(Audio audio) {
    if (!audio.getContentType().isEmpty()) return contentType(audio.getContentType());
    if (audio.getSampleRate() < 1 || audio.getSampleRate() > MAX_SAMPLE_RATE)
      return Optional.of(
          "sampleRate is %s; it is 1 to %s".formatted(audio.getSampleRate(), MAX_SAMPLE_RATE));
    if (audio.getChannels() < 1 || audio.getChannels() > MAX_CHANNELS)
      return Optional.of(
          "channels are %s; they are 1 to %s".formatted(audio.getChannels(), MAX_CHANNELS));
    return audio.getData().size() % (Wav.BYTES_A_SAMPLE * audio.getChannels()) == 0
        ? Optional.empty()
        : Optional.of("the data end within a sample");
  }
}
