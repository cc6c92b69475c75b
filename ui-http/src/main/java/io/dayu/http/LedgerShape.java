package io.dayu.http;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.dayu.facts.Ledger;
import io.dayu.pipeline.StreamName;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A pipeline's ledger: its streams and their sum. */
record LedgerShape(Ledger total, List<Stream> streams) {
  /**
   * @param reported whether its node has told what became of its elements; all counts are 0 until
   *     then, which takes some 10 s after the cloud was started again
   */
  record Stream(String stream, boolean reported, @JsonUnwrapped Ledger ledger) {}

  static LedgerShape of(Map<StreamName, Optional<Ledger>> ledgers) {
    return new LedgerShape(
        StreamReports.sum(ledgers.values().stream().flatMap(Optional::stream).toList()),
        ledgers.entrySet().stream()
            .map(
                e ->
                    new Stream(
                        e.getKey().toString(),
                        e.getValue().isPresent(),
                        e.getValue().orElse(Ledger.EMPTY)))
            .toList());
  }
}
