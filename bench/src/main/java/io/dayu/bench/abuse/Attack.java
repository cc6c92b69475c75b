package io.dayu.bench.abuse;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * One way to harm a node.
 *
 * @param word its name on the command line and in reports
 * @param what it does, in a few words
 * @param action does it once; what it opens it closes
 */
record Attack(String word, String what, Action action) {
  /** Returns when all is sent; a node that refuses or closes is what is wanted. */
  interface Action {
    void run(Attempt attempt) throws IOException, InterruptedException;
  }

  Attack {
    Objects.requireNonNull(word, "word");
    Objects.requireNonNull(what, "what");
    Objects.requireNonNull(action, "action");
  }

  /** Everything that is known. */
  static List<Attack> all() {
    return Stream.of(
            LinkAttacks.all(),
            ClusterAttacks.all(),
            HttpAttacks.all(),
            DocumentAttacks.all(),
            SourceAttacks.all())
        .flatMap(List::stream)
        .toList();
  }

  /**
   * @throws IllegalArgumentException if there is none of that name
   */
  static Attack of(String word) {
    return all().stream()
        .filter(a -> a.word().equals(word))
        .findAny()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "'%s' is none of %s"
                        .formatted(word, all().stream().map(Attack::word).toList())));
  }
}
