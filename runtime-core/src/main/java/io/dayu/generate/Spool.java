package io.dayu.generate;

import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.OutboxStore.Kind;
import io.dayu.deliver.Pace;
import io.dayu.element.Element;
import io.dayu.generate.Unsettled.Flight;
import io.dayu.pipeline.StreamName;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/**
 * Elements of a stream that wait on the disk before they are worked on: written while the cloud is
 * out of reach, brought back lowest number first and at a pace when it is there again. They stay on
 * the disk until they are settled. Belongs to one actor.
 */
final class Spool {
  private final OutboxStore disk;
  private final StreamName stream;
  private final long maxBytes;
  private final Pace pace;
  private long from;
  private boolean reading;
  private boolean rewound; // since the last read began

  /**
   * @param maxBytes the most memory that elements which were brought back may take
   */
  Spool(OutboxStore disk, StreamName stream, long maxBytes, long nowNanos) {
    this.disk = disk;
    this.stream = stream;
    this.maxBytes = maxBytes;
    this.pace = new Pace(disk.settings(), nowNanos);
  }

  /** Completes when the element is safe; fails when there is no room, or that is not certain. */
  CompletionStage<Done> write(Flight flight) {
    return disk.put(
        Kind.ELEMENT, List.of(flight.base.toBuilder().setAttempt(flight.attempt).build()));
  }

  /**
   * Reads the next elements, if some wait and the pace allows it; {@link #brought} is to be called
   * with the result.
   */
  Optional<CompletionStage<List<Element>>> next(Unsettled unsettled, long nowNanos) {
    int room = disk.settings().outstanding() - unsettled.again().size();
    long bytes = maxBytes;
    for (var flight : unsettled.again().values()) bytes -= flight.bytes;
    boolean more = unsettled.spooled().size() > unsettled.again().size();
    if (reading || !more || room <= 0 || bytes <= 0) return Optional.empty();
    int count = Math.min(room, pace.elements(nowNanos));
    if (count == 0) return Optional.empty();
    reading = true;
    rewound = false;
    return Optional.of(disk.read(Kind.ELEMENT, stream, from, count, Math.min(bytes, pace.bytes())));
  }

  void brought(List<Element> elements) {
    reading = false;
    pace.spend(elements.size(), elements.stream().mapToLong(Element::getSerializedSize).sum());
    // At the end it starts from the lowest number again: lower ones may have been written
    // meanwhile.
    boolean anew = rewound || elements.isEmpty();
    from = anew ? 0 : elements.get(elements.size() - 1).getSeq() + 1;
  }

  /** All that was brought back is to be brought again, even if a read is under way. */
  void rewind() {
    from = 0;
    rewound = true;
  }
}
