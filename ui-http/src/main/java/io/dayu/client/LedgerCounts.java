package io.dayu.client;

import com.fasterxml.jackson.databind.JsonNode;

/** A ledger as the API gives it; unlike the runtime's own it may turn out not to balance. */
public record LedgerCounts(long generated, long delivered, long failed, long shed, long inFlight) {
  public static LedgerCounts of(JsonNode counts) {
    return new LedgerCounts(
        counts.path("generated").asLong(),
        counts.path("delivered").asLong(),
        counts.path("failed").asLong(),
        counts.path("shed").asLong(),
        counts.path("inFlight").asLong());
  }

  public boolean balances() {
    return generated == delivered + failed + shed + inFlight;
  }

  @Override
  public String toString() {
    return "generated %s = delivered %s + failed %s + shed %s + in flight %s"
        .formatted(generated, delivered, failed, shed, inFlight);
  }
}
