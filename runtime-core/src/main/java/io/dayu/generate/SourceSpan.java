package io.dayu.generate;

/**
 * Notes that an element was cut, and from which part of its source.
 *
 * @param from the source's position before it; negative for a {@link #retry}
 * @param to the source's position behind it
 */
public record SourceSpan(long seq, long from, long to, long createdAtMs) {
  /** Of an element that comes from no source: it is sent in place of the one that failed. */
  static SourceSpan retry(long seq, long failed, long createdAtMs) {
    return new SourceSpan(seq, -1, failed, createdAtMs);
  }

  boolean isRetry() {
    return from < 0;
  }

  /** The number of the element that failed, of a {@link #retry}. */
  long failed() {
    return to;
  }
}
