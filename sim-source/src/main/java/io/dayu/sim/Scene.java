package io.dayu.sim;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A street with two lanes of cars and people walking before them: what a generated camera sees. The
 * same seed gives the same scene. Immutable, but {@link #draw} is called by one thread at a time.
 *
 * @param loop frames until everything repeats
 * @param movers back to front
 */
record Scene(BufferedImage backdrop, List<Mover> movers, int loop) {
  /**
   * Sizes and places as fractions of the frame's height: the detector sees 300 x 300 pixels and
   * needs large objects.
   */
  private static final double CAR_HEIGHT = 0.2;

  private static final double FAR_LANE = 0.8;
  private static final double NEAR_LANE = 0.93;
  private static final double PERSON_HEIGHT = 0.5;
  private static final int CAR_CROSSINGS = 2;

  Scene {
    movers = List.copyOf(movers);
  }

  /** Reads and scales the photographs, one at a time: the largest takes 12 MB while it is open. */
  static Scene of(long seed, int height, int loop) throws IOException {
    // The first numbers of neighbouring seeds are alike.
    var random = new Random(new SplittableRandom(seed).nextLong());
    int width = width(height);
    boolean mirrored = random.nextBoolean();
    var casting = new ArrayList<Role>();
    var cars = shuffled("car", random);
    var people = shuffled("person", random);
    // One car per lane and two of the people: enough to count, not so many that they hide each
    // other all the time.
    casting.add(Role.car(cars.get(0), random, FAR_LANE, CAR_HEIGHT, true));
    casting.add(Role.car(cars.get(1), random, NEAR_LANE, CAR_HEIGHT * 1.15, false));
    double meeting = random.nextDouble();
    casting.add(Role.person(people.get(0), random, true, meeting));
    casting.add(Role.person(people.get(1), random, false, meeting + 0.35));

    var movers = new ArrayList<Mover>();
    for (var role : casting) {
      movers.add(role.mover(Photos.read(role.outline().photo()), height));
    }
    return new Scene(Backdrop.of(Photos.read("car2.jpg"), width, height, mirrored), movers, loop);
  }

  private static List<Outline> shuffled(String label, Random random) throws IOException {
    var outlines =
        new ArrayList<>(Photos.outlines().stream().filter(o -> o.label().equals(label)).toList());
    Collections.shuffle(outlines, random);
    return outlines;
  }

  /** The even width of a 16:9 frame. */
  static int width(int height) {
    return Math.round(height * 16 / 9f / 2) * 2;
  }

  void draw(long n, BufferedImage frame) {
    var g = frame.createGraphics();
    g.drawImage(backdrop, 0, 0, null);
    for (var object : placed(n)) {
      g.drawImage(object.cutout().picture(), object.x(), object.y(), null);
    }
    g.dispose();
  }

  /**
   * The boxes of frame {@code n}, back to front; objects of which no pixel is inside the frame are
   * left out.
   */
  List<TruthBox> truth(long n) {
    var placed = placed(n);
    return IntStream.range(0, placed.size())
        .mapToObj(i -> box(placed.get(i), placed.subList(i + 1, placed.size())))
        .flatMap(Optional::stream)
        .toList();
  }

  private List<Placed> placed(long n) {
    return IntStream.range(0, movers.size())
        .mapToObj(
            i -> {
              var mover = movers.get(i);
              long track = 1 + i + movers.size() * mover.pass(n, loop);
              return new Placed(
                  mover.cutout(), mover.x(n, loop, backdrop.getWidth()), mover.y(n, loop), track);
            })
        .toList();
  }

  private Optional<TruthBox> box(Placed object, List<Placed> before) {
    int width = backdrop.getWidth();
    int height = backdrop.getHeight();
    int left = width;
    int top = height;
    int right = -1;
    int bottom = -1;
    int seen = 0;
    for (int y = Math.max(0, object.y());
        y < Math.min(height, object.y() + object.cutout().height());
        y++) {
      for (int x = Math.max(0, object.x());
          x < Math.min(width, object.x() + object.cutout().width());
          x++) {
        if (object.covers(x, y)) {
          left = Math.min(left, x);
          right = Math.max(right, x);
          top = Math.min(top, y);
          bottom = Math.max(bottom, y);
          seen += coveredByAny(before, x, y) ? 0 : 1;
        }
      }
    }
    if (right < 0) {
      return Optional.empty();
    }
    return Optional.of(
        new TruthBox(
            object.cutout().label(),
            object.track(),
            left / (double) width,
            top / (double) height,
            (right - left + 1) / (double) width,
            (bottom - top + 1) / (double) height,
            seen / (double) object.cutout().pixels()));
  }

  private static boolean coveredByAny(List<Placed> objects, int x, int y) {
    for (var object : objects) {
      if (object.covers(x, y)) {
        return true;
      }
    }
    return false;
  }

  /** A cut-out with the place of its upper left corner in one frame. */
  private record Placed(Cutout cutout, int x, int y, long track) {
    boolean covers(int px, int py) {
      return cutout.covers(px - x, py - y);
    }
  }

  /** An object before its size in pixels is known; lengths are fractions of the frame's height. */
  private record Role(
      Outline outline,
      boolean rightwards,
      double bottom,
      double size,
      int crossings,
      double phase,
      double bob) {

    static Role car(Outline outline, Random random, double lane, double size, boolean rightwards) {
      double height = size * (0.9 + 0.2 * random.nextDouble());
      return new Role(outline, rightwards, lane, height, CAR_CROSSINGS, random.nextDouble(), 0);
    }

    /**
     * People are cut at the hips, so they walk close to the camera, along the lower edge of the
     * frame.
     */
    static Role person(Outline outline, Random random, boolean rightwards, double phase) {
      double height = PERSON_HEIGHT * (0.9 + 0.2 * random.nextDouble());
      double bob = 0.015;
      return new Role(outline, rightwards, 1 + bob, height, 1, phase, bob);
    }

    Mover mover(BufferedImage photo, int frameHeight) {
      boolean mirrored =
          outline.heading() == (rightwards ? Outline.Heading.LEFT : Outline.Heading.RIGHT);
      var cutout = Cutout.of(outline, photo, (int) Math.round(size * frameHeight), mirrored);
      int step = (int) Math.floor(bob * frameHeight);
      int floor = bob > 0 ? frameHeight + step : (int) Math.round(bottom * frameHeight);
      return new Mover(cutout, rightwards, floor, crossings, phase, step);
    }
  }
}
