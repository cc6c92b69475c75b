package io.dayu.pipeline;

import java.util.ArrayList;
import java.util.List;

/**
 * Collects what is wrong with a document, up to a bound: a large wrong document must not cause a
 * large answer.
 */
final class Problems {
  static final int LIMIT = 100;

  private final List<PipelineProblem> found = new ArrayList<>();
  private boolean more;

  void add(String path, String message, String remedy) {
    if (found.size() == LIMIT) more = true;
    else found.add(new PipelineProblem(path, message, remedy));
  }

  boolean isEmpty() {
    return found.isEmpty();
  }

  List<PipelineProblem> all() {
    var all = new ArrayList<>(found);
    if (more)
      all.add(
          new PipelineProblem(
              "", "there are more than " + LIMIT + " problems", "solve the ones above first"));
    return all;
  }
}
