package io.dayu.facts;

import com.google.protobuf.ByteString;
import io.dayu.pipeline.StreamName;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the cloud asks a node of the failed elements that it keeps, and what that answers. Every
 * question is answered, as long as the node hears it.
 */
public final class FailedElements {
  /** Most items of one page, so that it fits into a message. */
  public static final int MOST_ITEMS = 150;

  /** Most bytes of a payload in one answer, for the same reason. */
  public static final int MOST_BYTES = 128 << 10;

  private FailedElements() {}

  public sealed interface Question {
    StreamName stream();
  }

  /**
   * Some of what is kept, the lowest number first. Answered by {@link Items}.
   *
   * @param stage only what failed there
   * @param after only higher numbers; -1 for all
   */
  public record Page(StreamName stream, Optional<String> stage, long after, int limit)
      implements Question {
    public Page {
      Objects.requireNonNull(stream, "stream");
      Objects.requireNonNull(stage, "stage");
    }
  }

  /**
   * A part of a payload. Answered by {@link Bytes} or {@link Why#NOT_KEPT}.
   *
   * @param offset where it begins
   */
  public record Part(StreamName stream, long seq, long offset) implements Question {
    public Part {
      Objects.requireNonNull(stream, "stream");
    }
  }

  /**
   * Send them again. Answered by {@link Retried}, or by the reason why none of them is; as many are
   * sent as one answer takes.
   *
   * @param version of the pipeline through which they are to go, or a later one: a node that has
   *     not heard of it yet answers when it has
   */
  public record Retry(StreamName stream, Pick pick, long version) implements Question {
    public Retry {
      Objects.requireNonNull(stream, "stream");
      Objects.requireNonNull(pick, "pick");
    }
  }

  /** Keep them no longer. Answered by {@link Dropped}. */
  public record Drop(StreamName stream, Pick pick) implements Question {
    public Drop {
      Objects.requireNonNull(stream, "stream");
      Objects.requireNonNull(pick, "pick");
    }
  }

  /**
   * Which of those that are kept.
   *
   * @param seqs empty for all
   * @param stage only what failed there
   * @param after only higher numbers; -1 for all
   * @param upTo no higher numbers; -1 for the highest that there is now
   */
  public record Pick(List<Long> seqs, Optional<String> stage, long after, long upTo) {
    public Pick {
      seqs = List.copyOf(seqs);
      Objects.requireNonNull(stage, "stage");
    }
  }

  public sealed interface Answer extends Wire {}

  /**
   * A failed element.
   *
   * @param at when it failed, by the clock of its node
   * @param media the word for the type of its payload
   * @param bytes of its payload
   * @param retries how often it was sent again and failed again
   * @param firstSeq the number that it was read under
   * @param retriedAs its number while it is on its way again
   */
  public record Item(
      long seq,
      FailureCause cause,
      Instant at,
      Instant createdAt,
      String media,
      long bytes,
      int retries,
      long firstSeq,
      OptionalLong retriedAs) {
    public Item {
      Objects.requireNonNull(cause, "cause");
      Objects.requireNonNull(at, "at");
      Objects.requireNonNull(createdAt, "createdAt");
      Objects.requireNonNull(media, "media");
      Objects.requireNonNull(retriedAs, "retriedAs");
    }
  }

  /**
   * @param more whether there are others behind them
   */
  public record Items(List<Item> items, boolean more) implements Answer {
    public Items {
      items = List.copyOf(items);
    }
  }

  /**
   * @param total of the payload
   * @param part from where it was asked for
   */
  public record Bytes(long total, ByteString part) implements Answer {
    public Bytes {
      Objects.requireNonNull(part, "part");
    }
  }

  /**
   * @param as the new number of each that was sent again, by its number
   * @param notKept of those that were named
   * @param underWay of those that were named: they are on their way already
   * @param upTo the highest number that was meant
   * @param last all up to here were looked at
   * @param more whether others are left, for another question with both
   */
  public record Retried(
      SortedMap<Long, Long> as,
      List<Long> notKept,
      List<Long> underWay,
      long upTo,
      long last,
      boolean more)
      implements Answer {
    public Retried {
      as = Collections.unmodifiableSortedMap(new TreeMap<>(as));
      notKept = List.copyOf(notKept);
      underWay = List.copyOf(underWay);
    }
  }

  public record Dropped(long count) implements Answer {}

  public enum Why {
    NOT_KEPT,
    /** The pipeline is paused. */
    PAUSED,
    /** The node does not read the stream. */
    NOT_READ,
    /** It may be possible later, for example when the disk has room. */
    NOT_NOW,
    /** The node cannot be asked; never sent. */
    AWAY
  }

  /**
   * @param reason for people
   */
  public record Refused(Why why, String reason) implements Answer {
    public Refused {
      Objects.requireNonNull(why, "why");
      Objects.requireNonNull(reason, "reason");
    }
  }
}
