package io.dayu.pipeline;

import io.dayu.stage.Parameter;
import io.dayu.stage.StageDescriptor;
import java.util.HashSet;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What one stage says of parameters that change while it goes on. */
final class DynamicChecks {
  private final Draft.Stage stage;
  private final StageDescriptor descriptor;
  private final Problems problems;

  DynamicChecks(Draft.Stage stage, StageDescriptor descriptor, Problems problems) {
    this.stage = stage;
    this.descriptor = descriptor;
    this.problems = problems;
  }

  void run() {
    var dynamic = stage.dynamic();
    if (!dynamic.isEmpty() && stage.perBox().filter(box -> !box.reuse().isZero()).isPresent())
      problems.add(
          stage.path() + ".reuse",
          "an answer that is used again may be one by earlier parameters",
          "remove reuse or dynamic");
    var known =
        descriptor.parameters().stream()
            .collect(Collectors.toMap(Parameter::name, Function.identity()));
    var seen = new HashSet<String>();
    for (int i = 0; i < dynamic.size(); i++) {
      var path = "%s.dynamic[%s]".formatted(stage.path(), i);
      dynamic
          .get(i)
          .ifPresent(
              name -> {
                if (seen.add(name)) name(name, path, known);
                else
                  problems.add(path, "names " + Words.quote(name) + " a second time", "remove it");
              });
    }
  }

  private void name(String name, String path, Map<String, Parameter> known) {
    var parameter = known.get(name);
    if (parameter == null)
      problems.add(
          path,
          descriptor.type() + " has no parameter " + Words.quote(name),
          Words.choose(name, known.keySet()));
    else if (!parameter.dynamic())
      problems.add(
          path,
          "%s reads its parameter %s only when it starts".formatted(descriptor.type(), name),
          "remove it; a change of the parameter then starts the stage anew");
  }
}
