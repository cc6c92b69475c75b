package io.dayu.pipeline;

import io.dayu.element.MediaType;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageDescriptor;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/** The stages of one pipeline against the catalog and against each other. */
final class StageChecks {
  private final List<Draft.Stage> stages;
  private final Map<MediaType, List<String>> payloads;
  private final Catalog catalog;
  private final Problems problems;
  private final Map<String, Draft.Stage> byId = new LinkedHashMap<>();

  /**
   * @param payloads what the sources yield, each with the names of those sources
   */
  StageChecks(
      List<Draft.Stage> stages,
      Map<MediaType, List<String>> payloads,
      Catalog catalog,
      Problems problems) {
    this.stages = stages;
    this.payloads = payloads;
    this.catalog = catalog;
    this.problems = problems;
  }

  void run() {
    for (var stage : stages)
      stage
          .id()
          .filter(id -> byId.putIfAbsent(id, stage) != null)
          .ifPresent(
              id ->
                  problems.add(
                      stage.path() + ".id",
                      "a second stage has the id " + Words.quote(id),
                      "give each stage its own id"));
    for (var stage : stages) {
      var descriptor = descriptor(stage);
      if (descriptor.isEmpty())
        stage
            .type()
            .ifPresent(
                type ->
                    problems.add(
                        stage.path() + ".type",
                        "unknown stage type " + Words.quote(type),
                        Words.choose(
                            type, catalog.stages().stream().map(StageDescriptor::type).toList())));
      references(stage);
      stage
          .perBox()
          .ifPresent(
              perBox ->
                  stage
                      .type()
                      .flatMap(catalog::descriptor)
                      .ifPresent(
                          type ->
                              new PerBoxChecks(stage, perBox, byId, catalog, problems).run(type)));
      var inputs = new InputChecks(stage, byId, catalog, problems);
      inputs.references();
      descriptor.ifPresent(
          d -> {
            payload(stage, d);
            if (d.namedInputs().isEmpty()) {
              inputs.none(d);
              connections(stage, d);
            } else inputs.types(d);
          });
      descriptor.ifPresent(
          d -> {
            params(stage, d);
            new DynamicChecks(stage, d, problems).run();
          });
    }
    cycles();
  }

  private void references(Draft.Stage stage) {
    var after = stage.after().orElse(List.of());
    var seen = new HashSet<String>();
    for (int i = 0; i < after.size(); i++) {
      var path = stage.path() + ".after[" + i + "]";
      var id = after.get(i);
      if (id.isEmpty()) continue;
      if (id.equals(stage.id()))
        problems.add(path, "stage " + Words.quote(id.get()) + " comes after itself", "remove it");
      else if (!byId.containsKey(id.get()))
        problems.add(
            path,
            "there is no stage " + Words.quote(id.get()),
            Words.choose(id.get(), others(stage)));
      else if (!seen.add(id.get()))
        problems.add(path, Words.quote(id.get()) + " stands here twice", "remove one");
    }
  }

  private Collection<String> others(Draft.Stage stage) {
    var others = new LinkedHashSet<>(byId.keySet());
    stage.id().ifPresent(others::remove);
    return others;
  }

  private void payload(Draft.Stage stage, StageDescriptor descriptor) {
    if (descriptor.readsPayload())
      payloads.forEach(
          (type, sources) -> {
            if (!descriptor.payload().contains(type) && !hasInstead(stage, descriptor))
              problems.add(
                  stage.path() + ".type",
                  "%s reads %s but %s from %s"
                      .formatted(
                          descriptor.type(),
                          words(descriptor.payload()),
                          type.word() + " come" + (type == MediaType.TEXT ? "s" : ""),
                          (sources.size() == 1 ? "source " : "sources ") + Words.list(sources)),
                  "use a stage type that reads "
                      + type.word()
                      + ", or put these sources into a pipeline of their own");
          });
  }

  private void connections(Draft.Stage stage, StageDescriptor descriptor) {
    if (descriptor.inputs().isEmpty() || stage.after().isEmpty()) return;
    var after = stage.after().get();
    if (stage.before().isEmpty() && !descriptor.readsPayload())
      problems.add(
          stage.path() + ".after",
          descriptor.type() + " reads only the outputs of other stages but comes after none",
          "name stages whose output is " + words(descriptor.inputs()));
    for (int i = 0; i < after.size(); i++) {
      var path = stage.path() + ".after[" + i + "]";
      after
          .get(i)
          .filter(id -> !Optional.of(id).equals(stage.id()))
          .map(byId::get)
          .flatMap(this::descriptor)
          .filter(before -> !descriptor.inputs().contains(before.output()))
          .ifPresent(
              before ->
                  problems.add(
                      path,
                      "%s reads %s but %s gives %s"
                          .formatted(
                              descriptor.type(),
                              words(descriptor.inputs()),
                              before.type(),
                              before.output().word()),
                      "put a stage between them that turns one into the other, or remove it"));
    }
  }

