package io.dayu.cli.migrate;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.console.UserException;
import io.dayu.pipeline.Parsed;
import io.dayu.pipeline.PipelineDocument;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** One pipeline of a DAG and a data source of the existing system. */
public final class Migration {
  /**
   * What files do not say.
   *
   * @param policy the id of its policy; none is written if empty
   * @param node where sources are read
   * @param root the directory of the data sets on that node
   * @param data the same directory here, to see which clips a data set has
   */
  public record Options(
      Optional<String> policy, Optional<String> node, Optional<String> root, Optional<Path> data) {}

  private static final int LONGEST_NAME = 63;
  private static final String ROOT = "/data/datasource/";

  /** Its detectors and trackers, whose boxes stages may be asked for. */
  private static final Set<String> GIVE_BOXES =
      Set.of("object-detection", "detect-and-track", "face-detection", "box-tracker");

  private final DayuFiles files;
  private final Options options;
  private final List<Note> notes = new ArrayList<>();

  /** By the id of a node of the DAG, the last of the stages made of it. */
  private final Map<String, Map<String, Object>> last = new LinkedHashMap<>();

  private Migration(DayuFiles files, Options options) {
    this.files = files;
    this.options = options;
  }

  /**
   * @param document of a pipeline, to be submitted
   * @param notes what is not as it was
   */
  public record Result(Map<String, Object> document, List<Note> notes) {
    public Result {
      notes = List.copyOf(notes);
    }
  }

  /**
   * @throws UserException if the DAG has no stages, or goes round in a circle
   */
  public static Result of(JsonNode dag, JsonNode datasource, DayuFiles files, Options options) {
    var migration = new Migration(files, options);
    var document = migration.document(dag, datasource);
    // What it makes must be a pipeline, whatever names stand in the files.
    if (PipelineDocument.read(document) instanceof Parsed.Bad bad)
      bad.problems()
          .forEach(p -> migration.byHand(p.path(), "%s; %s".formatted(p.message(), p.remedy())));
    return new Result(document, migration.notes);
  }

  private Map<String, Object> document(JsonNode dag, JsonNode datasource) {
    var stages = stages(dag.path("dag"));
    var spec = new LinkedHashMap<String, Object>();
    spec.put("sources", sources(datasource));
    spec.put("stages", stages);
    policy().ifPresent(policy -> spec.put("policy", policy));
    var document = new LinkedHashMap<String, Object>();
    document.put("apiVersion", "dayu.io/v1alpha1");
    document.put("kind", "Pipeline");
    document.put("metadata", Map.of("name", slug(dag.path("dag_name").asText())));
    document.put("spec", spec);
    return document;
  }

  // Stages

  private List<Map<String, Object>> stages(JsonNode dag) {
    var nodes = new LinkedHashMap<String, JsonNode>();
    dag.properties()
        .forEach(
            field -> {
              if (!field.getKey().startsWith("_")) nodes.put(field.getKey(), field.getValue());
            });
    if (nodes.isEmpty()) throw new UserException("the DAG has no services");
    var stages = new ArrayList<Map<String, Object>>();
    // In an order in which each comes after those before it.
    var waiting = new LinkedHashSet<>(nodes.keySet());
    while (!waiting.isEmpty()) {
      var ready =
          waiting.stream()
              .filter(id -> before(nodes, id).stream().noneMatch(waiting::contains))
              .findFirst()
              .orElseThrow(
                  () ->
                      new UserException(
                          "the DAG goes round in a circle: " + String.join(", ", waiting)));
      waiting.remove(ready);
      stage(ready, node(nodes, ready), before(nodes, ready), stages);
    }
    return stages;
  }

  /** By either side of the links, in case they say different things. */
  private List<String> before(Map<String, JsonNode> nodes, String id) {
    var before = new LinkedHashSet<String>();
    for (var previous : node(nodes, id).path("prev")) before.add(previous.asText());
    nodes.forEach(
        (other, node) -> {
          for (var next : node.path("succ")) if (next.asText().equals(id)) before.add(other);
        });
    before.removeIf(previous -> previous.startsWith("_") || !nodes.containsKey(previous));
    return List.copyOf(before);
  }

  private static JsonNode node(Map<String, JsonNode> nodes, String id) {
    return Objects.requireNonNull(nodes.get(id), id);
  }

