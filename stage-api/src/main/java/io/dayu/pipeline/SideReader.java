package io.dayu.pipeline;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The side inputs of a document, and what stages say of them. */
final class SideReader {
  private static final Set<String> SIDE = DraftReader.ordered("name", "value", "from");
  private static final String EITHER =
      "give value: … if it is set here and by the API, or from: NAME if cloud nodes declare what it"
          + " is read from (dayu.side-inputs.NAME)";

  private SideReader() {}

  static List<Draft.Side> sideInputs(DocumentNode node) {
    if (!node.isPresent()) return List.of();
    var inputs =
        DraftReader.list(node, "add a side input: {name: …, value: …}, or leave sideInputs out")
            .stream()
            .flatMap(input -> input.object(SIDE).stream())
            .map(SideReader::sideInput)
            .toList();
    if (inputs.size() > PipelineSpec.SideSpec.MOST)
      node.problem(
          "has %s side inputs, at most %s are possible"
              .formatted(inputs.size(), PipelineSpec.SideSpec.MOST),
          "put some of them together into one");
    return inputs;
  }

  private static Draft.Side sideInput(DocumentNode node) {
    var value = node.field("value");
    var from = node.field("from");
    if (value.isPresent() && from.isPresent())
      node.problem("has both value and from", "remove one of them: " + EITHER);
    if (!value.isPresent() && !from.isPresent()) node.problem("has neither value nor from", EITHER);
    return new Draft.Side(
        node.path(),
        DraftReader.name(node.field("name"), "add a name, such as limits"),
        value.free(),
        DraftReader.filled(from, "name what cloud nodes declare in dayu.side-inputs"));
  }

  /** The names that a stage gives. */
  static List<Optional<String>> names(DocumentNode node, String remedy) {
    if (!node.isPresent()) return List.of();
    return DraftReader.list(node, remedy).stream().map(DocumentNode::text).toList();
  }

  /** Names that are given twice, and those of stages that the pipeline has not. */
  static void check(Draft draft, Problems problems) {
    var names = new HashSet<String>();
    for (var input : draft.sideInputs())
      input
          .name()
          .filter(name -> !names.add(name))
          .ifPresent(
              name ->
                  problems.add(
                      input.path() + ".name",
                      "a second side input is called " + Words.quote(name),
                      "give each side input its own name"));
    for (var stage : draft.stages()) {
      boolean reuses = stage.perBox().filter(box -> !box.reuse().isZero()).isPresent();
      if (reuses && !stage.side().isEmpty())
        problems.add(
            stage.path() + ".reuse",
            "an answer that is used again may come from another version of the side inputs",
            "remove reuse or side");
      var given = new HashSet<String>();
      for (int i = 0; i < stage.side().size(); i++) {
        var path = "%s.side[%s]".formatted(stage.path(), i);
        stage
            .side()
            .get(i)
            .ifPresent(
                name -> {
                  if (!given.add(name))
                    problems.add(
                        path, "names " + Words.quote(name) + " a second time", "remove it");
                  else if (!names.contains(name))
                    problems.add(
                        path,
                        "the pipeline has no side input " + Words.quote(name),
                        names.isEmpty()
                            ? "add it: sideInputs: [{name: %s, value: …}]".formatted(name)
                            : Words.choose(name, names));
                });
      }
    }
  }
}
