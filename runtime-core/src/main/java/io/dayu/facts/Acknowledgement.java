package io.dayu.facts;

import io.dayu.pipeline.StreamName;
import java.util.Map;
import java.util.Objects;

/**
 * Results of one stream that are in the store. It travels from the ingress that had them stored
 * back to the generator, which then forgets the elements: over a link that the generator's node has
 * opened, otherwise over the cluster. It may be lost; the generator then sends the elements again.
 *
 * @param delivered their sequence numbers; owned by the message, not to be changed
 * @param failed those stored as failed
 * @param causes why, of those that failed for which it is known
 */
public record Acknowledgement(
    StreamName stream, long[] delivered, long[] failed, Map<Long, FailureCause> causes)
    implements Wire {
  public Acknowledgement {
    Objects.requireNonNull(stream, "stream");
    causes = Map.copyOf(causes);
  }

  /** One that tells no causes. */
  public Acknowledgement(StreamName stream, long[] delivered, long[] failed) {
    this(stream, delivered, failed, Map.of());
  }

  /** Why the element of this number failed. */
  public FailureCause cause(long seq) {
    return causes.getOrDefault(seq, FailureCause.UNKNOWN);
  }
}
