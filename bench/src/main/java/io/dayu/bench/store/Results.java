package io.dayu.bench.store;

import com.google.protobuf.ByteString;
import io.dayu.element.Element;
import io.dayu.element.Hop;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.store.StoredResult;
import java.util.ArrayList;
import java.util.List;

/**
 * Results of one pipeline as they come from many streams at the same pace: the stream of a result
 * and its number follow from how many came before it.
 *
 * @param bytes of an output of each
 */
record Results(int streams, int bytes) {
  static final String PIPELINE = "bench";
  private static final long BEGUN_MS = 1_700_000_000_000L;

  String stream(long index) {
    return PIPELINE + "/sensor-" + index % streams;
  }

  /** How many came before it. */
  static long index(Element element) {
    return element.getCreatedAtMs() - BEGUN_MS;
  }

  private long seq(long index) {
    return index / streams;
  }

  /** So many results, one after the other. */
  List<StoredResult> batch(long from, int count) {
    var output = Media.newBuilder().setOpaque(ByteString.copyFrom(new byte[bytes])).build();
    var hop = Hop.newBuilder().setStage("identity").setNode("edge-1").setTries(1).build();
    var batch = new ArrayList<StoredResult>(count);
    for (long i = from; i < from + count; i++)
      batch.add(
          new StoredResult(
              Element.newBuilder()
                  .setStream(stream(i))
                  .setSeq(seq(i))
                  .setAttempt(1)
                  .setOrigin("edge-1")
                  .setCreatedAtMs(BEGUN_MS + i)
                  .addOutputs(Outputs.of("identity", output))
                  .addTrace(hop)
                  .build(),
              false));
    return batch;
  }
}
