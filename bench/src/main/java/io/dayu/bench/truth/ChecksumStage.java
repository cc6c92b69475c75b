package io.dayu.bench.truth;

import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Reading;
import io.dayu.element.Readings;
import io.dayu.stage.Outcome;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.typed.Behavior;

/**
 * Passes on each reading with the checksum of what arrived in place of its text. Nodes find it, and
 * {@link CountedSource}, with {@link NodeClasses}.
 */
public final class ChecksumStage implements StageProvider {
  /** Stage type. */
  public static final String TYPE = "checksum";

  /** Begins the reason of an element whose outputs contradict its payload. */
  static final String CORRUPTED = "corrupted: ";

  private static final StageDescriptor DESCRIPTOR =
      new StageDescriptor(
          TYPE,
          "1",
          "The checksum of what arrived, to prove that nothing was changed on the way",
          Set.of(MediaType.READINGS),
          Set.of(MediaType.READINGS),
          MediaType.READINGS,
          List.of(),
          4,
          1);

  @Override
  public StageDescriptor descriptor() {
    return DESCRIPTOR;
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Stages.sync(ChecksumStage::check);
  }

  static Outcome check(Element element) {
    var marks = new ArrayList<Reading>();
    for (var reading : element.getPayload().getReadings().getReadingList())
      marks.add(reading.toBuilder().setUnit(CountedReadings.checksum(reading)).build());
    for (var output : element.getOutputsList())
      if (!marksOf(output.getMedia()).equals(marks))
        return new Outcome.Failed(
            CORRUPTED + "the output of %s is of other data".formatted(output.getStage()), false);
    return Stages.output(
        Media.newBuilder().setReadings(Readings.newBuilder().addAllReading(marks)).build());
  }

  private static List<Reading> marksOf(Media output) {
    return output.getReadings().getReadingList().stream()
        .filter(reading -> !reading.getSensor().equals(Variant.REVISION))
        .toList();
  }
}
