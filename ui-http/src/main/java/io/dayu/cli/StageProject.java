package io.dayu.cli;

import io.dayu.console.UserException;
import io.dayu.local.Home;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The project of a stage that counts readings above a limit, to be made into another. */
final class StageProject {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*");
  private static final Pattern PLAIN = Pattern.compile("[\\w/.@+-]+");
  private static final int LONGEST = 60;

  /** Words of Python, and what the function uses by these names; none of them can be its own. */
  private static final Set<String> PYTHON_WORDS =
      Set.of(
          "and",
          "as",
          "assert",
          "async",
          "await",
          "break",
          "class",
          "continue",
          "def",
          "del",
          "elif",
          "else",
          "except",
          "finally",
          "float",
          "for",
          "from",
          "global",
          "if",
          "import",
          "in",
          "is",
          "lambda",
          "nonlocal",
          "not",
          "or",
          "pass",
          "raise",
          "return",
          "stage",
          "sum",
          "try",
          "while",
          "with",
          "yield");

  enum Language {
    JAVA,
    PYTHON,
    NODE;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Language language;
  private final String name;
  private final Path dir;
  private final Path home;

  StageProject(Language language, String name, Path dir) {
    this.language = language;
    this.name = name;
    this.dir = dir.toAbsolutePath().normalize();
    this.home = Home.find().root();
  }

  static boolean isName(String name) {
    return name.length() <= LONGEST && NAME.matcher(name).matches();
  }

  Path dir() {
    return dir;
  }

  /**
   * Writes all files.
   *
   * @throws UserException if the directory holds something, or cannot be written
   */
  void write() {
    if (Files.exists(dir) && !isEmptyDirectory())
      throw new UserException(dir + " is there already; give another directory");
    try {
      for (var file : files().entrySet()) {
        var target = dir.resolve(file.getValue());
        Files.createDirectories(target.getParent());
        Files.writeString(target, Templates.read("stage/" + file.getKey(), values()));
      }
      switch (language) {
        case PYTHON -> copy(home.resolve("sdk/python/dayu_stage"), dir.resolve("dayu_stage"));
        case NODE -> {
          for (var file :
              new String[] {
                "grpc.js",
                "index.d.ts",
                "index.js",
                "media.js",
                "package.json",
                "side.js",
                "stage.js"
              })
            copy(home.resolve("sdk/node").resolve(file), dir.resolve("dayu-stage").resolve(file));
        }
        case JAVA -> {}
      }
    } catch (IOException e) {
      throw new UserException("cannot write " + dir + ": " + e.getMessage(), e);
    }
  }

  /** The commands with which its author begins, a line each. */
  String firstSteps() {
    return switch (language) {
      case JAVA -> "cd " + word(dir) + System.lineSeparator() + "mvn -q package";
      case PYTHON -> "cd " + word(dir) + System.lineSeparator() + "python3 -m unittest";
      case NODE -> "cd " + word(dir) + System.lineSeparator() + "npm test";
    };
  }

  /** Where each template goes. */
  private Map<String, String> files() {
    var files = new LinkedHashMap<String, String>();
    files.put("pipeline.yaml", "pipeline.yaml");
    files.put("readings.csv", "readings.csv");
    switch (language) {
      case JAVA -> {
        files.put("java/README.md", "README.md");
        files.put("java/pom.xml", "pom.xml");
        files.put("java/Stage.java.txt", "src/main/java/com/example/" + className() + ".java");
        files.put(
            "java/StageTest.java.txt", "src/test/java/com/example/" + className() + "Test.java");
        files.put(
            "java/provider", "src/main/resources/META-INF/services/io.dayu.stage.StageProvider");
      }
      case PYTHON -> {
        files.put("python/README.md", "README.md");
        files.put("python/service.py", "service.py");
        files.put("python/test_service.py", "test_service.py");
        files.put("service.conf", "service.conf");
      }
      case NODE -> {
        files.put("node/README.md", "README.md");
        files.put("node/package.json", "package.json");
        files.put("node/service.js", "service.js");
        files.put("node/service.test.js", "service.test.js");
        files.put("service.conf", "service.conf");
      }
    }
    return files;
  }

  private Map<String, String> values() {
    var values = new TreeMap<String, String>();
    values.put("NAME", name);
    values.put("CLASS", className());
    values.put("FUNCTION", function());
    values.put("DIR", word(dir));
    values.put("DAYU", word(home));
    values.put("READINGS", dir.resolve("readings.csv").toUri().toString());
    var node = language == Language.NODE;
    var file = dir.resolve(node ? "service.js" : "service.py").toString();
    values.put(
        "COMMAND",
        "\"%s\", \"%s\""
            .formatted(
                node ? "node" : "python3", file.replace("\\", "\\\\").replace("\"", "\\\"")));
    return values;
  }

  /** A path as one word of a shell. */
  private static String word(Path path) {
    var text = path.toString();
    return PLAIN.matcher(text).matches() ? text : "'" + text.replace("'", "'\\''") + "'";
  }

  private String function() {
    var function = name.replace('-', '_');
    return PYTHON_WORDS.contains(function) ? function + "_" : function;
  }

  private String className() {
    return Arrays.stream(name.split("-"))
        .map(word -> word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1))
        .collect(Collectors.joining("", "", "Stage"));
  }

  private boolean isEmptyDirectory() {
    try (var files = Files.list(dir)) {
      return files.findAny().isEmpty();
    } catch (IOException e) {
      return false; // a file, or a directory that is not for us
    }
  }

  /** Copies a file or a directory of sources; what running them has left behind stays. */
  private static void copy(Path from, Path to) throws IOException {
    if (!Files.exists(from))
      throw new IOException("there is no " + from + ", which belongs to Dayu's sources");
    try (var files = Files.walk(from)) {
      for (var file : files.filter(Files::isRegularFile).toList()) {
        if (file.toString().contains("__pycache__")) continue;
        var target = to.resolve(from.relativize(file).toString());
        Files.createDirectories(target.getParent());
        Files.copy(file, target);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
