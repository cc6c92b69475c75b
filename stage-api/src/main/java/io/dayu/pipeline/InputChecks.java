package io.dayu.pipeline;

import io.dayu.stage.NamedInput;
import io.dayu.stage.StageDescriptor;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The inputs that one stage of a pipeline names. */
final class InputChecks {
  private final Draft.Stage stage;
  private final Map<String, Draft.Stage> byId;
  private final Catalog catalog;
  private final Problems problems;
  private final String path;
  private final Map<String, Optional<String>> given;

  InputChecks(
      Draft.Stage stage, Map<String, Draft.Stage> byId, Catalog catalog, Problems problems) {
    this.stage = stage;
    this.byId = byId;
    this.catalog = catalog;
    this.problems = problems;
    this.path = stage.path() + ".inputs";
    this.given = new TreeMap<>(stage.inputs().orElseGet(TreeMap::new));
  }

  /** Whether the stages that are to give them are there, whatever the type of this one. */
  void references() {
    given.forEach((name, from) -> from.ifPresent(id -> reference(name, id)));
  }

  private void reference(String name, String id) {
    if (stage.id().equals(Optional.of(id)))
      problems.add(
          at(name), "stage " + Words.quote(id) + " comes after itself", "name another stage");
    else if (!byId.containsKey(id)) {
      var others = new LinkedHashSet<>(byId.keySet());
      stage.id().ifPresent(others::remove);
      problems.add(at(name), "there is no stage " + Words.quote(id), Words.choose(id, others));
    }
  }

  /** Of a stage whose type takes the outputs of all stages before it, whatever they are called. */
  void none(StageDescriptor descriptor) {
    if (!given.isEmpty())
      problems.add(
          path,
          descriptor.type() + " has no inputs with names",
          "name the stages that it comes after in after: […]");
  }

  /** Of a stage whose type has named inputs. */
  void types(StageDescriptor descriptor) {
    if (stage.inputs().isEmpty()) return; // it has no shape, which is told
    var known =
        descriptor.namedInputs().stream()
            .collect(Collectors.toMap(NamedInput::name, i -> i, (a, b) -> a, TreeMap::new));
    for (var name : given.keySet())
      if (!known.containsKey(name))
        problems.add(
            at(name),
            descriptor.type() + " has no input " + Words.quote(name),
            Words.choose(name, known.keySet()));
    for (var input : descriptor.namedInputs()) {
      var from = given.get(input.name());
      if (from == null) {
        if (input.required())
          problems.add(
              at(input.name()),
              "is missing; " + descriptor.type() + " cannot do without it",
              "name a stage whose output is " + StageChecks.words(input.types()));
      } else from.ifPresent(id -> type(descriptor, input, id));
    }
    boolean any = known.keySet().stream().anyMatch(given::containsKey);
    if (!any
        && !descriptor.readsPayload()
        && descriptor.namedInputs().stream().noneMatch(NamedInput::required))
      problems.add(
          path,
          descriptor.type() + " reads only the outputs of other stages but is given none",
          "name stages for some of its inputs: " + Words.list(known.keySet()));
  }

  private void type(StageDescriptor descriptor, NamedInput input, String id) {
    if (stage.id().equals(Optional.of(id))) return;
    Optional.ofNullable(byId.get(id))
        .flatMap(StageChecks.type(catalog))
        .filter(before -> !input.types().contains(before.output()))
        .ifPresent(
            before ->
                problems.add(
                    at(input.name()),
                    "%s reads %s here but %s gives %s"
                        .formatted(
                            descriptor.type(),
                            StageChecks.words(input.types()),
                            before.type(),
                            before.output().word()),
                    "name a stage whose output is " + StageChecks.words(input.types())));
  }

  private String at(String name) {
    return Words.field(path, name);
  }
}
