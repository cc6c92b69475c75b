package io.dayu.facts;

import io.dayu.facts.wire.Ack;
import io.dayu.pipeline.StreamName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntToLongFunction;

/** Acknowledgements to and from protobuf; the same in messages between members and on links. */
public final class Acknowledgements {
  /** Bytes, so that an acknowledgement stays below the 64 KiB of a link's control frame. */
  private static final int MOST_CAUSES = 24 << 10;

  private Acknowledgements() {}

  public static Ack write(Acknowledgement acknowledgement) {
    var proto = Ack.newBuilder().setStream(acknowledgement.stream().toString());
    for (long seq : acknowledgement.delivered()) proto.addDelivered(seq);
    for (long seq : acknowledgement.failed()) proto.addFailed(seq);
    if (!acknowledgement.causes().isEmpty()) writeCauses(acknowledgement, proto);
    return proto.build();
  }

  /** Elements that fail together mostly fail for one reason, so that stands there once. */
  private static void writeCauses(Acknowledgement acknowledgement, Ack.Builder proto) {
    var seqs = new LinkedHashMap<FailureCause, List<Long>>();
    new TreeMap<>(acknowledgement.causes())
        .forEach((seq, cause) -> seqs.computeIfAbsent(cause, c -> new ArrayList<>()).add(seq));
    int bytes = 0;
    for (var each : seqs.entrySet()) {
      var cause =
          io.dayu.facts.wire.FailureCause.newBuilder()
              .setStage(each.getKey().stage())
              .setReason(each.getKey().reason())
              .addAllSeq(each.getValue())
              .build();
      bytes += cause.getSerializedSize();
      if (bytes > MOST_CAUSES) return;
      proto.addCauses(cause);
    }
  }

  private static Map<Long, FailureCause> causes(Ack proto) {
    if (proto.getCausesCount() == 0) return Map.of();
    var causes = new HashMap<Long, FailureCause>();
    for (var each : proto.getCausesList()) {
      var cause = new FailureCause(each.getStage(), each.getReason());
      each.getSeqList().forEach(seq -> causes.put(seq, cause));
    }
    return causes;
  }

  /**
   * @throws IllegalArgumentException if it is of no stream
   */
  public static Acknowledgement read(Ack proto) {
    return new Acknowledgement(
        StreamName.parse(proto.getStream()),
        numbers(proto.getDeliveredCount(), proto::getDelivered),
        numbers(proto.getFailedCount(), proto::getFailed),
        causes(proto));
  }

  /** Through an index, since a list of protobuf would make an object of each number. */
  private static long[] numbers(int count, IntToLongFunction at) {
    var numbers = new long[count];
    for (int i = 0; i < count; i++) numbers[i] = at.applyAsLong(i);
    return numbers;
  }
}
