package io.dayu.facts;

import io.dayu.pipeline.StreamName;
import java.util.Objects;

/**
 * Results of one stream that are in the store. It travels from the store back to the generator,
 * which then forgets the elements: over the cluster from the stream's distributor, and over links
 * from the ingress that handed the results to it.
 *
 * @param delivered their sequence numbers; owned by the message, not to be changed
 * @param failed those stored as failed
 */
public record Acknowledgement(StreamName stream, long[] delivered, long[] failed) implements Wire {
  public Acknowledgement {
    Objects.requireNonNull(stream, "stream");
  }
}
