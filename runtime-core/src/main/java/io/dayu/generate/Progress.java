package io.dayu.generate;

import io.dayu.deliver.Ranges;
import java.util.Objects;

/**
 * How far a stream has come; what its node keeps of it. Elements on the disk are kept elsewhere, by
 * their numbers, and are not written together with this; {@link #resumed} brings the two in line.
 *
 * @param uri of the source, to which the position belongs
 * @param nextSeq no element has this number or a higher one
 * @param position of the source, before the oldest element that is neither settled nor on the disk
 * @param recut that element's number: a source that is read again from {@code position} repeats the
 *     content of it and of all later ones
 * @param used the first number that was not used, as of these counts
 * @param open the numbers below {@code used} that are not settled, on the disk or not
 */
public record Progress(
    String uri,
    long nextSeq,
    long position,
    long recut,
    long used,
    long delivered,
    long failed,
    long shed,
    Ranges open) {
  public Progress {
    Objects.requireNonNull(uri, "uri");
    if (recut > used || used > nextSeq || !open.isEmpty() && open.last() >= used)
      throw new IllegalArgumentException("numbers out of order");
    open = Ranges.copyOf(open);
  }

  /**
   * Where a successor begins.
   *
   * @param progress its first counts; open in it is what is on the disk
   * @param lost elements that were under way and are not on the disk
   * @param again whether they are cut again
   */
  record Resumed(Progress progress, long lost, boolean again) {}

  static Progress begin(String uri, long firstSeq) {
    return new Progress(uri, firstSeq, 0, firstSeq, firstSeq, 0, 0, 0, new Ranges());
  }

  /** At least all that are delivered, failed and shed; the rest is open. */
  public long generated() {
    return delivered + failed + shed + open.size();
  }

  /**
   * Where a successor begins, in which nothing is under way but what is on the disk. What of that
   * is not open here was settled and only not removed yet, or comes from later than these counts,
   * and is counted now. A source that can be replayed goes on at the position, so what was not
   * settled is cut again, and what is on the disk of the same content does not count. From others
   * what is not on the disk is lost, and counts as shed.
   */
  Resumed resumed(String uriNow, boolean replayable, Ranges onDisk) {
    boolean again = replayable && uri.equals(uriNow);
    var kept =
        onDisk.where(
            seq -> again ? seq < recut && open.contains(seq) : seq >= used || open.contains(seq));
    long lost = open.where(seq -> !kept.contains(seq)).size();
    long next = onDisk.isEmpty() ? nextSeq : Math.max(nextSeq, onDisk.last() + 1);
    var now =
        new Progress(
            uriNow,
            next,
            again ? position : 0,
            next,
            next,
            delivered,
            failed,
            again ? shed : shed + lost,
            kept);
    return new Resumed(now, lost, again);
  }

  Progress withNextSeq(long seq) {
    return new Progress(uri, seq, position, recut, used, delivered, failed, shed, open);
  }
}
