package io.dayu.bench.truth;

import io.dayu.cli.LedgerCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Compares what stands in the store for one stream, and its ledger, with the truth. */
public final class Comparison {
  /**
   * What a live source gave away just before its node was killed may not have been counted yet:
   * counts are kept every 200 ms.
   */
  static final Duration UNCOUNTED = Duration.ofSeconds(1);

  private static final int EXAMPLES = 3;

  private record Content(String sensor, long index) {}

  private final Expected expected;
  private final List<Stored> rows;
  private final LedgerCounts ledger;
  private final Map<String, List<String>> examples = new HashMap<>();
  private final Set<Content> seen = new HashSet<>();
  private long failed;
  private long nameless; // failed before any stage had left a mark
  private long duplicates;
  private long corrupted;
  private long again;

  private Comparison(Expected expected, List<Stored> rows, LedgerCounts ledger) {
    this.expected = expected;
    this.rows = rows;
    this.ledger = ledger;
  }

  /**
   * @param rows all results of the stream
   * @param ledger as the API tells it when the source has ended
   */
  public static Verdict of(Expected expected, List<Stored> rows, LedgerCounts ledger) {
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
          "%s, in the store %d delivered and %d failed of %d given"
              .formatted(ledger, rows.size() - failed, failed, expected.given()));
    var notes = new ArrayList<String>();
    examples.forEach(
        (what, which) ->
            notes.add("%s: %s: %s".formatted(expected.stream(), what, String.join(", ", which))));
    return new Verdict(
        ledger, expected.given(), rows.size(), lost, duplicates, corrupted, again, agrees, notes);
  }

  private void check(Stored row) {
    if (row.reason().filter(r -> r.startsWith(ChecksumStage.CORRUPTED)).isPresent()) {
      corrupted(row, row.reason().get());
      return;
    }
    if (row.marks().isEmpty() && row.failed()) {
      nameless++;
      return;
    }
    if (!row.failed() && row.marks().size() != expected.stages()) {
      corrupted(row, "%d outputs".formatted(row.marks().size()));
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
    boolean cutAgain = expected instanceof Expected.Replayed && !expected.kills().isEmpty();
    if (cutAgain) again++;
    else duplicates++;
    if (!cutAgain) note("reading stored twice", mark.index());
  }

  private String checksum(Stored.Mark mark) {
    return Counted.checksum(Counted.reading(mark.sensor(), mark.index(), expected.bytes()));
  }

  private void corrupted(Stored row, String how) {
    corrupted++;
    note("corrupted", "#%d %s".formatted(row.seq(), how));
  }

  private long lost(Expected.Replayed file) {
    var missing = new ArrayList<Content>();
    for (long i = 0; i < file.count(); i++) missing.add(new Content(file.sensor(), i));
    return lost(missing, 0);
  }

  private long lost(Expected.Live live) {
    var missing = new ArrayList<Content>();
    for (var opening : live.journal().entrySet())
      for (int i = 0; i < opening.getValue().length; i++) {
        long at = opening.getValue()[i];
        boolean uncounted =
            live.kills().stream().anyMatch(k -> at <= k && at >= k - UNCOUNTED.toMillis());
        if (!uncounted) missing.add(new Content(opening.getKey(), i));
      }
    return lost(missing, ledger.shed());
  }

  private long lost(List<Content> given, long shed) {
    given.removeAll(seen);
    long lost = Math.max(0, given.size() - nameless - shed);
    if (lost > 0) given.forEach(c -> note("no result", c.sensor() + "#" + c.index()));
    return lost;
  }

  private boolean agrees() {
    if (!ledger.balances() || ledger.inFlight() != 0) return false;
    long delivered = rows.size() - failed;
    long settled = ledger.delivered() + ledger.failed();
    boolean whole = expected.kills().isEmpty();
    // What was stored and not yet counted when the node was killed is cut again, or shed.
    boolean store =
        whole
            ? ledger.delivered() == delivered && ledger.failed() == failed
            : settled <= rows.size();
    if (expected instanceof Expected.Replayed)
      return store && ledger.shed() == 0 && settled >= expected.given();
    return store
        && (whole
            ? ledger.generated() == expected.given()
            : ledger.generated() <= expected.given());
  }

  private void note(String what, Object which) {
    var some = examples.computeIfAbsent(what, w -> new ArrayList<>());
    if (some.size() < EXAMPLES) some.add(String.valueOf(which));
    else if (some.size() == EXAMPLES) some.add("…");
  }
}
