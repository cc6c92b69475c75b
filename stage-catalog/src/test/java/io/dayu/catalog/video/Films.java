package io.dayu.catalog.video;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bytedeco.ffmpeg.ffmpeg;
import org.bytedeco.javacpp.Loader;

/** Makes videos with the program ffmpeg, which comes with the natives. */
final class Films {
  /** Twelve seconds of a clock at ten frames a second, with B frames, a key frame every two. */
  static final List<String> CLOCK =
      List.of("-f", "lavfi", "-i", "testsrc=size=320x240:rate=10:duration=12");

  static final List<String> MPEG4 =
      List.of("-c:v", "mpeg4", "-bf", "2", "-g", "20", "-q:v", "5", "-pix_fmt", "yuv420p");

  private final Path directory;

  Films(Path directory) {
    this.directory = directory;
  }

  Path clock(String name) throws Exception {
    return make(name, CLOCK, MPEG4);
  }

  /** The same pictures in another container, or otherwise without encoding them again. */
  Path copied(Path film, String name, List<String> before, String... after) throws Exception {
    return make(name, before, List.of("-i", film.toString(), "-c", "copy"), List.of(after));
  }

  @SafeVarargs
  final Path make(String name, List<String>... arguments) throws Exception {
    var file = directory.resolve(name);
    var program = Path.of(Loader.load(ffmpeg.class));
    var command = new ArrayList<>(List.of(program.toString(), "-nostdin", "-y"));
    command.addAll(List.of("-loglevel", "error"));
    for (var some : arguments) command.addAll(some);
    command.add(file.toString());
    var errors = Files.createTempFile(directory, "ffmpeg", ".log");
    var builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(errors.toFile());
    // Its libraries need others that lie beside it (libva), which the system may not have.
    builder.environment().put("LD_LIBRARY_PATH", program.resolveSibling("").toString());
    var process = builder.start();
    if (!process.waitFor(60, TimeUnit.SECONDS)) process.destroyForcibly();
    if (process.waitFor() != 0)
      throw new IOException(String.join(" ", command) + ": " + Files.readString(errors));
    return file;
  }

  /** One behind the other, byte by byte. */
  Path joined(String name, Path... films) throws IOException {
    var file = directory.resolve(name);
    try (var out = Files.newOutputStream(file)) {
      for (var film : films) Files.copy(film, out);
    }
    return file;
  }
}
