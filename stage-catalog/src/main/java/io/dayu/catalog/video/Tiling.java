package io.dayu.catalog.video;

import io.dayu.element.Box;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a frame into overlapping tiles, so that small figures become large enough for a detector
 * with a small input.
 */
final class Tiling {
  /** Neighbours share a fifth of a tile, or objects on a seam would be halved in both. */
  private static final double STRETCH = 1.2;

  /** A part of a frame, in fractions of it. */
  record Tile(double x, double y, double width, double height) {
    static final Tile WHOLE = new Tile(0, 0, 1, 1);

    /** A box found in this tile, in fractions of the frame. */
    Box toFrame(Box box) {
      return box.toBuilder()
          .setX((float) (x + box.getX() * width))
          .setY((float) (y + box.getY() * height))
          .setWidth((float) (box.getWidth() * width))
          .setHeight((float) (box.getHeight() * height))
          .build();
    }
  }

  private Tiling() {}

  /** The whole frame and, if {@code tiles} is more than 1, that many tiles of it. */
  static List<Tile> of(int tiles) {
    var result = new ArrayList<Tile>();
    result.add(Tile.WHOLE);
    if (tiles > 1) {
      // As square a grid as the number allows, wider than high like most frames.
      var rows = (int) Math.sqrt(tiles);
      while (tiles % rows != 0) rows--;
      var columns = tiles / rows;
      for (var row = 0; row < rows; row++)
        for (var column = 0; column < columns; column++)
          result.add(
              new Tile(start(column, columns), start(row, rows), share(columns), share(rows)));
    }
    return List.copyOf(result);
  }

  private static double share(int count) {
    return Math.min(1, STRETCH / count);
  }

  private static double start(int index, int count) {
    return count == 1 ? 0 : index * (1 - share(count)) / (count - 1);
  }
}
