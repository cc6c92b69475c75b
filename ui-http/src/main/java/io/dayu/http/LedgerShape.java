package io.dayu.http;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.dayu.facts.Ledger;
import io.dayu.pipeline.StreamName;
import java.util.List;
import java.util.Map;

/** A pipeline's ledger: its streams and their sum. */
record LedgerShape(Ledger total, List<Stream> streams) {
  record Stream(String stream, @JsonUnwrapped Ledger ledger) {}

  static LedgerShape of(Map<StreamName, Ledger> ledgers) {
    return new LedgerShape(
        StreamReports.sum(ledgers.values()),
        ledgers.entrySet().stream()
            .map(e -> new Stream(e.getKey().toString(), e.getValue()))
            .toList());
  }
}
