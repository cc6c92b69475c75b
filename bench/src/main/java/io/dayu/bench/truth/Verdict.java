package io.dayu.bench.truth;

import io.dayu.client.LedgerCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The result of comparing the store with what the sources gave.
 *
 * @param given readings the sources gave away
 * @param stored results in the store
 * @param lost readings without a result and without an explanation
 * @param duplicates results beyond the first of a number, or of a reading
 * @param corrupted results that are not of the data they say, or lack an output
 * @param ledgerBalanced the ledgers balance, nothing is in flight, and they agree with the store
 * @param notes the first examples of what is wrong
 */
public record Verdict(
    LedgerCounts ledger,
    long given,
    long stored,
    long lost,
    long duplicates,
    long corrupted,
    boolean ledgerBalanced,
    List<String> notes) {
  public static final Verdict NONE =
      new Verdict(new LedgerCounts(0, 0, 0, 0, 0), 0, 0, 0, 0, 0, true, List.of());

  public Verdict {
    Objects.requireNonNull(ledger, "ledger");
    notes = List.copyOf(notes);
  }

  public boolean kept() {
    return lost == 0 && duplicates == 0 && corrupted == 0 && ledgerBalanced;
  }

  /** Of two streams together. */
  public Verdict plus(Verdict other) {
    var all = new ArrayList<>(notes);
    all.addAll(other.notes);
    var a = ledger;
    var b = other.ledger;
    return new Verdict(
        new LedgerCounts(
            a.generated() + b.generated(),
            a.delivered() + b.delivered(),
            a.failed() + b.failed(),
            a.shed() + b.shed(),
            a.inFlight() + b.inFlight()),
        given + other.given,
        stored + other.stored,
        lost + other.lost,
        duplicates + other.duplicates,
        corrupted + other.corrupted,
        ledgerBalanced && other.ledgerBalanced,
        all);
  }
}
