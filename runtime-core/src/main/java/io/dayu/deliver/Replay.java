package io.dayu.deliver;

import io.dayu.deliver.OutboxStore.Kind;
import io.dayu.element.Element;
import io.dayu.pipeline.StreamName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * Which results of the disk are handed to the cloud next: of each stream the lowest number first,
 * the streams in turn, at a pace, and no more in flight than allowed, of a stream that the cloud
 * cannot store one. A result is in flight until it is forgotten. If the oldest one is in flight for
 * too long, all are handed over again: the result, the acknowledgement, or the message that it is
 * settled may be lost. Belongs to one actor.
 */
final class Replay {
  /** What is to be read of a stream. */
  record Lane(StreamName stream, long from, int count, long bytes) {}

  private record Key(StreamName stream, long seq) {}

  private final OutboxStore disk;
  private final Pace pace;
  private final Map<StreamName, Long> cursors = new HashMap<>(); // by stream, the next number
  private final Map<Key, Long> underWay = new LinkedHashMap<>(); // since when; bounded by settings
  private Optional<StreamName> last = Optional.empty(); // that was in turn
  private boolean reading;
  private boolean rewound; // while something was being read

  Replay(OutboxStore disk, long nowNanos) {
    this.disk = disk;
    this.pace = new Pace(disk.settings(), nowNanos);
  }

  /**
   * What to {@link #read} now; empty if nothing is due.
   *
   * @param unstored the names of streams whose results the cloud sends back
   */
  Optional<Lane> next(long nowNanos, Set<String> unstored) {
    if (reading) return Optional.empty();
    var oldest = underWay.values().iterator();
    if (oldest.hasNext() && nowNanos - oldest.next() > disk.settings().retry().toNanos()) rewind();
    int room = disk.settings().outstanding() - underWay.size();
    var waiting = disk.backlog(Kind.RESULT);
    cursors.keySet().retainAll(waiting.keySet());
    if (waiting.isEmpty() || room <= 0) return Optional.empty();
    int count = Math.min(room, pace.elements(nowNanos));
    if (count == 0) return Optional.empty();
    var streams = new ArrayList<>(waiting.keySet());
    if (!unstored.isEmpty())
      streams.removeIf(stream -> unstored.contains(stream.toString()) && isUnderWay(stream));
    if (streams.isEmpty()) return Optional.empty();
    var stream = after(last, streams);
    last = Optional.of(stream);
    reading = true;
    int now = unstored.contains(stream.toString()) ? 1 : count;
    return Optional.of(
        new Lane(stream, cursors.getOrDefault(stream, Long.MIN_VALUE), now, pace.bytes()));
  }

  private boolean isUnderWay(StreamName stream) {
    return underWay.keySet().stream().anyMatch(key -> key.stream().equals(stream));
  }

  CompletionStage<List<Element>> read(Lane lane) {
    return disk.read(Kind.RESULT, lane.stream(), lane.from(), lane.count(), lane.bytes());
  }

  /** Which of the elements that were read are to be sent. */
  List<Element> sent(Lane lane, List<Element> elements, boolean reachable, long nowNanos) {
    reading = false;
    boolean stale = rewound || !reachable;
    rewound = false;
    if (stale) return List.of();
    pace.spend(elements.size(), elements.stream().mapToLong(Element::getSerializedSize).sum());
    var fresh = new ArrayList<Element>();
    for (var element : elements)
      if (underWay.putIfAbsent(new Key(lane.stream(), element.getSeq()), nowNanos) == null)
        fresh.add(element);
    // At the end it starts from the lowest number again: lower ones may have been written
    // meanwhile.
    if (elements.isEmpty()) cursors.remove(lane.stream());
    else cursors.put(lane.stream(), elements.get(elements.size() - 1).getSeq() + 1);
    return fresh;
  }

  void forget(StreamName stream, Ranges seqs) {
    if (!underWay.isEmpty()) seqs.forEach(seq -> underWay.remove(new Key(stream, seq)));
  }

  /** Everything in flight may be lost: hands it over again. */
  void rewind() {
    rewound = reading;
    underWay.clear();
    cursors.clear();
  }

  private static StreamName after(Optional<StreamName> last, List<StreamName> streams) {
    for (var stream : streams)
      if (last.isPresent() && stream.compareTo(last.get()) > 0) return stream;
    return streams.get(0);
  }
}
