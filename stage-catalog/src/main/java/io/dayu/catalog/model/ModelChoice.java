package io.dayu.catalog.model;

import io.dayu.catalog.Checked;
import io.dayu.stage.ModelException;
import io.dayu.stage.ModelFiles;
import io.dayu.stage.Parameter;
import io.dayu.stage.Params;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The parameters that all stages with a model of one's own share.
 *
 * @param model a name in the node's directory of models, or a {@code file:} URI
 * @param sha256 of its file, in lower case
 * @param names of its classes, in their order; from the model itself if empty
 */
public record ModelChoice(
    String model,
    Optional<String> sha256,
    int threads,
    OnnxModel.Provider provider,
    List<String> names,
    Optional<String> namesFile) {
  /** Files that agree in this are one. */
  public record Key(Path file, long size, long modified) {
    public static Key of(String name, Path file) {
      try {
        return new Key(file, Files.size(file), Files.getLastModifiedTime(file).toMillis());
      } catch (IOException e) {
        throw new ModelException("the model " + name + " cannot be read: " + e.getMessage(), e);
      }
    }
  }

  private static final int MOST_THREADS = 64;

  /** A list of labels is short; what is longer is another kind of file. */
  private static final long MOST_NAMES_BYTES = 1 << 20;

  public static final Parameter MODEL =
      Parameter.required(
          "model",
          Parameter.Type.STRING,
          "a file in the node's directory of models (dayu.models.dir), such as street.onnx, or"
              + " file:/… within dayu.models.allowed-dirs");
  public static final Parameter SHA256 =
      Parameter.optional(
          "sha256",
          Parameter.Type.STRING,
          "what the file's SHA-256 must be; not checked if left out");
  public static final Parameter NAMES =
      Parameter.optional(
          "names",
          Parameter.Type.STRINGS,
          "names of the model's classes, in their order; those in the model if left out");
  public static final Parameter NAMES_FILE =
      Parameter.optional(
          "namesFile",
          Parameter.Type.STRING,
          "a text file beside the models with one name a line, in place of names");
  public static final Parameter LABELS =
      Parameter.optional(
          "labels", Parameter.Type.STRINGS, "which of the classes count; all if left out");
  public static final Parameter THRESHOLD =
      Parameter.optional("threshold", Parameter.Type.NUMBER, 0.4, "lowest score, between 0 and 1");
  public static final Parameter OVERLAP =
      Parameter.optional(
          "overlap",
          Parameter.Type.NUMBER,
          0.45,
          "from which intersection over union on two boxes of a class are one object");
  public static final Parameter HEAD =
      Parameter.optional(
          "head",
          Parameter.Type.STRING,
          "auto",
          "yolov5, yolov8, end-to-end or ssd; auto looks at the model's outputs");
  public static final Parameter THREADS =
      Parameter.optional("threads", Parameter.Type.NUMBER, 1.0, "threads that work on one picture");
  public static final Parameter PROVIDER =
      Parameter.optional(
          "provider", Parameter.Type.STRING, "cpu", "cpu, or cuda where there is one");

  /**
   * @throws IllegalArgumentException if a value makes no sense
   */
  public static ModelChoice of(Params params) {
    var names = params.strings("names");
    var namesFile = params.find("namesFile").map(String.class::cast);
    if (!names.isEmpty() && namesFile.isPresent())
      throw new IllegalArgumentException("names and namesFile are both given; leave out one");
    return new ModelChoice(
        params.string("model"),
        params.find("sha256").map(String.class::cast).map(ModelChoice::digest),
        (int)
            Checked.within(
                "threads",
                params.find("threads").isPresent() ? params.number("threads") : 1,
                1,
                MOST_THREADS),
        params
            .find("provider")
            .map(String.class::cast)
            .map(word -> word("provider", word, OnnxModel.Provider.class))
            .orElse(OnnxModel.Provider.CPU),
        names,
        namesFile);
  }

  /** The constant that a parameter names, in lower case and with dashes. */
  public static <E extends Enum<E>> E word(String parameter, String word, Class<E> type) {
    var constants = type.getEnumConstants();
    for (var constant : constants) if (spelled(constant).equals(word)) return constant;
    throw new IllegalArgumentException(
        "%s is \"%s\" and may be %s"
            .formatted(
                parameter,
                word,
                String.join(", ", Arrays.stream(constants).map(ModelChoice::spelled).toList())));
  }

  public static String spelled(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String digest(String text) {
    var digest = text.strip().toLowerCase(Locale.ROOT);
    if (!digest.matches("[0-9a-f]{64}"))
      throw new IllegalArgumentException(
          "sha256 must be 64 hexadecimal digits, as sha256sum prints them");
    return digest;
  }

  /**
   * @throws ModelException if the model's file is not the one that is wanted
   */
  public static void checkDigest(String name, Optional<String> wanted, String actual) {
    if (wanted.isPresent() && !wanted.get().equals(actual))
      throw new ModelException(
          "the model %s has the SHA-256 %s and the pipeline wants %s; copy the right file to this node, or correct sha256"
              .formatted(name, actual, wanted.get()));
  }

  /** The names that the pipeline gives, empty if it gives none. Blocks while they are read. */
  public List<String> givenNames(ModelFiles models) {
    if (namesFile.isEmpty()) return names;
    var name = namesFile.get();
    var file = models.find(name);
    try {
      if (Files.size(file) > MOST_NAMES_BYTES)
        throw new ModelException(
            "the file %s is too large for names of classes; write one name a line".formatted(name));
      var lines =
          new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
              .lines()
              .map(String::strip)
              .toList();
      var last = lines.size();
      while (last > 0 && lines.get(last - 1).isEmpty()) last--;
      return lines.subList(0, last);
    } catch (IOException e) {
      throw new ModelException("the file " + name + " cannot be read: " + e.getMessage(), e);
    }
  }
}