  private void stage(
      String id, JsonNode node, List<String> before, List<Map<String, Object>> stages) {
    var service = node.path("service_id").asText(id);
    var counterpart = Counterpart.of(service);
    if (!counterpart.note().isEmpty())
      notes.add(new Note(counterpart.byHand(), slug(id), counterpart.note()));
    var stage = new LinkedHashMap<String, Object>();
    stage.put("id", slug(id));
    stage.put("type", counterpart.type());
    var after = before.stream().flatMap(b -> Optional.ofNullable(last.get(b)).stream()).toList();
    if (!after.isEmpty()) stage.put("after", after.stream().map(s -> s.get("id")).toList());
    if (counterpart.perBox()) perBox(stage, counterpart, after);
    if (!counterpart.params().isEmpty()) stage.put("params", counterpart.params());
    stages.add(stage);
    last.put(id, stage);
    if (counterpart.then().isEmpty()) return;
    var next = new LinkedHashMap<String, Object>();
    next.put("id", slug(id + "-track"));
    next.put("type", counterpart.then());
    next.put("after", List.of(stage.get("id")));
    stages.add(next);
    last.put(id, next);
  }

  private void perBox(
      Map<String, Object> stage, Counterpart counterpart, List<Map<String, Object>> after) {
    var boxes = after.stream().filter(s -> GIVE_BOXES.contains(s.get("type"))).toList();
    if (boxes.isEmpty()) {
      if (after.isEmpty())
        changed(stage, "nothing before it finds boxes, so it is asked for whole frames");
      else
        byHand(
            String.valueOf(stage.get("id")),
            "none of the stages before it is known to give boxes; it is asked for whole frames until it says per: box and of: STAGE");
      return;
    }
    stage.put("per", "box");
    if (after.size() > 1) {
      stage.put("of", boxes.get(0).get("id"));
      if (boxes.size() > 1)
        byHand(
            String.valueOf(stage.get("id")),
            "it read the boxes of %s; here it is asked for those of %s alone. Make a second stage for the others"
                .formatted(ids(boxes), boxes.get(0).get("id")));
    }
    stage.putAll(counterpart.further());
  }

  private void changed(Map<String, Object> stage, String text) {
    notes.add(new Note(false, String.valueOf(stage.get("id")), text));
  }

  private static String ids(List<Map<String, Object>> stages) {
    return String.join(", ", stages.stream().map(s -> String.valueOf(s.get("id"))).toList());
  }

  // Sources

  private List<Map<String, Object>> sources(JsonNode datasource) {
    var sources = new ArrayList<Map<String, Object>>();
    var mode = datasource.path("source_mode").asText();
    var node =
        options
            .node()
            .or(() -> Optional.of(files.base().at("/datasource/node").asText()))
            .filter(name -> !name.isEmpty());
    for (var source : datasource.path("source_list")) {
      var name = slug(source.path("name").asText());
      var made = new LinkedHashMap<String, Object>();
      made.put("name", name);
      made.put("uri", uri(name, mode, source));
      node.ifPresent(n -> made.put("node", n));
      var knobs = knobs(name, source.path("metadata"));
      if (!knobs.isEmpty()) made.put("knobs", knobs);
      sources.add(made);
    }
    if (node.isEmpty())
      notes.add(
          new Note(
              true,
              "sources",
              "no node is named, so any edge will do; --node NAME says where the files or cameras are"));
    if (sources.isEmpty()) throw new UserException("the data source has no sources (source_list)");
    return sources;
  }

  private String uri(String name, String mode, JsonNode source) {
    var url = source.path("url").asText();
    var camera = "http://CAMERA.invalid/%s.mjpeg".formatted(name);
    if (mode.equals("v4l2_video") || url.startsWith("/dev/")) {
      byHand(
          name,
          "cameras at USB (%s) are not read yet; serve it as MJPEG over HTTP on that node, and put the address into uri"
              .formatted(url.isEmpty() ? mode : url));
      return camera;
    }
    if (url.startsWith("rtsp")) {
      byHand(
          name,
          "RTSP (%s) is not read yet; take the camera's MJPEG stream, or turn it into one, and put the address into uri"
              .formatted(withoutSecrets(url)));
      return camera;
    }
    if (url.startsWith("http")) {
      byHand(
          name,
          "%s is asked for MJPEG or JPEG, as cameras serve; the address of a server of clips of that system is of no use here"
              .formatted(withoutSecrets(url)));
      return url.matches(".*\\.(mjpe?g|jpe?g)(\\?.*)?")
          ? url
          : url + (url.contains("?") ? "&" : "?") + "format=mjpeg";
    }
    return file(name, mode, source.path("dir").asText());
  }

