package io.dayu.facts;

import io.dayu.facts.wire.Ack;
import io.dayu.pipeline.StreamName;
import java.util.List;

/** Acknowledgements to and from protobuf; the same in messages between members and on links. */
public final class Acknowledgements {
  private Acknowledgements() {}

  public static Ack write(Acknowledgement acknowledgement) {
    var proto = Ack.newBuilder().setStream(acknowledgement.stream().toString());
    for (long seq : acknowledgement.delivered()) proto.addDelivered(seq);
    for (long seq : acknowledgement.failed()) proto.addFailed(seq);
    return proto.build();
  }

  /**
   * @throws IllegalArgumentException if it is of no stream
   */
  public static Acknowledgement read(Ack proto) {
    return new Acknowledgement(
        StreamName.parse(proto.getStream()),
        numbers(proto.getDeliveredList()),
        numbers(proto.getFailedList()));
  }

  private static long[] numbers(List<Long> numbers) {
    return numbers.stream().mapToLong(Long::longValue).toArray();
  }
}
