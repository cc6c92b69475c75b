package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.source.Segment;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class CutterTest {
  private static final long MS = GenerateKit.MS;
  private static final long CREATED_MS = 1_700_000_000_000L;

  private final Numbering numbering = new Numbering();
  private final ReplayedSpans replayed = new ReplayedSpans();
  private final List<SourceSpan> noted = new ArrayList<>();
  private long now = GenerateKit.NOW;
  private final Cutter cutter =
      new Cutter(
          GenerateKit.STREAM,
          "edge-1",
          numbering,
          replayed,
          noted::addAll,
          Clock.fixed(Instant.ofEpochMilli(CREATED_MS), ZoneOffset.UTC),
          now);

  @Test
  void everySegmentIsAnElementWithTheNextNumber() {
    numbering.start(500);
    cutter.seek(7);
    var cut = cut(7, 8);
    assertThat(cut.made()).hasSize(2).allMatch(Cutter.Made::fresh);
    assertThat(cut.renumbered()).isZero();
    var second = cut.made().get(1);
    assertThat(second.span()).isEqualTo(new SourceSpan(501, 8, 9, CREATED_MS));
    var element = second.element();
    assertThat(element.getStream()).isEqualTo(GenerateKit.STREAM.toString());
    assertThat(element.getSeq()).isEqualTo(501);
    assertThat(element.getOrigin()).isEqualTo("edge-1");
    assertThat(element.getCreatedAtMs()).isEqualTo(CREATED_MS);
    assertThat(element.getAttempt()).isZero();
    assertThat(element.getPayload()).isEqualTo(GenerateKit.segment(8, 10).payload());
    assertThat(cutter.position()).isEqualTo(9);
  }

  @Test
  void whatIsCutIsNotedBeforeAnybodySeesIt() {
    numbering.start(0);
    var cut = cut(0, 1, 2);
    assertThat(noted).isEqualTo(spans(cut));
  }

  @Test
  void whereNumbersRunOutNothingIsNoted() {
    numbering.start(0);
    for (long i = 0; i < Numbering.BLOCK - 1; i++) numbering.take();
    assertThatThrownBy(() -> cut(0, 1)).isInstanceOf(IllegalStateException.class);
    assertThat(noted).isEmpty();
  }

  @Test
  void whatComesAgainAfterACrashKeepsItsNumber() {
    numbering.start(500);
    replayed.restore(List.of(GenerateKit.span(0), GenerateKit.span(1)), 2);
    var cut = cut(0, 1, 2);
    assertThat(cut.made()).extracting(m -> m.element().getSeq()).containsExactly(0L, 1L, 500L);
    assertThat(cut.made()).extracting(Cutter.Made::fresh).containsExactly(false, false, true);
    var again = cut.made().get(0);
    assertThat(again.span()).isEqualTo(GenerateKit.span(0));
    assertThat(again.element().getCreatedAtMs()).as("of its first life").isEqualTo(1);
    assertThat(again.element().getAttempt()).as("it may have been sent").isEqualTo(1);
    assertThat(noted).as("the others were noted then").containsExactly(cut.made().get(2).span());
    assertThat(cut.renumbered()).isZero();
  }

  @Test
  void whatWasSettledIsLeftOut() {
    numbering.start(500);
    replayed.restore(List.of(GenerateKit.span(1)), 3);
    var cut = cut(0, 1, 2);
    assertThat(spans(cut)).containsExactly(GenerateKit.span(1));
    assertThat(cutter.position()).isEqualTo(3);
    assertThat(noted).isEmpty();
  }

  @Test
  void whereTheSourceDoesNotRepeatItselfWhatWasDueHasNewNumbersAndThatIsTold() {
    numbering.start(500);
    replayed.restore(List.of(GenerateKit.span(0), GenerateKit.span(1), GenerateKit.span(2)), 3);
    assertThat(spans(cut(0))).containsExactly(GenerateKit.span(0));
    // A larger piece than what was under way.
    var cut = cutter.cut(List.of(GenerateKit.segment(2, 10)), 0, now);
    assertThat(cut.renumbered()).isEqualTo(2);
    assertThat(spans(cut)).containsExactly(new SourceSpan(500, 1, 3, CREATED_MS));
    assertThat(replayed.size()).isZero();
    assertThat(cut(3).renumbered()).as("told once").isZero();
  }

  @Test
  void asManyAreKeptAsAreWanted() {
    numbering.start(0);
    int kept = 0;
    for (int i = 0; i < 1_000; i++, now += 10 * MS) kept += kept(25, i); // over the clock's end
    assertThat(kept).isBetween(249, 251);
  }

  @Test
  void noneIsKeptWhereNoneIsWanted() {
    numbering.start(0);
    assertThat(kept(0, 0, 1, 2)).isZero();
  }

  @Test
  void afterAPauseThoseThatWereNotKeptAreNotMadeUpFor() {
    numbering.start(0);
    assertThat(kept(1, 0)).isOne();
    now += 60_000 * MS;
    assertThat(kept(1, 1, 2, 3, 4)).as("one that is due and two for the pause").isEqualTo(3);
    now += 500 * MS;
    assertThat(kept(1, 5)).isZero();
  }

  @Test
  void whatFailedAtItsSourceHasNothingToKeep() {
    numbering.start(500);
    var failed = cutter.cut(List.of(Segment.failed("no reading", 1)), 1, now).made();
    assertThat(failed).allMatch(made -> !made.element().getKeep()).hasSize(1);
    assertThat(failed.get(0).element().getEnding().getStage()).isEqualTo("cam-0");
    assertThat(kept(1, 1)).isOne();
  }

  @Test
  void whatComesAgainAndIsKeptCountsForTheRateToo() {
    numbering.start(500);
    replayed.restore(List.of(GenerateKit.span(0)), 1);
    assertThat(kept(1, 0, 1)).isOne();
  }

  private Cutter.Cut cut(long... numbers) {
    return cutter.cut(segments(numbers), 0, now);
  }

  private int kept(double perSecond, long... numbers) {
    var made = cutter.cut(segments(numbers), perSecond, now).made();
    return (int) made.stream().filter(m -> m.element().getKeep()).count();
  }

  private static List<Segment> segments(long... numbers) {
    return LongStream.of(numbers).mapToObj(n -> GenerateKit.segment(n, 10)).toList();
  }

  private static List<SourceSpan> spans(Cutter.Cut cut) {
    return cut.made().stream().map(Cutter.Made::span).toList();
  }
}
