package io.dayu.sim;

import java.awt.image.BufferedImage;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.imageio.ImageIO;

/** The photographs packed with this module and the outlines of what is cut from them. */
final class Photos {
  static {
    // Small pictures: a cache file per picture costs more than it saves.
    ImageIO.setUseCache(false);
  }

  private Photos() {}

  static List<Outline> outlines() throws IOException {
    try (var in = open("outlines.txt")) {
      return Outline.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList());
    }
  }

  static BufferedImage read(String photo) throws IOException {
    try (var in = open("media/" + photo)) {
      return ImageIO.read(in);
    }
  }

  private static InputStream open(String name) throws IOException {
    var in = Photos.class.getResourceAsStream(name);
    if (in == null) {
      throw new FileNotFoundException(
          name
              + " is missing from the class path; build sim-source with Maven, which fetches the photographs");
    }
    return in;
  }
}
