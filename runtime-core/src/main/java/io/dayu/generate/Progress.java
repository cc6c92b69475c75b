package io.dayu.generate;

import io.dayu.deliver.Ranges;
import io.dayu.source.Repeat;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The record of how far a stream has come. Elements on the disk, and the elements that were cut
 * since this record, are kept in other files, which are not written together with it. {@link
 * #resumed} combines all three.
 *
 * @param uri of the source, to which the positions belong
 * @param nextSeq no element has this number or a higher one
 * @param position of the source, before the oldest element that is neither settled nor on the disk
 * @param firstReplayed that element's number: a source that is read again from {@code position}
 *     repeats the content of it and of all later ones
 * @param used the first number that was not used, as of these counts
 * @param readTo of the source, behind all that was cut, as of these counts
 * @param open the numbers below {@code used} that are not settled, on the disk or not
 */
public record Progress(
    String uri,
    long nextSeq,
    long position,
    long firstReplayed,
    long used,
    long delivered,
    long failed,
    long shed,
    long readTo,
    Ranges open) {
  public Progress {
    Objects.requireNonNull(uri, "uri");
    if (firstReplayed > used || used > nextSeq || !open.isEmpty() && open.last() >= used)
      throw new IllegalArgumentException("numbers out of order");
    open = Ranges.copyOf(open);
  }

  /**
   * Where a successor begins.
   *
   * @param progress its first counts; open in it are what is on the disk, {@code lost} and {@code
   *     replayed}
   * @param lost elements that were under way and cannot be made again
   * @param replayed those that are to be cut again under their numbers, in order
   * @param renumbered how many others are cut again, under new numbers
   * @param retries those that are open and sent in place of others that failed
   */
  record Resumed(
      Progress progress,
      List<SourceSpan> lost,
      List<SourceSpan> replayed,
      long renumbered,
      List<SourceSpan> retries) {
    Resumed {
      lost = List.copyOf(lost);
      replayed = List.copyOf(replayed);
      retries = List.copyOf(retries);
    }
  }

  /** Of elements that no source has: what is on the disk of them is all there is. */
  private record Retries(NavigableMap<Long, SourceSpan> all, Ranges kept, Ranges lost) {
    boolean contains(long seq) {
      return all.containsKey(seq);
    }

    List<SourceSpan> open() {
      return all.values().stream()
          .filter(span -> kept.contains(span.seq()) || lost.contains(span.seq()))
          .toList();
    }
  }

  static Progress begin(String uri, long firstSeq) {
    return new Progress(uri, firstSeq, 0, firstSeq, firstSeq, 0, 0, 0, 0, new Ranges());
  }

  /** All that are delivered, failed, shed or open. */
  public long generated() {
    return delivered + failed + shed + open.size();
  }

  /**
   * Where a successor begins. Only the elements on the disk are in flight then. An entry on the
   * disk that is not open in these counts was either settled and not removed yet, or it is newer
   * than these counts and is counted now. Elements that were cut after these counts are counted
   * now, too.
   *
   * <p>A source that repeats is read again from the position, so elements that were not settled are
   * cut again: under their numbers if the source repeats exactly and everything that it repeats is
   * known, else under new numbers; in that case entries on the disk with the same content are not
   * counted. Of other sources every element that is not on the disk is lost. What is sent in place
   * of an element that failed is in no source: it is what is on the disk of it.
   *
   * @param spans what is known of those that are open and of those that were cut since, by number
   */
  Resumed resumed(
      String uriNow, Repeat repeat, Ranges onDisk, NavigableMap<Long, SourceSpan> spans) {
    long end = used;
    long cutTo = readTo;
    for (var span = spans.get(end); span != null; span = spans.get(end)) {
      if (!span.isRetry()) cutTo = span.to();
      end++;
    }
    var retries = retries(onDisk, spans);
    var all = open.where(seq -> !retries.contains(seq));
    for (long seq = used; seq < end; seq++) if (!retries.contains(seq)) all.add(seq);
    boolean again = repeat != Repeat.NONE && uri.equals(uriNow);
    if (!again) {
      var kept = onDisk.where(seq -> !retries.contains(seq) && (seq >= used || open.contains(seq)));
      var lost = spans(all.where(seq -> !kept.contains(seq)), spans);
      return resumed(uriNow, onDisk, end, 0, Optional.empty(), kept, lost, List.of(), 0, retries);
    }
    // Elements before the position are not read again.
    var before = all.where(seq -> seq < firstReplayed);
    var lost = spans(before.where(seq -> !onDisk.contains(seq)), spans);
    var behind = all.where(seq -> seq >= firstReplayed);
    boolean known = behind.where(seq -> !spans.containsKey(seq)).isEmpty() && cutTo >= position;
    if (repeat != Repeat.EXACT || !known) {
      var kept = before.where(onDisk::contains);
      return resumed(
          uriNow,
          onDisk,
          end,
          position,
          Optional.empty(),
          kept,
          lost,
          List.of(),
          behind.size(),
          retries);
    }
    var kept = all.where(onDisk::contains);
    var replayed = spans(behind.where(seq -> !onDisk.contains(seq)), spans);
    return resumed(
        uriNow, onDisk, end, position, Optional.of(cutTo), kept, lost, replayed, 0, retries);
  }

  private Retries retries(Ranges onDisk, NavigableMap<Long, SourceSpan> spans) {
    var all = new TreeMap<Long, SourceSpan>();
    for (var span : spans.values()) if (span.isRetry()) all.put(span.seq(), span);
    return new Retries(
        all,
        onDisk.where(seq -> all.containsKey(seq) && (seq >= used || open.contains(seq))),
        open.where(seq -> all.containsKey(seq) && !onDisk.contains(seq)));
  }

  /**
   * @param exactlyTo the position to which everything read again is known, if it is
   */
  private Resumed resumed(
      String uriNow,
      Ranges onDisk,
      long end,
      long from,
      Optional<Long> exactlyTo,
      Ranges kept,
      List<SourceSpan> lost,
      List<SourceSpan> again,
      long renumbered,
      Retries retries) {
    var open = kept.plus(retries.kept());
    var gone = new ArrayList<>(lost);
    for (var span : retries.open())
      if (retries.lost().contains(span.seq()))
        gone.add(new SourceSpan(span.seq(), 0, 0, span.createdAtMs()));
    gone.forEach(span -> open.add(span.seq()));
    again.forEach(span -> open.add(span.seq()));
    long next = Math.max(nextSeq, end);
    if (!onDisk.isEmpty()) next = Math.max(next, onDisk.last() + 1);
    var now =
        new Progress(
            uriNow,
            next,
            from,
            exactlyTo.isPresent() ? firstReplayed : next,
            next,
            delivered,
            failed,
            shed,
            exactlyTo.orElse(from),
            open);
    return new Resumed(now, gone, again, renumbered, retries.open());
  }

  /** The span of each number, with nothing but the number if no more is known. */
  private static List<SourceSpan> spans(Ranges seqs, NavigableMap<Long, SourceSpan> known) {
    var spans = new ArrayList<SourceSpan>();
    seqs.forEach(seq -> spans.add(known.getOrDefault(seq, new SourceSpan(seq, 0, 0, 0))));
    return spans;
  }

  Progress withNextSeq(long seq) {
    return new Progress(
        uri, seq, position, firstReplayed, used, delivered, failed, shed, readTo, open);
  }
}
