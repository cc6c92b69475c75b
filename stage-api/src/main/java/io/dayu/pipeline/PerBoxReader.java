package io.dayu.pipeline;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Reads what a stage's place in a document says of work per box. */
final class PerBoxReader {
  /** Beside {@code per}. */
  private static final List<String> FURTHER = List.of("of", "labels", "reuse", "atMost", "margin");

  private static final int LABELS = 64;

  private PerBoxReader() {}

  /**
   * @param after of the stage, where each could be read
   */
  static Optional<PerBox> read(DocumentNode stage, List<Optional<String>> after) {
    var per = stage.field("per");
    var word = per.text();
    if (!per.isPresent())
      for (var name : FURTHER)
        if (stage.field(name).isPresent())
          stage.field(name).problem("means nothing without per", "add per: box, or remove it");
    if (word.isEmpty()) return Optional.empty();
    if (!word.get().equals("box")) {
      per.problem(
          Words.quote(word.get()) + " is nothing that a stage can be asked per",
          "write per: box, or remove it and the stage is asked once for each element");
      return Optional.empty();
    }
    var of = of(stage.field("of"), after);
    var labels = labels(stage.field("labels"));
    var reuse = DraftReader.duration(stage.field("reuse")).orElse(Duration.ZERO);
    int atMost = atMost(stage.field("atMost"));
    double margin = margin(stage.field("margin"));
    return of.map(id -> new PerBox(id, labels, reuse, atMost, margin));
  }

  private static Optional<String> of(DocumentNode node, List<Optional<String>> after) {
    if (node.isPresent()) return node.text();
    if (after.size() == 1) return after.get(0);
    node.problem(
        "is missing, and the stage does not come after one stage alone",
        "name the stage whose boxes are cut out");
    return Optional.empty();
  }

  private static Set<String> labels(DocumentNode node) {
    var labels = new TreeSet<String>();
    for (var item : node.items(LABELS).orElse(List.of()))
      item.required("remove it").text().ifPresent(labels::add);
    return labels;
  }

  private static double margin(DocumentNode node) {
    double margin = node.number().orElse(0.0);
    if (margin >= 0 && margin <= PerBox.WIDEST) return margin;
    node.problem(
        "must be from 0 to 1 but is " + node.kind(),
        "give which share of its longer side is added to a box on each side, such as 0.2");
    return 0;
  }

  private static int atMost(DocumentNode node) {
    var number = node.number();
    if (number.isEmpty()) return PerBox.DEFAULT_AT_MOST;
    double most = number.get();
    if (most >= 1 && most <= PerBox.MOST && Math.rint(most) == most) return (int) most;
    node.problem(
        "must be a whole number from 1 to %s but is %s".formatted(PerBox.MOST, node.kind()),
        "give how many boxes of an element are asked for at most, such as 16");
    return PerBox.DEFAULT_AT_MOST;
  }
}
