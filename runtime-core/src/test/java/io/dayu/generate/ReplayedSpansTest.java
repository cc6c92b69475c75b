package io.dayu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.deliver.Ranges;
import io.dayu.generate.ReplayedSpans.Content;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class ReplayedSpansTest {
  private final ReplayedSpans replayed = new ReplayedSpans();

  @Test
  void ofASourceThatRepeatsNothingAllIsFresh() {
    assertThat(replayed.next(0, 1)).isEqualTo(Content.Fresh.INSTANCE);
    assertThat(replayed.readTo(7)).isEqualTo(7);
    assertThat(replayed.oldest()).isEmpty();
  }

  @Test
  void whatWasUnderWayComesAgainAndWhatLiesBetweenIsSettled() {
    repeats(10, 1, 4, 5);
    assertThat(next(0)).isEqualTo(Content.Settled.INSTANCE);
    assertThat(next(1)).isEqualTo(again(1));
    assertThat(next(2)).isEqualTo(Content.Settled.INSTANCE);
    assertThat(next(3)).isEqualTo(Content.Settled.INSTANCE);
    assertThat(next(4)).isEqualTo(again(4));
    assertThat(next(5)).isEqualTo(again(5));
    assertThat(next(6)).isEqualTo(Content.Settled.INSTANCE);
    assertThat(replayed.next(7, 10)).isEqualTo(Content.Settled.INSTANCE);
    assertThat(next(10)).isEqualTo(Content.Fresh.INSTANCE);
  }

  @Test
  void settledContentMayComeInOtherPieces() {
    repeats(10, 4);
    assertThat(replayed.next(0, 3)).isEqualTo(Content.Settled.INSTANCE);
    assertThat(replayed.next(3, 4)).isEqualTo(Content.Settled.INSTANCE);
    assertThat(next(4)).isEqualTo(again(4));
  }

  @Test
  void aPieceThatReachesIntoWhatIsDueIsFresh() {
    repeats(10, 4);
    assertThat(replayed.next(3, 5)).isEqualTo(Content.Fresh.INSTANCE);
  }

  @Test
  void aPieceOfWhatIsDueIsFresh() {
    replayed.restore(List.of(new SourceSpan(4, 4, 8, 1)), 10);
    assertThat(replayed.next(4, 6)).isEqualTo(Content.Fresh.INSTANCE);
  }

  @Test
  void aPieceThatReachesBehindWhatIsRepeatedIsFresh() {
    repeats(10);
    assertThat(replayed.next(9, 11)).isEqualTo(Content.Fresh.INSTANCE);
  }

  @Test
  void afterItWasAbandonedAllIsFresh() {
    repeats(10, 4, 5);
    assertThat(replayed.abandon()).containsExactly(GenerateKit.span(4), GenerateKit.span(5));
    assertThat(replayed.size()).isZero();
    assertThat(replayed.abandon()).isEmpty();
    assertThat(next(0)).isEqualTo(Content.Fresh.INSTANCE);
    assertThat(next(4)).isEqualTo(Content.Fresh.INSTANCE);
    assertThat(replayed.readTo(1)).isEqualTo(1);
  }

  @Test
  void whatNeedNotComeAgainIsSettledContentFromThenOn() {
    repeats(10, 4, 5);
    assertThat(replayed.remove(4)).isTrue();
    assertThat(replayed.remove(4)).isFalse();
    assertThat(replayed.contains(4)).isFalse();
    assertThat(replayed.contains(5)).isTrue();
    assertThat(next(4)).isEqualTo(Content.Settled.INSTANCE);
    assertThat(next(5)).isEqualTo(again(5));
  }

  @Test
  void itTellsWhatIsDueLowestFirst() {
    repeats(10, 5, 4);
    assertThat(replayed.oldest()).contains(4L);
    assertThat(replayed.due()).containsExactly(GenerateKit.span(4), GenerateKit.span(5));
    var open = Ranges.of(1);
    replayed.addTo(open);
    assertThat(open).isEqualTo(Ranges.of(1, 4, 5));
    next(4);
    assertThat(replayed.oldest()).contains(5L);
    assertThat(replayed.size()).isEqualTo(1);
  }

  @Test
  void aSourceThatIsBehindWhatWasReadCountsAsReadToThere() {
    repeats(10, 4);
    assertThat(replayed.readTo(3)).isEqualTo(10);
    assertThat(replayed.readTo(12)).isEqualTo(12);
  }

  private void repeats(long end, long... due) {
    replayed.restore(LongStream.of(due).mapToObj(GenerateKit::span).toList(), end);
  }

  private Content next(long number) {
    return replayed.next(number, number + 1);
  }

  private static Content again(long seq) {
    return new Content.Again(GenerateKit.span(seq));
  }
}
