package io.dayu.cli.migrate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The files of the existing system that were found: told apart by what is in them, since names and
 * places differ between its versions.
 *
 * @param dags workflows, by where they were found
 * @param datasources descriptions of sources, by where they were found
 * @param base its {@code base.yaml}; missing if none was found
 * @param fixed parameters of the agent of its policy {@code fixed}; missing if none were found
 */
public record DayuFiles(
    SortedMap<Path, JsonNode> dags,
    SortedMap<Path, JsonNode> datasources,
    JsonNode base,
    JsonNode fixed) {
  public DayuFiles {
    dags = Collections.unmodifiableSortedMap(new TreeMap<>(dags));
    datasources = Collections.unmodifiableSortedMap(new TreeMap<>(datasources));
  }

  /** From its repository down to {@code config/application_dags/NAME.dag}, with room to spare. */
  private static final int DEPTH = 6;

  private static final long LARGEST = 4L << 20;

  /** YAML, of which JSON is a part. Tags, such as {@code !include}, are not followed. */
  private static final ObjectMapper YAML = new YAMLMapper();

  /**
   * Reads files, and looks for more in directories. In a directory what cannot be read is passed
   * over; a file that was named must be one of the two kinds.
   *
   * @throws UserException if a path is not there, or a named file is of no use
   */
  public static DayuFiles find(List<Path> paths) {
    var found = new Found();
    for (var path : paths) {
      if (Files.isDirectory(path))
        for (var file : below(path)) tree(file).ifPresent(tree -> found.add(file, tree));
      else if (!found.add(path, read(path)))
        throw new UserException(
            "%s is neither a DAG (with dag_name and dag) nor a data source (with source_list)"
                .formatted(path));
    }
    return new DayuFiles(found.dags, found.datasources, found.base, found.fixed);
  }

  /** What was found so far. */
  private static final class Found {
    private final SortedMap<Path, JsonNode> dags = new TreeMap<>();
    private final SortedMap<Path, JsonNode> datasources = new TreeMap<>();
    private JsonNode base = MissingNode.getInstance();
    private JsonNode fixed = MissingNode.getInstance();

    /** Whether it is a DAG or a data source. */
    @CanIgnoreReturnValue
    boolean add(Path file, JsonNode tree) {
      if (tree.path("dag").isObject() && tree.has("dag_name")) dags.put(file, tree);
      else if (tree.path("source_list").isArray()) datasources.put(file, tree);
      else {
        if (tree.path("datasource").isObject() && tree.has("namespace")) base = tree;
        if (environment(tree, "SCH_AGENT_NAME").asText().equals("fixed"))
          // A dictionary of Python is YAML as well, as long as it holds no None, True or False.
          parse(environment(tree, "SCH_AGENT_PARAMETERS").asText())
              .ifPresent(agent -> fixed = agent);
        return false;
      }
      return true;
    }
  }

  private static JsonNode environment(JsonNode template, String name) {
    for (var variable : template.at("/pod-template/env"))
      if (variable.path("name").asText().equals(name)) return variable.path("value");
    return MissingNode.getInstance();
  }

  private static List<Path> below(Path directory) {
    try (var files = Files.walk(directory, DEPTH)) {
      return files
          .filter(file -> file.toString().matches(".*\\.(dag|ya?ml)"))
          .filter(Files::isRegularFile)
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UserException("cannot look through %s: %s".formatted(directory, e), e);
    }
  }

  private static Optional<JsonNode> tree(Path file) {
    try {
      return Optional.of(read(file));
    } catch (UserException notOurs) {
      return Optional.empty();
    }
  }

  static JsonNode read(Path file) {
    try {
      if (Files.size(file) > LARGEST)
        throw new UserException(file + " is larger than any DAG or data source");
      return YAML.readTree(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw new UserException(
          "%s is neither YAML nor JSON: %s".formatted(file, e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new UserException("cannot read %s: %s".formatted(file, e), e);
    }
  }

  private static Optional<JsonNode> parse(String yaml) {
    try {
      return Optional.of(YAML.readTree(yaml));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  /**
   * The one data source, or the one of that name or file.
   *
   * @throws UserException if it is not clear which one
   */
  public JsonNode datasource(Optional<String> wanted) {
    var fitting = new ArrayList<Path>();
    datasources.forEach(
        (file, tree) -> {
          if (wanted.isEmpty()
              || tree.path("source_name").asText().equals(wanted.get())
              || file.endsWith(wanted.get())) fitting.add(file);
        });
    if (fitting.size() == 1) return Objects.requireNonNull(datasources.get(fitting.get(0)));
    if (datasources.isEmpty())
      throw new UserException(
          "there is no data source; name its file too (with source_list in it)");
    throw new UserException(
        "which data source? Name one with --datasource FILE:%n  ".formatted()
            + String.join(
                "%n  ".formatted(),
                datasources.keySet().stream()
                    .map(file -> "%s".formatted(file.getFileName()))
                    .toList()));
  }
}
