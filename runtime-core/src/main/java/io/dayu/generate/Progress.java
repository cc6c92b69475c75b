package io.dayu.generate;

import io.dayu.deliver.Ledger;
import java.util.Objects;

/**
 * How far a stream has come; what its node keeps of it.
 *
 * @param uri of the source, to which the position belongs
 * @param nextSeq no element has this number or a higher one
 * @param position of the source, after the last element before which all are settled
 * @param generated at least all that are delivered, failed and shed; the rest is not settled
 */
public record Progress(
    String uri,
    long nextSeq,
    long position,
    long generated,
    long delivered,
    long failed,
    long shed) {
  public Progress {
    Objects.requireNonNull(uri, "uri");
    if (generated < delivered + failed + shed)
      throw new IllegalArgumentException("more settled than generated");
  }

  static Progress begin(String uri, long firstSeq) {
    return new Progress(uri, firstSeq, 0, 0, 0, 0, 0);
  }

  static Progress of(String uri, long nextSeq, long position, Ledger ledger) {
    return new Progress(
        uri,
        nextSeq,
        position,
        ledger.generated(),
        ledger.delivered(),
        ledger.failed(),
        ledger.shed());
  }

  /** Elements whose fate is not known. */
  long unsettled() {
    return generated - delivered - failed - shed;
  }

  /**
   * Where a successor begins, in which nothing is under way. A source that can be replayed goes on
   * at the position, so what was not settled is cut again; from others it is lost, and counts as
   * shed.
   */
  Progress resumed(String uriNow, boolean replayable) {
    boolean again = replayable && uri.equals(uriNow);
    return new Progress(
        uriNow,
        nextSeq,
        again ? position : 0,
        again ? generated - unsettled() : generated,
        delivered,
        failed,
        again ? shed : shed + unsettled());
  }

  Progress withNextSeq(long seq) {
    return new Progress(uri, seq, position, generated, delivered, failed, shed);
  }
}
