package io.dayu.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.regex.Pattern;

/**
 * What goes wrong with a camera, to test those who read it.
 *
 * @param disconnectEvery cuts the connection, without an end of the HTTP message, so long after it
 *     began
 * @param silentAfter sends nothing more so long after the connection began, but keeps it open
 * @param corruptEvery damages the JPEG of every frame whose number is a multiple of it
 */
record Faults(
    Optional<Duration> disconnectEvery, Optional<Duration> silentAfter, OptionalInt corruptEvery) {
  static final Faults NONE = new Faults(Optional.empty(), Optional.empty(), OptionalInt.empty());
  static final String GRAMMAR =
      "[cam-N:]disconnect-every=3s, [cam-N:]silent-after=5s or [cam-N:]corrupt-every=20, separated by commas";

  private static final Pattern ITEM = Pattern.compile("(?:cam-(\\d{1,4}):)?([a-z-]+)=(.+)");
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m)");

  /** The faults of every camera: items without a camera's name hold for all, later items win. */
  record Plan(List<Item> items) {
    Plan {
      items = List.copyOf(items);
    }

    Faults of(int camera) {
      var faults = NONE;
      for (var item : items) {
        if (item.camera().isEmpty() || item.camera().getAsInt() == camera) {
          faults = faults.with(item);
        }
      }
      return faults;
    }
  }

  /** One word of a fault specification, checked. */
  record Item(OptionalInt camera, String name, String value) {}

  /**
   * Reads {@link #GRAMMAR}.
   *
   * @param cameras how many there are
   * @throws IllegalArgumentException with what is wrong, for the person who wrote it
   */
  static Plan parse(String specification, int cameras) {
    var items = new ArrayList<Item>();
    for (var word : specification.split(",")) {
      if (word.isBlank()) {
        continue;
      }
      var match = ITEM.matcher(word.strip());
      if (!match.matches()) {
        throw new IllegalArgumentException(
            "\"" + word.strip() + "\" is not a fault; write " + GRAMMAR);
      }
      var camera =
          match.group(1) == null
              ? OptionalInt.empty()
              : OptionalInt.of(Integer.parseInt(match.group(1)));
      if (camera.isPresent() && camera.getAsInt() >= cameras) {
        throw new IllegalArgumentException(
            "there is no cam-"
                + camera.getAsInt()
                + "; with --cameras "
                + cameras
                + " the last one is cam-"
                + (cameras - 1));
      }
      var item = new Item(camera, match.group(2), match.group(3));
      var unused = NONE.with(item); // throws if the value is none
      items.add(item);
    }
    return new Plan(items);
  }

  private Faults with(Item item) {
    return switch (item.name()) {
      case "disconnect-every" -> new Faults(Optional.of(duration(item)), silentAfter, corruptEvery);
      case "silent-after" -> new Faults(disconnectEvery, Optional.of(duration(item)), corruptEvery);
      case "corrupt-every" -> new Faults(disconnectEvery, silentAfter, OptionalInt.of(count(item)));
      default ->
          throw new IllegalArgumentException(
              "there is no fault \"" + item.name() + "\"; write " + GRAMMAR);
    };
  }

  /** The bytes to send for frame {@code n}: {@code jpeg}, or a damaged copy of it. */
  byte[] applyTo(long n, byte[] jpeg) {
    if (corruptEvery.isEmpty() || n % corruptEvery.getAsInt() != 0) {
      return jpeg;
    }
    // The length stays right, the headers and the rest of the picture do not: the worst case for a
    // reader.
    var damaged = jpeg.clone();
    var noise = new Random(n);
    for (int i = 2; i < damaged.length; i += 1 + noise.nextInt(16)) {
      damaged[i] = (byte) noise.nextInt();
    }
    return damaged;
  }

  private static Duration duration(Item item) {
    var match = DURATION.matcher(item.value().toLowerCase(Locale.ROOT));
    if (!match.matches()) {
      throw new IllegalArgumentException(
          item.name() + " needs a duration such as 500ms, 3s or 2m, not \"" + item.value() + "\"");
    }
    long amount = Long.parseLong(match.group(1));
    return switch (match.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      default -> Duration.ofMinutes(amount);
    };
  }

  private static int count(Item item) {
    if (!item.value().matches("[1-9]\\d{0,8}")) {
      throw new IllegalArgumentException(
          item.name() + " needs a number of frames from 1 on, not \"" + item.value() + "\"");
    }
    return Integer.parseInt(item.value());
  }
}
