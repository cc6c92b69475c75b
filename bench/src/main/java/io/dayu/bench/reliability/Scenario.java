package io.dayu.bench.reliability;

import io.dayu.bench.chaos.Fault;
import io.dayu.bench.truth.Verdict;
import java.util.Objects;

/** One fault, what is promised for it, and how to see whether it is kept. */
interface Scenario {
  /** Such as {@code kill-processor}. */
  String word();

  /** What is done, in a few words. */
  String fault();

  /** What must hold. */
  String promise();

  /** What this machine must let us do. */
  Fault.Need need();

  /** Does it to nodes of its own; returns when they are gone. */
  Seen run(Context context);

  /**
   * What was seen.
   *
   * @param figures in a few words
   */
  record Seen(String figures, boolean kept) {
    public Seen {
      Objects.requireNonNull(figures, "figures");
    }

    /** Figures beside what became of the elements; kept only if none was lost or doubled. */
    static Seen of(String figures, boolean kept, Verdict verdict) {
      return new Seen(
          "%s lost, %s duplicates%s; %s"
              .formatted(
                  verdict.lost(),
                  verdict.duplicates(),
                  verdict.ledgerBalanced() ? "" : ", ledger does not balance",
                  figures),
          kept && verdict.kept());
    }
  }
}
