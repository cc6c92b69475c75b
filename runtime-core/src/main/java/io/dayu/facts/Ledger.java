package io.dayu.facts;

/**
 * What became of the elements of a stream. At every moment {@code generated = delivered + failed +
 * shed + inFlight}; an instance that does not balance cannot be made.
 *
 * @param generated elements cut from the source
 * @param delivered stored results, filtered ones included
 * @param failed stored as failed, with their cause
 * @param shed given up by the stream's declared rule
 * @param inFlight waiting or on their way
 */
public record Ledger(long generated, long delivered, long failed, long shed, long inFlight) {
  public static final Ledger EMPTY = new Ledger(0, 0, 0, 0, 0);

  public Ledger {
    if (generated != delivered + failed + shed + inFlight
        || Math.min(Math.min(delivered, failed), Math.min(shed, inFlight)) < 0)
      throw new IllegalArgumentException(
          "ledger does not balance: generated %s, delivered %s, failed %s, shed %s, in flight %s"
              .formatted(generated, delivered, failed, shed, inFlight));
  }

  public Ledger plus(Ledger other) {
    return new Ledger(
        generated + other.generated,
        delivered + other.delivered,
        failed + other.failed,
        shed + other.shed,
        inFlight + other.inFlight);
  }
}