  /** Whether an earlier stage gives what it would read of the payload, as readings of a sound. */
  private boolean hasInstead(Draft.Stage stage, StageDescriptor descriptor) {
    return stage.after().orElse(List.of()).stream()
        .flatMap(Optional::stream)
        .map(byId::get)
        .filter(Objects::nonNull)
        .flatMap(before -> descriptor(before).stream())
        .map(StageDescriptor::output)
        .anyMatch(
            type -> descriptor.inputs().contains(type) && descriptor.payload().contains(type));
  }

  private void params(Draft.Stage stage, StageDescriptor descriptor) {
    stage
        .params()
        .ifPresent(given -> params(descriptor, given, stage.path() + ".params", problems));
  }

  static void params(
      StageDescriptor descriptor, Draft.Params params, String at, Problems problems) {
    var given = params.values();
    var known = new TreeMap<String, Parameter>();
    descriptor.parameters().forEach(p -> known.put(p.name(), p));
    given.forEach(
        (name, value) -> {
          var path = Words.field(at, name);
          var parameter = known.get(name);
          if (parameter == null)
            problems.add(
                path,
                descriptor.type() + " has no parameter " + Words.quote(name),
                Words.choose(name, known.keySet()));
          else if (!parameter.type().accepts(value)) {
            var node = Objects.requireNonNull(params.nodes().get(name), "a value stands somewhere");
            problems.add(
                path,
                "must be " + parameter.type().wording() + " but is " + node.kind(),
                quoted(parameter.type(), node)
                    .map(q -> "put it in quotes: " + q)
                    .orElse("give " + parameter.type().wording()));
          }
        });
    for (var parameter : descriptor.parameters())
      if (parameter.required() && !given.containsKey(parameter.name()))
        problems.add(
            Words.field(at, parameter.name()),
            "is missing; " + descriptor.type() + " cannot do without it",
            "give %s: %s".formatted(parameter.type().wording(), parameter.description()));
  }

  private static Optional<String> quoted(Parameter.Type type, DocumentNode node) {
    return switch (type) {
      case STRING -> node.quoted(false);
      case STRINGS -> node.quoted(true);
      case NUMBER, BOOLEAN -> Optional.empty();
    };
  }

  private void cycles() {
    var before = new LinkedHashMap<String, Set<String>>();
    byId.forEach(
        (id, stage) -> {
          var ids = stage.before();
          ids.remove(id);
          ids.retainAll(byId.keySet());
          before.put(id, ids);
        });
    for (var cycle : Cycles.find(before)) {
      var stage = Objects.requireNonNull(byId.get(cycle.get(0)), "cycles are of known stages");
      var previous = cycle.get(cycle.size() - 1);
      problems.add(
          stage.path() + place(stage, previous),
          "these stages wait for each other: " + String.join(" → ", cycle) + " → " + cycle.get(0),
          "break the cycle, for example by removing "
              + Words.quote(previous)
              + " from what "
              + Words.quote(cycle.get(0))
              + " comes after");
    }
  }

  /** Where a stage says that it comes after another one. */
  private static String place(Draft.Stage stage, String before) {
    int entry = stage.after().orElse(List.of()).indexOf(Optional.of(before));
    if (entry >= 0) return ".after[" + entry + "]";
    return stage.inputs().orElseGet(TreeMap::new).entrySet().stream()
        .filter(input -> input.getValue().equals(Optional.of(before)))
        .findFirst()
        .map(input -> Words.field(".inputs", input.getKey()))
        .orElseThrow();
  }

  private Optional<StageDescriptor> descriptor(Draft.Stage stage) {
    return type(catalog).apply(stage);
  }

  /** What a stage reads and gives, which work per box changes. */
  static Function<Draft.Stage, Optional<StageDescriptor>> type(Catalog catalog) {
    return stage -> {
      var type = stage.type().flatMap(catalog::descriptor);
      return stage.perBox().isPresent() ? type.map(PerBox::around) : type;
    };
  }

  static String words(Set<MediaType> types) {
    return String.join(" or ", types.stream().sorted().map(MediaType::word).toList());
  }
}
