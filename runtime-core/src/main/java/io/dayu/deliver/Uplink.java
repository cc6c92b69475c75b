package io.dayu.deliver;

import com.google.protobuf.ByteString;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.NodeReport;
import io.dayu.pipeline.StreamName;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/**
 * What the streams of a node need of its membership; everything else between the two goes the other
 * way, as messages to the controller. It outlives any one member system, so that streams do not
 * notice when membership is started anew. Safe for any thread.
 */
public interface Uplink {
  /** Tells everyone about this node, when membership allows. */
  void report(NodeReport report);

  /**
   * Stores results; only on cloud nodes. Completes when they are in the store; fails when that is
   * not known, in which case the same results may be delivered again.
   *
   * @param elements all of {@code stream}
   * @return the numbers of those that stand as failed
   */
  CompletionStage<List<Long>> deliver(StreamName stream, List<Element> elements);

  /**
   * Keeps the payloads of elements of a stream, by their seqs; only on cloud nodes. Completes when
   * they are in the store; fails when that is not known, in which case it may be called again.
   */
  CompletionStage<Done> keep(StreamName stream, Map<Long, Media> frames);

  /**
   * Tells a node over the cluster what of its elements is stored; only on cloud nodes. Returns at
   * once. Nobody hears it while this node or that one is no member.
   *
   * @param origin the node's name
   */
  void acknowledge(String origin, Acknowledgement acknowledgement);

  /**
   * The sequence number a generator begins with, above all that were ever stored for the stream.
   * Fails while the cloud cannot be asked.
   */
  CompletionStage<Long> firstSeq(StreamName stream);

  /**
   * A part of a value of a side input; fails while the cloud cannot be asked.
   *
   * @param digest SHA-256 in hexadecimal digits
   * @param offset from which byte on
   */
  CompletionStage<SidePart> side(String pipeline, String digest, int offset);

  /**
   * @param total bytes of the whole value; -1 if the pipeline does not have it any more
   */
  record SidePart(int total, ByteString part) {}
}
