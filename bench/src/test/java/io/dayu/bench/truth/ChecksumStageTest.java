package io.dayu.bench.truth;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.element.Reading;
import io.dayu.element.Readings;
import io.dayu.stage.Outcome;
import org.junit.jupiter.api.Test;

class ChecksumStageTest {
  private static final Reading READING = CountedReadings.reading("s", 12, 100);

  private static Media media(Reading reading) {
    return Media.newBuilder().setReadings(Readings.newBuilder().addReading(reading)).build();
  }

  private static Reading passed(Element element) {
    return ((Outcome.Output) ChecksumStage.check(element)).media().getReadings().getReading(0);
  }

  @Test
  void aReadingPassesWithTheChecksumOfWhatArrived() {
    var mark = passed(Element.newBuilder().setPayload(media(READING)).build());
    assertThat(mark.getSensor()).isEqualTo("s");
    assertThat(mark.getValue()).isEqualTo(12);
    assertThat(mark.getUnit()).isEqualTo(CountedReadings.checksum(READING));
    var changed = READING.toBuilder().setUnit(READING.getUnit().replace('a', 'b')).build();
    assertThat(passed(Element.newBuilder().setPayload(media(changed)).build()).getUnit())
        .isNotEqualTo(mark.getUnit());
  }

  @Test
  void aStageBeforeItThatSawOtherDataFailsTheElement() {
    var first = ChecksumStage.check(Element.newBuilder().setPayload(media(READING)).build());
    var same =
        Element.newBuilder()
            .setPayload(media(READING))
            .addOutputs(Outputs.of("a", ((Outcome.Output) first).media()))
            .build();
    assertThat(passed(same).getUnit()).isEqualTo(CountedReadings.checksum(READING));
    var other = same.toBuilder().setPayload(media(CountedReadings.reading("s", 13, 100))).build();
    assertThat(ChecksumStage.check(other))
        .isInstanceOfSatisfying(
            Outcome.Failed.class,
            failed -> {
              assertThat(failed.reason()).startsWith(ChecksumStage.CORRUPTED);
              assertThat(failed.retryable()).isFalse();
            });
  }
}
