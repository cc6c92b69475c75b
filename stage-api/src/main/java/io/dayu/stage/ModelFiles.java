package io.dayu.stage;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * The models that stages of a node may load. A pipeline names one, and must not be a way to read or
 * to find out about other files of the node. Immutable, safe for any thread.
 *
 * @param directory where names are looked up
 * @param allowed directories in which files named by a {@code file:} URI may lie
 * @param maxBytes the size of the largest file that is loaded
 */
public record ModelFiles(Path directory, List<Path> allowed, long maxBytes) {
  /** Of a node that declares nothing: no model can be loaded. */
  public static final ModelFiles NONE = new ModelFiles(Path.of("models"), List.of(), 0);

  public ModelFiles {
    Objects.requireNonNull(directory, "directory");
    allowed = List.copyOf(allowed);
  }

  /**
   * The file of a model, without links. Blocks while it is looked up.
   *
   * @param model a name in the directory, such as {@code street.onnx} or {@code plant/street.onnx},
   *     or a {@code file:} URI
   * @throws ModelException if there is none, or if pipelines may not read it; what it says of a
   *     file that they may not read does not depend on whether there is one
   */
  public Path find(String model) {
    var isUri = model.startsWith("file:");
    var roots = isUri ? allowed : List.of(directory);
    var file = (isUri ? path(model) : named(model)).toAbsolutePath().normalize();
    // Before anything is looked up: a refusal must not tell whether there is a file.
    if (roots.stream().noneMatch(root -> file.startsWith(root.toAbsolutePath().normalize())))
      throw refused(model);
    try {
      var real = file.toRealPath();
      for (var root : roots) {
        if (Files.isDirectory(root) && real.startsWith(root.toRealPath())) {
          // Opening a pipe would block, and a device never ends.
          if (!Files.isRegularFile(real))
            throw new ModelException("the model " + model + " is not a file; name one");
          return real;
        }
      }
    } catch (IOException e) {
      throw new ModelException(
          "there is no model %s on this node; put the file into %s, or correct the name"
              .formatted(model, isUri ? file.getParent() : directory.toAbsolutePath()),
          e);
    }
    throw refused(model);
  }

  private Path named(String model) {
    if (model.isBlank() || model.contains("://"))
      throw new ModelException(
          "\"%s\" is no model that a node can load: models are not fetched; put the file into %s and name it, such as model: street.onnx"
              .formatted(model, directory.toAbsolutePath()));
    try {
      return directory.resolve(model);
    } catch (IllegalArgumentException e) {
      throw new ModelException("\"" + model + "\" is not the name of a file; correct it", e);
    }
  }

  private static Path path(String uri) {
    try {
      return Path.of(new URI(uri));
    } catch (URISyntaxException | IllegalArgumentException e) {
      throw new ModelException(
          "\"%s\" is not the URI of a file; write it as file:/data/models/street.onnx"
              .formatted(uri),
          e);
    }
  }

  private ModelException refused(String model) {
    return new ModelException(
        "this node does not let pipelines load the model %s; put it into %s, or declare its directory in dayu.models.allowed-dirs (DAYU_MODELS_ALLOWED_DIRS) of the node and start it again"
            .formatted(model, directory.toAbsolutePath()));
  }
}
