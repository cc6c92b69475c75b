package io.dayu.facts;

import io.dayu.facts.wire.Ack;
import io.dayu.pipeline.StreamName;
import java.util.function.IntToLongFunction;

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
        numbers(proto.getDeliveredCount(), proto::getDelivered),
        numbers(proto.getFailedCount(), proto::getFailed));
  }

  /** Through an index, since a list of protobuf would make an object of each number. */
  private static long[] numbers(int count, IntToLongFunction at) {
    var numbers = new long[count];
    for (int i = 0; i < count; i++) numbers[i] = at.applyAsLong(i);
    return numbers;
  }
}
