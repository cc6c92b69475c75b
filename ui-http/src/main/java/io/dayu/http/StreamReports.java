package io.dayu.http;

import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.View;
import io.dayu.pipeline.StreamName;
import java.time.Instant;
import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The streams of a view. Right after a source has moved, two nodes may report the same stream; the
 * newest report counts and the other is left out, so nothing is summed twice.
 */
final class StreamReports {
  /** A stream's report, the node it comes from and when it came. */
  record Seen(String node, StreamReport report, Instant receivedAt) {}

  private StreamReports() {}

  /** All streams by name. */
  static SortedMap<StreamName, Seen> of(View view) {
    var streams = new TreeMap<StreamName, Seen>();
    view.nodes()
        .forEach(
            (node, seen) -> {
              for (var report : seen.report().streams())
                streams.merge(
                    report.stream(),
                    new Seen(node, report, seen.receivedAt()),
                    (a, b) -> b.receivedAt().isAfter(a.receivedAt()) ? b : a);
            });
    return streams;
  }

  /** The streams of one pipeline by name. */
  static SortedMap<StreamName, Seen> of(View view, String pipeline) {
    var streams = new TreeMap<>(of(view));
    streams.keySet().removeIf(stream -> !stream.pipeline().equals(pipeline));
    return streams;
  }

  static Ledger sum(Collection<Ledger> ledgers) {
    return ledgers.stream().reduce(Ledger.EMPTY, Ledger::plus);
  }
}
