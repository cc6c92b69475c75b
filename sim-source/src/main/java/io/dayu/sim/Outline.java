package io.dayu.sim;

import java.awt.Polygon;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Where an object is in its photograph, in the photograph's pixels. Shared between threads, never
 * changed.
 */
record Outline(String name, String label, String photo, Heading heading, Polygon shape) {

  /** Where the object's front points. */
  enum Heading {
    LEFT,
    RIGHT,
    NONE
  }

  /** Reads the format described at the top of {@code outlines.txt}. */
  static List<Outline> parse(List<String> lines) {
    var outlines = new ArrayList<Outline>();
    for (var line : lines) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      var words = line.strip().split("\\s+");
      if (line.startsWith(" ")) {
        for (var corner : words) {
          var xy = corner.split(",");
          outlines
              .get(outlines.size() - 1)
              .shape()
              .addPoint(Integer.parseInt(xy[0]), Integer.parseInt(xy[1]));
        }
      } else {
        var heading = Heading.valueOf(words[3].toUpperCase(Locale.ROOT));
        outlines.add(new Outline(words[0], words[1], words[2], heading, new Polygon()));
      }
    }
    return List.copyOf(outlines);
  }
}
