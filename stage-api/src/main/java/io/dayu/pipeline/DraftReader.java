package io.dayu.pipeline;

import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.KeepFailed;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.Retain;
import io.dayu.pipeline.PipelineSpec.Shed;
import io.dayu.source.ShownUri;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Reads the shape of a pipeline's document, noting every problem and going on after it. */
final class DraftReader {
  static final String API_VERSION = "dayu.io/v1alpha1";
  static final String KIND = "Pipeline";

  private static final int LIST_LIMIT = 64;
  private static final int KNOB_LIMIT = 16;
  private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m)");
  private static final Pattern PER_SECOND = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)/s");
  private static final Pattern AGE = Pattern.compile("([0-9]{1,10})(s|m|h|d)");
  private static final Duration LONGEST = Duration.ofHours(1);
  private static final Duration OLDEST = Duration.ofDays(36_500);
  private static final double MOST_RESULTS = 1e12;
  private static final double MOST_FRAMES = 1000;

  // A resource as Kubernetes returns it is a valid document: what it adds is accepted and ignored.
  private static final Set<String> ROOT =
      ordered("apiVersion", "kind", "metadata", "spec", "status");
  private static final Set<String> METADATA =
      ordered(
          "name",
          "namespace",
          "labels",
          "annotations",
          "uid",
          "generation",
          "resourceVersion",
          "creationTimestamp",
          "deletionTimestamp",
          "deletionGracePeriodSeconds",
          "finalizers",
          "managedFields",
          "ownerReferences");
  private static final Set<String> SPEC =
      ordered("sources", "stages", "policy", "objective", "delivery", "sideInputs", "state");
  private static final Set<String> SOURCE = ordered("name", "uri", "node", "shed", "knobs");
  private static final Set<String> STAGE =
      ordered(
          "id", "type", "after", "inputs", "params", "per", "of", "labels", "reuse", "atMost",
          "margin", "side", "dynamic");

  /** A pipeline must be no way to run programs or to reach the network. */
  private static final String DECLARE =
      "a pipeline cannot name programs or addresses: declare the service at a node"
          + " (dayu.services.NAME in its configuration) and refer to it here by type: NAME";

  private static final Map<String, String> OF_SERVICES =
      Map.of("url", DECLARE, "command", DECLARE, "image", DECLARE, "service", DECLARE);

  private DraftReader() {}

  static Draft read(Map<String, ?> tree, Problems problems) {
    var root = new DocumentNode(tree, "", problems);
    root.object(ROOT);
    fixed(root.field("apiVersion"), API_VERSION);
    fixed(root.field("kind"), KIND);
    var metadata = root.field("metadata").required("add metadata: {name: …}");
    var name =
        metadata.object(METADATA).flatMap(m -> name(m.field("name"), "add the pipeline's name"));
    var spec = root.field("spec").required("add spec: {sources: […], stages: […]}");
    if (spec.object(SPEC).isEmpty())
      return new Draft(
          name,
          List.of(),
          List.of(),
          Optional.empty(),
          Objective.DEFAULT,
          Delivery.DEFAULT,
          List.of(),
          Optional.empty());
    return new Draft(
        name,
        list(spec.field("sources"), "add a source: {name: …, uri: …}").stream()
            .flatMap(node -> node.object(SOURCE).stream())
            .map(DraftReader::source)
            .toList(),
        list(spec.field("stages"), "add a stage: {id: …, type: …}").stream()
            .flatMap(node -> node.object(STAGE, OF_SERVICES).stream())
            .map(DraftReader::stage)
            .toList(),
        policy(spec.field("policy")),
        objective(spec.field("objective")),
        delivery(spec.field("delivery")),
        SideReader.sideInputs(spec.field("sideInputs")),
        word(spec.field("state"), RunState.values()));
  }

  private static Draft.Source source(DocumentNode node) {
    return new Draft.Source(
        node.path(),
        name(node.field("name"), "add a name, such as cam-0"),
        uri(node.field("uri")),
        filled(node.field("node"), "name a node, or remove it and any edge node will do"),
        word(node.field("shed"), Shed.values()),
        knobs(node.field("knobs")));
  }

  private static Draft.Stage stage(DocumentNode node) {
    var after =
        node.field("after")
            .items(LIST_LIMIT)
            .map(list -> list.stream().map(a -> a.required("remove it").text()).toList());
    return new Draft.Stage(
        node.path(),
        name(node.field("id"), "add an id, such as detect"),
        filled(node.field("type").required("add the stage's type"), "name a stage type"),
        after,
        inputs(node.field("inputs")),
        params(node.field("params")),
        PerBoxReader.read(node, after.orElse(List.of())),
        SideReader.names(node.field("side"), "name a side input of the pipeline"),
        SideReader.names(node.field("dynamic"), "name a parameter of the stage"));
  }

  private static Optional<SortedMap<String, Optional<String>>> inputs(DocumentNode node) {
    if (node.isList()) {
      node.problem("must be an object but is a list", "write inputs: {NAME: stage}");
      return Optional.empty();
    }
    return node.fields(LIST_LIMIT)
        .map(
            fields -> {
              var inputs = new TreeMap<String, Optional<String>>();
              fields.forEach(
                  (name, stage) ->
                      inputs.put(
                          name,
                          stage.required("name the stage that gives it, or remove it").text()));
              return inputs;
            });
  }

  private static Optional<PolicySpec> policy(DocumentNode node) {
    if (!node.isPresent()) return Optional.of(new PolicySpec(PolicySpec.DEFAULT_NAME, Map.of()));
    return node.object(ordered("name", "params"))
        .flatMap(
            policy -> {
              var name = policy.field("name").required("add the policy's name").text();
              var params = params(policy.field("params")).orElse(Draft.Params.NONE).values();
              return name.map(n -> new PolicySpec(n, params));
            });
  }

  private static Objective objective(DocumentNode node) {
    if (node.object(ordered("latency", "percentile")).isEmpty()) return Objective.DEFAULT;
    var percentile = node.field("percentile");
    return new Objective(
        duration(node.field("latency")).orElse(Objective.DEFAULT.latency()),
        percentile
            .number()
            .filter(
                p -> {
                  if (p > 0 && p < 100) return true;
                  percentile.problem(
                      "must be between 0 and 100 but is " + p, "give a percentile such as 95");
                  return false;
                })
            .orElse(Objective.DEFAULT.percentile()));
  }

  private static Delivery delivery(DocumentNode node) {
    if (node.object(ordered("offline", "keepFrames", "retain", "keepFailed")).isEmpty())
      return Delivery.DEFAULT;
    return new Delivery(
        word(node.field("offline"), Offline.values()).orElse(Delivery.DEFAULT.offline()),
        perSecond(node.field("keepFrames")).orElse(Delivery.DEFAULT.keepFramesPerSecond()),
        retain(node.field("retain")),
        keepFailed(node.field("keepFailed")));
  }

  private static Retain retain(DocumentNode node) {
    if (node.object(ordered("for", "atMost")).isEmpty()) return Retain.AS_CONFIGURED;
    return new Retain(
        age(
            node.field("for"),
            "write a whole number and its unit, such as 7d, 12h, 30m or 90s; without it the cloud's"
                + " dayu.store.retain.for holds"),
        results(node.field("atMost")));
  }

  /** A number is how many are kept, a time is how long, and an object may say both. */
  private static Optional<KeepFailed> keepFailed(DocumentNode node) {
    if (!node.isPresent()) return Optional.empty();
    var remedy =
        "give how many failed elements of each source are kept, such as 1000, how long, such as 1h,"
            + " or both, such as {atMost: 1000, for: 1h}; without it none is kept";
    if (node.isText()) return Optional.of(new KeepFailed(Optional.empty(), age(node, remedy)));
    if (!node.isObject())
      return Optional.of(new KeepFailed(failed(node, remedy), Optional.empty()));
    node.object(ordered("for", "atMost"));
    if (!node.field("for").isPresent() && !node.field("atMost").isPresent())
      node.problem("says neither how many nor how long", remedy);
    return Optional.of(
        new KeepFailed(failed(node.field("atMost"), remedy), age(node.field("for"), remedy)));
  }

  private static Optional<Long> failed(DocumentNode node, String remedy) {
    var number = node.number();
    if (number.isEmpty()) return Optional.empty();
    double atMost = number.get();
    if (atMost >= 1 && atMost <= KeepFailed.MOST && Math.rint(atMost) == atMost)
      return Optional.of((long) atMost);
    node.problem(
        "must be a whole number from 1 to %s but is %s".formatted(KeepFailed.MOST, node.kind()),
        remedy);
    return Optional.empty();
  }

  private static Optional<Duration> age(DocumentNode node, String remedy) {
    return node.text(remedy)
        .flatMap(
            text -> {
              var match = AGE.matcher(text);
              if (match.matches()) {
                long number = Long.parseLong(match.group(1));
                var age =
                    switch (match.group(2)) {
                      case "s" -> Duration.ofSeconds(number);
                      case "m" -> Duration.ofMinutes(number);
                      case "h" -> Duration.ofHours(number);
                      default -> Duration.ofDays(number);
                    };
                if (number > 0 && age.compareTo(OLDEST) <= 0) return Optional.of(age);
              }
              node.problem(
                  Words.quote(text) + " is not a time of at least 1s and at most 36500d", remedy);
              return Optional.empty();
            });
  }

  private static Optional<Long> results(DocumentNode node) {
    var number = node.number();
    if (number.isEmpty()) return Optional.empty();
    double atMost = number.get();
    if (atMost >= 1 && atMost <= MOST_RESULTS && Math.rint(atMost) == atMost)
      return Optional.of((long) atMost);
    node.problem(
        "must be a whole number from 1 to 1000000000000 but is " + node.kind(),
        "give how many results are kept at most, such as 1000000; without it the cloud's"
            + " dayu.store.retain.at-most holds");
    return Optional.empty();
  }

  private static void fixed(DocumentNode node, String wanted) {
    var remedy = "write " + node.path() + ": " + wanted;
    node.required(remedy)
        .text()
        .filter(text -> !text.equals(wanted))
        .ifPresent(
            text -> node.problem("must be " + wanted + " but is " + Words.quote(text), remedy));
  }

  static List<DocumentNode> list(DocumentNode node, String remedy) {
    var items = node.items(LIST_LIMIT);
    if (items.filter(List::isEmpty).isPresent()) node.problem("is empty", remedy);
    var present = items.orElse(List.of());
    present.forEach(item -> item.required("remove it or " + remedy));
    return present;
  }

  /** A name is given even where it breaks the pattern: others may refer to it. */
  static Optional<String> name(DocumentNode node, String remedy) {
    var name = node.required(remedy).text();
    name.filter(text -> !NAME.matcher(text).matches())
        .ifPresent(
            text ->
                node.problem(
                    Words.quote(text) + " is not a name",
                    "use 1 to 63 lower-case letters, digits and '-', with a letter or digit at"
                        + " both ends"));
    return name;
  }

  static Optional<String> filled(DocumentNode node, String remedy) {
    var text = node.text();
    if (text.filter(String::isBlank).isPresent()) node.problem("is empty", remedy);
    return text.filter(t -> !t.isBlank());
  }

  private static Optional<URI> uri(DocumentNode node) {
    var remedy = "give an absolute URI, such as http://host/cam.mjpeg or file:///data/video.mp4";
    return filled(node.required(remedy), remedy)
        .flatMap(
            text -> {
              try {
                var uri = new URI(text);
                if (uri.isAbsolute()) return Optional.of(uri);
                node.problem(Words.quote(ShownUri.of(text)) + " has no scheme", remedy);
              } catch (URISyntaxException e) {
                node.problem(
                    Words.quote(ShownUri.of(text))
                        + " is not a URI: "
                        + e.getReason()
                        + (e.getIndex() < 0 ? "" : " at character " + (e.getIndex() + 1)),
                    remedy);
              }
              return Optional.empty();
            });
  }

  private static Map<String, List<Double>> knobs(DocumentNode node) {
    var knobs = new LinkedHashMap<String, List<Double>>();
    node.fields(KNOB_LIMIT)
        .orElse(Map.of())
        .forEach(
            (name, knob) -> {
              var values = new ArrayList<Double>();
              if (knob.isList())
                list(knob, "give a number or remove it")
                    .forEach(v -> v.number().ifPresent(values::add));
              else knob.required("give a number or remove it").number().ifPresent(values::add);
              knobs.put(name, values);
            });
    return knobs;
  }

  static Optional<Draft.Params> params(DocumentNode node) {
    return node.fields(LIST_LIMIT)
        .map(
            fields -> {
              var params = new LinkedHashMap<String, Object>();
              fields.forEach((name, n) -> n.free().ifPresent(v -> params.put(name, v)));
              return new Draft.Params(params, fields);
            });
  }

  static Optional<Duration> duration(DocumentNode node) {
    var remedy = "write a whole number and its unit, such as 300ms, 2s or 1m";
    return node.text(remedy)
        .flatMap(
            text -> {
              var match = DURATION.matcher(text);
              if (match.matches()) {
                long number = Long.parseLong(match.group(1));
                var duration =
                    switch (match.group(2)) {
                      case "ms" -> Duration.ofMillis(number);
                      case "s" -> Duration.ofSeconds(number);
                      default -> Duration.ofMinutes(number);
                    };
                if (number > 0 && duration.compareTo(LONGEST) <= 0) return Optional.of(duration);
              }
              node.problem(
                  Words.quote(text) + " is not a duration of more than 0 and at most 60m", remedy);
              return Optional.empty();
            });
  }

  private static Optional<Double> perSecond(DocumentNode node) {
    var remedy = "write a number and /s, such as 1/s or 0.5/s";
    return node.text(remedy)
        .flatMap(
            text -> {
              var match = PER_SECOND.matcher(text);
              if (match.matches()) {
                double rate = Double.parseDouble(match.group(1));
                if (rate <= MOST_FRAMES) return Optional.of(rate);
              }
              node.problem(Words.quote(text) + " is not a rate from 0/s to 1000/s", remedy);
              return Optional.empty();
            });
  }

  private static <E extends Enum<E>> Optional<E> word(DocumentNode node, E[] values) {
    var byWord = new LinkedHashSet<String>();
    for (var value : values) byWord.add(word(value));
    return node.text()
        .flatMap(
            text -> {
              var found = Arrays.stream(values).filter(v -> word(v).equals(text)).findFirst();
              if (found.isEmpty())
                node.problem(
                    Words.quote(text) + " is none of " + Words.list(byWord),
                    Words.choose(text, byWord));
              return found;
            });
  }

  static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  static Set<String> ordered(String... words) {
    return new LinkedHashSet<>(List.of(words));
  }
}
