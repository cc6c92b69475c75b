package io.dayu.catalog.video;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.catalog.Samples;
import io.dayu.element.Box;
import io.dayu.element.Boxes;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.stage.testkit.StageTestKit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BoxTrackerTest {
  @Test
  void everyObjectKeepsItsNumberWhileTheyPassEachOther() {
    try (var run = StageTestKit.start(new BoxTracker(), Map.of())) {
      var right = new HashSet<Long>();
      var left = new HashSet<Long>();
      for (var i = 0; i < 40; i++) {
        var boxes =
            track(
                run,
                i,
                box("person", 0.05 + i * 0.02, 0.30),
                box("person", 0.85 - i * 0.02, 0.36),
                box("car", 0.05 + i * 0.02, 0.30));
        right.add(boxes.get(0).getTrack());
        left.add(boxes.get(1).getTrack());
        assertThat(boxes.get(2).getTrack()).isNotEqualTo(boxes.get(0).getTrack());
      }
      assertThat(right).hasSize(1).doesNotContain(0L);
      assertThat(left).hasSize(1).doesNotContain(0L).doesNotContainAnyElementsOf(right);
    }
  }

  @Test
  void aTrackSurvivesAGapAndNotALongerOne() {
    try (var run = StageTestKit.start(new BoxTracker(), Map.of("maxGap", 5))) {
      var moving = new ArrayList<Long>();
      for (var i = 0; i < 10; i++)
        moving.add(track(run, i, box("person", 0.1 + i * 0.02, 0.3)).get(0).getTrack());
      for (var i = 10; i < 15; i++) track(run, i);
      var back = track(run, 15, box("person", 0.1 + 15 * 0.02, 0.3)).get(0).getTrack();
      assertThat(moving).containsOnly(back);
      assertThat(track(run, 30, box("person", 0.1 + 16 * 0.02, 0.3)).get(0).getTrack())
          .as("elements 16 to 29 never came")
          .isNotEqualTo(back);
    }
  }

  @Test
  void anElementThatComesAgainGetsTheSameNumbersAndTeachesNothing() {
    try (var run = StageTestKit.start(new BoxTracker(), Map.of())) {
      for (var i = 0; i < 5; i++) track(run, i, box("person", 0.1 + i * 0.01, 0.3));
      var first = track(run, 5, box("person", 0.15, 0.3), box("car", 0.7, 0.7));
      assertThat(track(run, 5, box("person", 0.15, 0.3), box("car", 0.7, 0.7))).isEqualTo(first);
      assertThat(track(run, 4, box("person", 0.9, 0.1)).get(0).getTrack()).isZero();
    }
  }

  @Test
  void framesWithinAnElementFollowEachOther() {
    try (var run = StageTestKit.start(new BoxTracker(), Map.of())) {
      var boxes = new ArrayList<Box>();
      for (var i = 0; i < 5; i++)
        boxes.add(box("car", 0.1 + i * 0.03, 0.5).toBuilder().setFrame(i).build());
      var tracked = track(run, 0, boxes.toArray(Box[]::new));
      assertThat(tracked).hasSize(5).extracting(Box::getTrack).containsOnly(1L);
      assertThat(tracked).extracting(Box::getFrame).containsExactly(0, 1, 2, 3, 4);
    }
  }

  @Test
  void numbersOfAnotherInstanceMeanOtherObjects() {
    try (var here = StageTestKit.start(new BoxTracker(), Map.of());
        var there = StageTestKit.start(new BoxTracker(), Map.of())) {
      var before = track(here, 7, box("car", 0.1, 0.1)).get(0).getTrack();
      var after = track(there, 8, box("car", 0.1, 0.1), box("car", 0.5, 0.5));
      assertThat(after).extracting(Box::getTrack).doesNotContain(before).doesNotHaveDuplicates();
    }
  }

  @Test
  void memoryIsBoundedWhateverIsFound() {
    var tracks = new Tracks(0.2f, 1000);
    for (var i = 0; i < 50; i++) {
      var boxes = new ArrayList<Box>();
      for (var k = 0; k < 20; k++) boxes.add(box("thing" + i, k / 20.0, i / 50.0));
      var tracked = tracks.observe(boxes, 1, i);
      assertThat(tracked).extracting(Box::getTrack).doesNotHaveDuplicates().doesNotContain(0L);
    }
    assertThat(tracks.size()).isEqualTo(Tracks.MAX_TRACKS);
  }

  private static List<Box> track(StageTestKit run, long seq, Box... boxes) {
    Element element =
        Samples.after(
            seq,
            "detect",
            Media.newBuilder().setBoxes(Boxes.newBuilder().addAllBox(List.of(boxes))).build());
    return run.output(element).getBoxes().getBoxList();
  }

  private static Box box(String label, double x, double y) {
    return Box.newBuilder()
        .setLabel(label)
        .setScore(0.9f)
        .setX((float) x)
        .setY((float) y)
        .setWidth(0.06f)
        .setHeight(0.15f)
        .build();
  }
}
