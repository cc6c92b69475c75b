package io.dayu.member;

import com.google.protobuf.ByteString;
import io.dayu.facts.SideVersions;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.SideSpec;
import io.dayu.side.SideValues;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The side inputs of a pipeline, and the dynamic parameters of its stages, which are versioned
 * together with them, as its entity keeps them. Immutable.
 *
 * @param number of the latest version; it outlives the pipeline, so that no number is used twice
 * @param values that the versions need, by digest
 */
record SideState(SideVersions versions, long number, Map<String, ByteString> values) {
  static final SideState NONE = new SideState(SideVersions.NONE, 0, Map.of());

  SideState {
    values = Map.copyOf(values);
  }

  /**
   * What has happened to them, all at once.
   *
   * @param given the new values, by name; empty for those that are gone
   * @param problems those that there are from now on
   */
  record Told(SortedMap<String, Optional<ByteString>> given, SortedMap<String, String> problems) {
    Told {
      given = new TreeMap<>(given);
      problems = new TreeMap<>(problems);
    }
  }

  /** After the pipeline was dropped. */
  SideState dropped() {
    return new SideState(
        versions.equals(SideVersions.NONE)
            ? SideVersions.NONE
            : new SideVersions(versions.edition() + 1, List.of(), new TreeMap<>()),
        number,
        Map.of());
  }

  SideState then(Told told) {
    long next = told.given().isEmpty() ? number : number + 1;
    var changes = new ArrayList<SideVersions.Change>();
    var all = new HashMap<>(values);
    told.given()
        .forEach(
            (name, json) -> {
              var digest = json.map(SideValues::digest).orElse("");
              json.ifPresent(bytes -> all.put(digest, bytes));
              changes.add(
                  new SideVersions.Change(
                      name, next, digest, json.map(ByteString::size).orElse(0)));
            });
    var now = versions.next(changes, told.problems());
    all.keySet().retainAll(now.digests());
    return new SideState(now, next, all);
  }

  /** The digest of the present value. */
  Optional<String> digest(String name) {
    return versions.at(name, versions.latest()).map(SideVersions.Change::digest);
  }

  /** What the change of the specification does to them; empty if nothing. */
  Optional<Told> changed(Optional<PipelineSpec> before, PipelineSpec now) {
    var given = new TreeMap<String, Optional<ByteString>>();
    for (var input : now.sideInputs()) {
      // What was given by the API stands until the document says something else than before.
      boolean says =
          digest(input.name()).isEmpty()
              || !before.map(PipelineSpec::sideInputs).orElse(List.of()).contains(input);
      input
          .value()
          .filter(value -> says)
          .map(SideValues::write)
          .filter(json -> !digest(input.name()).equals(Optional.of(SideValues.digest(json))))
          .ifPresent(json -> given.put(input.name(), Optional.of(json)));
    }
    var names = new HashSet<>(now.sideInputs().stream().map(SideSpec::name).toList());
    for (var stage : now.stages()) {
      if (stage.dynamic().isEmpty()) continue;
      names.add(stage.dynamicName());
      var json = SideValues.write(stage.dynamicParams());
      if (!digest(stage.dynamicName()).equals(Optional.of(SideValues.digest(json))))
        given.put(stage.dynamicName(), Optional.of(json));
    }
    for (var name : versions.names()) if (!names.contains(name)) given.put(name, Optional.empty());
    var problems = new TreeMap<>(versions.problems());
    problems.keySet().retainAll(names);
    return told(given, problems);
  }

  /** A value was given, or read; empty if that changes nothing. */
  Optional<Told> given(String name, ByteString json) {
    var given = new TreeMap<String, Optional<ByteString>>();
    if (!digest(name).equals(Optional.of(SideValues.digest(json))))
      given.put(name, Optional.of(json));
    var problems = new TreeMap<>(versions.problems());
    problems.remove(name);
    return told(given, problems);
  }

  /** It could not be read: the value stands; empty if that is known. */
  Optional<Told> failed(String name, String problem) {
    var problems = new TreeMap<>(versions.problems());
    problems.put(name, problem);
    return told(new TreeMap<>(), problems);
  }

  private Optional<Told> told(
      SortedMap<String, Optional<ByteString>> given, SortedMap<String, String> problems) {
    return given.isEmpty() && problems.equals(versions.problems())
        ? Optional.empty()
        : Optional.of(new Told(given, problems));
  }
}
