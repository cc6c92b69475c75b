package io.dayu.store;

import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Hop;
import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import java.util.ArrayList;
import java.util.List;

/** Results as a small pipeline makes them. */
public final class Results {
  private Results() {}

  public static StoredResult delivered(String stream, long seq) {
    return new StoredResult(element(stream, seq).build(), false);
  }

  public static StoredResult failed(String stream, long seq) {
    var ending =
        Ending.newBuilder().setKind(Ending.Kind.FAILED).setStage("count").setReason("broken");
    return new StoredResult(element(stream, seq).setEnding(ending).build(), false);
  }

  /** Delivered results {@code from .. to - 1}. */
  public static List<StoredResult> range(String stream, long from, long to) {
    var results = new ArrayList<StoredResult>();
    for (var seq = from; seq < to; seq++) results.add(delivered(stream, seq));
    return results;
  }

  public static Element.Builder element(String stream, long seq) {
    var labels = Labels.newBuilder().addLabel(Label.newBuilder().setName("person").setValue(seq));
    return Element.newBuilder()
        .setStream(stream)
        .setSeq(seq)
        .setAttempt(1)
        .setOrigin("edge-1")
        .setCreatedAtMs(1_700_000_000_000L + seq)
        .addOutputs(Outputs.of("count", Media.newBuilder().setLabels(labels).build()))
        .addTrace(Hop.newBuilder().setStage("count").setNode("edge-1").setWorkUs(120).setTries(1));
  }
}
