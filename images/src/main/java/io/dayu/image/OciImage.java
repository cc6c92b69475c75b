package io.dayu.image;

import com.google.cloud.tools.jib.api.CacheDirectoryCreationException;
import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.RegistryException;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FileEntry;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import com.google.cloud.tools.jib.api.buildplan.ImageFormat;
import com.google.cloud.tools.jib.api.buildplan.Port;
import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;

/** Writes layers as a container image, by Jib; no engine and no network are used. */
final class OciImage {
  private static final FilePermissions DIRECTORY = FilePermissions.fromOctalString("755");
  private static final FilePermissions PROGRAM = FilePermissions.fromOctalString("755");
  private static final FilePermissions FILE = FilePermissions.fromOctalString("644");
  private static final FilePermissions EVERYBODY = FilePermissions.fromOctalString("777");

  private OciImage() {}

  /** What the program is started with. */
  static List<String> entryPoint(Program program) {
    return List.of(Layers.JAVA + "/bin/java", "@" + Layers.arguments(program));
  }

  /** Deployments may replace each of these. */
  static Map<String, String> environment(Program program) {
    return Map.of(
        "DAYU_DATA_DIR",
        Layers.STATE,
        "JAVA_TOOL_OPTIONS",
        program.tunables(),
        // Without a locale Java reads the names of files as ASCII.
        "LC_ALL",
        "C.UTF-8");
  }

  /**
   * Writes an OCI layout in a tar.
   *
   * @param cache a directory for Jib
   * @return the digest of the image's manifest
   */
  static String write(Layers layers, Layers.Order order, String tag, Path cache, Path to)
      throws IOException {
    var program = order.program();
    try {
      var image =
          Jib.fromScratch()
              .setFormat(ImageFormat.OCI)
              .setPlatforms(
                  Set.of(
                      new com.google.cloud.tools.jib.api.buildplan.Platform(
                          order.platform().architecture(), "linux")))
              .setCreationTime(Layers.TIME)
              .setUser(Layers.USER + ":" + Layers.USER)
              .setEnvironment(environment(program))
              .setEntrypoint(entryPoint(program))
              .setProgramArguments(program.arguments())
              .setExposedPorts(program.ports().stream().map(Port::tcp).collect(Collectors.toSet()))
              .setLabels(
                  Map.of(
                      "org.opencontainers.image.title",
                      "dayu/" + program.image(),
                      "org.opencontainers.image.version",
                      tag,
                      "org.opencontainers.image.licenses",
                      "Apache-2.0"));
      for (var directory : layers.directories()) image.addFileEntriesLayer(layer(directory));
      var container =
          image.containerize(
              Containerizer.to(TarImage.at(to).named("dayu/%s:%s".formatted(program.image(), tag)))
                  .setOfflineMode(true)
                  .setToolName("dayu")
                  .setBaseImageLayersCache(cache.resolve("base"))
                  .setApplicationLayersCache(cache.resolve("layers")));
      return container.getDigest().toString();
    } catch (InvalidImageReferenceException
        | RegistryException
        | CacheDirectoryCreationException
        | ExecutionException e) {
      throw new UserException("the image cannot be written to %s: %s".formatted(to, e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", e);
    }
  }

  private static FileEntriesLayer layer(Path directory) throws IOException {
    var layer = FileEntriesLayer.builder().setName(directory.getFileName().toString());
    try (var files = Files.walk(directory)) {
      for (var file : files.filter(file -> !file.equals(directory)).sorted().toList()) {
        var path = "/" + directory.relativize(file);
        layer.addEntry(
            new FileEntry(
                file,
                AbsoluteUnixPath.get(path),
                permissions(file, path),
                Layers.TIME,
                path.startsWith("/var/lib/dayu") ? Layers.USER + ":" + Layers.USER : "0:0"));
      }
    }
    return layer.build();
  }

  private static FilePermissions permissions(Path file, String path) {
    if (path.equals("/tmp")) return EVERYBODY;
    if (Files.isDirectory(file)) return DIRECTORY;
    return Files.isExecutable(file) ? PROGRAM : FILE;
  }
}
