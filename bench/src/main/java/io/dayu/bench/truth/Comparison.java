package io.dayu.bench.truth;

import io.dayu.client.LedgerCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Compares what stands in the store for one stream, and its ledger, with the truth. */
public final class Comparison {
  /** What a live source gave away this long before its node was killed may not have been cut. */
  static final Duration UNCUT = Duration.ofSeconds(1);

  private static final int EXAMPLES = 3;

  private record Content(String sensor, long index) {}

  private final Expected expected;
  private final List<StoredResult> rows;
  private final LedgerCounts ledger;
  private final Map<String, List<String>> examples = new HashMap<>();
  private final Set<Content> seen = new HashSet<>();
  private long failed;
  private long nameless; // failed before any stage had left a mark
  private long duplicates;
  private long corrupted;

  private Comparison(Expected expected, List<StoredResult> rows, LedgerCounts ledger) {
    this.expected = expected;
    this.rows = rows;
    this.ledger = ledger;
  }

  /**
   * @param rows all results of the stream
   * @param ledger as the API tells it when the source has ended
   */
  public static Verdict of(Expected expected, List<StoredResult> rows, LedgerCounts ledger) {
    return new Comparison(expected, rows, ledger).verdict();
  }

  private Verdict verdict() {
    var numbers = new HashSet<Long>();
    for (var row : rows) {
      if (row.failed()) failed++;
      if (!numbers.add(row.seq())) {
        duplicates++;
        note("number stored twice", row.seq());
      } else {
        check(row);
      }
    }
    long lost =
        expected instanceof Expected.Live live ? lost(live) : lost((Expected.Replayed) expected);
    boolean agrees = agrees();
    if (!agrees)
      note(
          "ledger",
          "%s, in the store %s delivered and %s failed of %s given"
              .formatted(ledger, rows.size() - failed, failed, expected.given()));
    var notes = new ArrayList<String>();
    examples.forEach(
        (what, which) ->
            notes.add("%s: %s: %s".formatted(expected.stream(), what, String.join(", ", which))));
    return new Verdict(
        ledger, expected.given(), rows.size(), lost, duplicates, corrupted, agrees, notes);
  }

  private void check(StoredResult row) {
    if (row.reason().filter(r -> r.startsWith(ChecksumStage.CORRUPTED)).isPresent()) {
      corrupted(row, row.reason().get());
      return;
    }
    if (row.marks().isEmpty() && row.failed()) {
      nameless++;
      return;
    }
    if (!row.failed() && !expected.plans().contains(row.plan())) {
      corrupted(row, "outputs of %s".formatted(row.plan()));
      return;
    }
    var mark = row.marks().get(0);
    if (!expected.has(mark.sensor(), mark.index())
        || row.marks().stream().anyMatch(m -> !m.equals(mark))
        || !mark.checksum().equals(checksum(mark))) {
      corrupted(row, row.marks().toString());
      return;
    }
    if (seen.add(new Content(mark.sensor(), mark.index()))) return;
    duplicates++;
    note("reading stored twice", mark.index());
  }

  private String checksum(StoredResult.Mark mark) {
    return CountedReadings.checksum(
        CountedReadings.reading(mark.sensor(), mark.index(), expected.bytes()));
  }

  private void corrupted(StoredResult row, String how) {
    corrupted++;
    note("corrupted", "#%s %s".formatted(row.seq(), how));
  }

  private long lost(Expected.Replayed file) {
    var missing = new ArrayList<Content>();
    for (long i = 0; i < file.count(); i++) missing.add(new Content(file.sensor(), i));
    return lost(missing, 0);
  }

  private long lost(Expected.Live live) {
    var given = new ArrayList<Content>();
    long uncut = 0;
    for (var opening : live.journal().entrySet())
      for (int i = 0; i < opening.getValue().length; i++) {
        var content = new Content(opening.getKey(), i);
        given.add(content);
        long at = opening.getValue()[i];
        boolean last = live.kills().stream().anyMatch(k -> at <= k && at >= k - UNCUT.toMillis());
        if (last && !seen.contains(content)) uncut++;
      }
    // Readings that were given but not generated had not reached the generator yet.
    uncut = Math.min(uncut, live.given() - ledger.generated());
    return lost(given, ledger.shed() + Math.max(0, uncut));
  }

  /**
   * @param excused how many may be missing
   */
  private long lost(List<Content> given, long excused) {
    given.removeAll(seen);
    long lost = Math.max(0, given.size() - nameless - excused);
    if (lost > 0) given.forEach(c -> note("no result", c.sensor() + "#" + c.index()));
    return lost;
  }

  private boolean agrees() {
    if (!ledger.balances() || ledger.inFlight() != 0) return false;
    if (ledger.delivered() != rows.size() - failed || ledger.failed() != failed) return false;
    if (expected instanceof Expected.Replayed)
      return ledger.shed() == 0 && ledger.generated() == expected.given();
    return expected.kills().isEmpty()
        ? ledger.generated() == expected.given()
        : ledger.generated() <= expected.given();
  }

  private void note(String what, Object which) {
    var some = examples.computeIfAbsent(what, w -> new ArrayList<>());
    if (some.size() < EXAMPLES) some.add(String.valueOf(which));
    else if (some.size() == EXAMPLES) some.add("…");
  }
}
