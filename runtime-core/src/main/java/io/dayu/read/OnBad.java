package io.dayu.read;

import io.dayu.source.Query;
import io.dayu.source.Segment;
import java.util.List;

/** What becomes of a record or message that is no reading. */
enum OnBad {
  /** The stream ends there, for good. */
  STOP,
  /** It becomes an element that has failed, and the stream goes on. */
  FAIL,
  /** It becomes an element that was skipped, and the stream goes on. */
  SKIP;

  static final String PARAMETER = "onBad";

  static OnBad of(Query query, OnBad otherwise) {
    return query.choice(PARAMETER, List.of(values())).orElse(otherwise);
  }

  /**
   * The element; not for {@link #STOP}.
   *
   * @param position behind it
   */
  Segment segment(String reason, long position) {
    return this == SKIP ? Segment.skipped(reason, position) : Segment.failed(reason, position);
  }
}
