package io.dayu.catalog.sensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.dayu.catalog.Samples;
import io.dayu.element.Label;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.element.Reading;
import io.dayu.element.Readings;
import io.dayu.stage.Outcome;
import io.dayu.stage.testkit.StageTestKit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SensorStagesTest {
  @Test
  void theAverageIsOverTheLastReadingsOfEachSensor() {
    try (var run = StageTestKit.start(new MovingAverage(), Map.of("window", 3))) {
      assertThat(values(run, 0, reading("a", 3), reading("b", 100), reading("a", 5)))
          .containsExactly(3.0, 100.0, 4.0);
      assertThat(values(run, 1, reading("a", 7), reading("a", 9), reading("a", Double.NaN)))
          .containsExactly(5.0, 7.0, Double.NaN);
      assertThat(values(run, 2, reading("b", 50))).containsExactly(75.0);
      assertThat(values(run, 1, reading("a", 1000))).as("a late element").containsExactly(7.0);
      assertThat(values(run, 3, reading("a", 11))).containsExactly(9.0);
    }
  }

  @Test
  void aStageAfterAnotherReadsItsOutputInsteadOfThePayload() {
    try (var run = StageTestKit.start(new MovingAverage(), Map.of())) {
      var element =
          Samples.element(0, readings(reading("a", 1))).toBuilder()
              .addOutputs(Outputs.of("before", readings(reading("a", 42))))
              .build();
      assertThat(run.output(element).getReadings().getReading(0).getValue()).isEqualTo(42);
    }
  }

  @Test
  void outliersAreFoundAndLittleElse() {
    for (var method : List.of("robust", "ewma")) {
      try (var run = StageTestKit.start(new AnomalyDetection(), Map.of("method", method))) {
        var random = new Random(42);
        var outliers = Set.of(100, 300, 301, 777, 1500);
        var found = new HashSet<Integer>();
        for (var i = 0; i < 2000; i++) {
          var usual = 20 + 5 * Math.sin(i / 200.0) + random.nextGaussian() * 0.5;
          var labels = labels(run, i, reading("t", outliers.contains(i) ? usual + 10 : usual));
          if (!labels.isEmpty()) found.add(i);
        }
        assertThat(found).as(method).containsAll(Set.of(100, 300, 777, 1500));
        assertThat(found).as(method).hasSizeLessThan(20);
      }
    }
  }

  @Test
  void theRobustScoreSeesASecondOutlierThatTheFirstWouldHide() {
    try (var run = StageTestKit.start(new AnomalyDetection(), Map.of())) {
      var random = new Random(1);
      for (var i = 0; i < 60; i++) labels(run, i, reading("t", random.nextGaussian()));
      for (var i = 60; i < 65; i++)
        assertThat(labels(run, i, reading("t", -20)))
            .singleElement()
            .satisfies(l -> assertThat(l.getName()).isEqualTo("t"))
            .satisfies(l -> assertThat(l.getValue()).isLessThan(-4));
    }
  }

  /** What the detector has learnt stays, and a wrong threshold fails elements while it stands. */
  @Test
  void theThresholdChangesWhileTheDetectorGoesOn() {
    try (var run = StageTestKit.start(new AnomalyDetection(), Map.of())) {
      var random = new Random(1);
      for (var i = 0; i < 60; i++) labels(run, i, reading("t", random.nextGaussian()));
      assertThat(labels(run, 60, reading("t", -20))).hasSize(1);
      run.change(Map.of("threshold", 1000));
      assertThat(labels(run, 61, reading("t", -20))).isEmpty();
      run.change(Map.of("threshold", -1));
      assertThat(run.process(Samples.element(62, readings(reading("t", -20)))))
          .isInstanceOfSatisfying(
              Outcome.Failed.class,
              failed -> {
                assertThat(failed.reason()).startsWith("parameters: threshold must be between 0");
                assertThat(failed.retryable()).isFalse();
              });
      run.change(Map.of("threshold", 4));
      assertThat(labels(run, 63, reading("t", -20))).hasSize(1);
    }
  }

  @Test
  void aSensorThatNeverVariedIsJudgedToo() {
    for (var method : List.of("robust", "ewma")) {
      try (var run = StageTestKit.start(new AnomalyDetection(), Map.of("method", method))) {
        for (var i = 0; i < 30; i++) assertThat(labels(run, i, reading("t", 7))).isEmpty();
        assertThat(labels(run, 30, reading("t", 7.1)).get(0).getValue()).isEqualTo(Score.MOST);
        assertThat(labels(run, 31, reading("t", Double.NaN)).get(0).getValue())
            .isEqualTo(Score.MOST);
      }
    }
  }

  @Test
  void scoresAreStandardDeviations() {
    var random = new Random(3);
    var robust = new Score.Robust(5000);
    var ewma = new Score.Ewma(0.001);
    for (var i = 0; i < 5000; i++) {
      var value = 10 + 2 * random.nextGaussian();
      robust.learn(value);
      ewma.learn(value);
    }
    assertThat(robust.of(16)).isCloseTo(3, within(0.15));
    assertThat(ewma.of(16)).isCloseTo(3, within(0.3));
  }

  @Test
  void aSenselessParameterIsTold() {
    try (var run = StageTestKit.start(new AnomalyDetection(), Map.of("method", "magic"))) {
      assertThat(run.process(Samples.element(0, readings(reading("t", 1)))))
          .isEqualTo(
              new Outcome.Failed("parameters: method must be robust or ewma, was magic", false));
    }
  }

  private static List<Double> values(StageTestKit run, long seq, Reading... readings) {
    return run
        .output(Samples.element(seq, readings(readings)))
        .getReadings()
        .getReadingList()
        .stream()
        .map(Reading::getValue)
        .toList();
  }

  private static List<Label> labels(StageTestKit run, long seq, Reading... readings) {
    return new ArrayList<>(
        run.output(Samples.element(seq, readings(readings))).getLabels().getLabelList());
  }

  private static Media readings(Reading... readings) {
    return Media.newBuilder()
        .setReadings(Readings.newBuilder().addAllReading(List.of(readings)))
        .build();
  }

  private static Reading reading(String sensor, double value) {
    return Reading.newBuilder().setSensor(sensor).setValue(value).build();
  }
}