  /** Addresses may hold a password, and notes are kept. */
  private static String withoutSecrets(String url) {
    return url.replaceAll("//[^/@]*@", "//…@");
  }

  private String file(String name, String mode, String directory) {
    var root =
        options
            .root()
            .or(() -> Optional.of(files.base().at("/datasource/data-root").asText()))
            .filter(r -> !r.isEmpty())
            .orElse(ROOT);
    var at = (root.endsWith("/") ? root : root + "/") + directory.replaceAll("^/+|/+$", "");
    var clips = clips(mode, directory);
    var file = at + "/" + (clips.size() == 1 ? clips.get(0) : name + ".mp4");
    if (clips.size() != 1)
      byHand(
          name,
          (clips.isEmpty()
                  ? "a data set is read from one file; "
                  : "a data set is read from one file, and this one has %s clips; "
                      .formatted(clips.size()))
              + "join its clips into %s, in the order of %s/manifest.json, as with ffmpeg -f concat -safe 0 -i LIST -c copy FILE"
                  .formatted(file, mode));
    boolean loop = !files.base().at("/datasource/play-mode").asText("cycle").equals("non-cycle");
    return "file://%s?realtime=true%s"
        .formatted(file.replace(" ", "%20"), loop ? "&loop=true" : "");
  }

  /** Relative to the directory of the data set; empty if nobody said where it is here. */
  private List<String> clips(String mode, String directory) {
    if (options.data().isEmpty()) return List.of();
    var set = options.data().get().resolve(directory.replaceAll("^/+", "")).normalize();
    var manifest = set.resolve(mode).resolve("manifest.json");
    if (!Files.exists(manifest)) return List.of();
    var tree = DayuFiles.read(manifest);
    var videos = manifest.resolveSibling(tree.path("video_root").asText(".")).normalize();
    var clips = new ArrayList<String>();
    for (var clip : tree.path("sequence"))
      clips.add(set.relativize(videos.resolve(clip.path("path").asText()).normalize()).toString());
    return clips;
  }

  private Map<String, Object> knobs(String name, JsonNode metadata) {
    var knobs = new LinkedHashMap<String, Object>();
    var height = metadata.path("resolution").asText().replaceAll("p$", "");
    if (height.matches("[0-9]{2,5}")) knobs.put("height", List.of(Long.parseLong(height)));
    else if (!height.isEmpty())
      byHand(
          name,
          "resolution %s is no height in lines".formatted(metadata.path("resolution").asText()));
    if (metadata.path("fps").asDouble() > 0)
      knobs.put("fps", List.of(metadata.path("fps").asDouble()));
    if (metadata.path("buffer_size").asInt(1) > 1)
      notes.add(
          new Note(
              false,
              name,
              "%s frames made a task there; here each frame is an element, which waits for no other"
                  .formatted(metadata.path("buffer_size").asInt())));
    return knobs;
  }

  // Policy

  private Optional<Map<String, Object>> policy() {
    return options
        .policy()
        .map(
            id ->
                switch (id) {
                  case "cloud-only-policy" -> Map.of("name", "cloud-only");
                  case "edge-only-policy" -> Map.of("name", "edge-only");
                  case "fixed" -> fixed();
                  default -> {
                    notes.add(
                        new Note(
                            false,
                            "policy",
                            "%s has no counterpart; least-loaded decides by load and by how long stages take"
                                .formatted(id)));
                    yield Map.of("name", "least-loaded");
                  }
                });
  }

  private Map<String, Object> fixed() {
    var offloading = files.fixed().path("offloading");
    var route = new LinkedHashMap<String, Object>();
    last.forEach(
        (id, stage) -> {
          var node = offloading.path(id).asText();
          if (!node.isEmpty()) route.put(String.valueOf(stage.get("id")), node);
        });
    if (route.size() < last.size())
      byHand(
          "policy",
          "the template of policy fixed places %s of %s stages; name a node for each in policy.params.route"
              .formatted(route.size(), last.size()));
    var policy = new LinkedHashMap<String, Object>();
    policy.put("name", "fixed");
    policy.put("params", Map.of("route", route));
    return policy;
  }

  private void byHand(String where, String text) {
    notes.add(new Note(true, where, text));
  }

  /** Names here are DNS labels. */
  private static String slug(String name) {
    var slug =
        name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-+|-+$", "");
    return slug.length() <= LONGEST_NAME
        ? slug
        : slug.substring(0, LONGEST_NAME).replaceAll("-+$", "");
  }
}
