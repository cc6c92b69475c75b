package io.dayu.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** An image's layers with a Dockerfile, for those who build with an engine of their own. */
final class Dockerfile {
  private Dockerfile() {}

  /** Moves the layers into a directory, in place of what was in it. */
  static void write(Layers layers, Program program, Path to) throws IOException {
    Trees.delete(to);
    Files.createDirectories(to);
    var names = layers.directories().stream().map(layer -> layer.getFileName().toString()).toList();
    for (var layer : layers.directories())
      Files.move(layer, to.resolve(layer.getFileName().toString()));
    Files.write(to.resolve("Dockerfile"), lines(names, program));
  }

  static List<String> lines(List<String> layers, Program program) {
    var user = Layers.USER + ":" + Layers.USER;
    var lines = new ArrayList<>(List.of("FROM scratch"));
    for (var layer : layers) lines.add("COPY %s/ /".formatted(layer));
    lines.add("COPY --chown=%s %s%s/ %3$s/".formatted(user, layers.get(0), Layers.STATE));
    new TreeMap<>(OciImage.environment(program))
        .forEach((name, value) -> lines.add("ENV %s=%s".formatted(name, quoted(value))));
    for (int port : program.ports()) lines.add("EXPOSE " + port);
    lines.add("USER " + user);
    lines.add("ENTRYPOINT " + array(OciImage.entryPoint(program)));
    lines.add("CMD " + array(program.arguments()));
    return lines;
  }

  private static String array(List<String> words) {
    return words.stream().map(Dockerfile::quoted).collect(Collectors.joining(", ", "[", "]"));
  }

  /** None of the words has a character that needs more. */
  private static String quoted(String word) {
    return '"' + word + '"';
  }
}
