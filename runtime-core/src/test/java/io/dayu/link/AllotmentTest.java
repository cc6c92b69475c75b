package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.settings.Budget;
import org.junit.jupiter.api.Test;

final class AllotmentTest {
  private static final int MAX_ELEMENT = 1_000;

  private final LargeBytes large = new LargeBytes(2 * MAX_ELEMENT);
  private final Allotment allotment = new Allotment(large, MAX_ELEMENT);

  @Test
  void aStrangerMaySendLittleAndOfAnyType() {
    for (var type : Frame.Type.values())
      assertThat(allotment.largest(type)).isEqualTo(Allotment.MAX_HELLO);
  }

  @Test
  void onlyElementsMayBeLarge() {
    allotment.open(100);
    assertThat(allotment.largest(Frame.Type.DATA)).isEqualTo(Frames.MAX_BODY);
    assertThat(allotment.largest(Frame.Type.PING)).isEqualTo(Frames.MAX_CONTROL);
  }

  @Test
  void whatFitsIntoTheWindowTakesNothing() {
    allotment.open(100);
    assertThat(allotment.take(Frame.Type.DATA, 100)).isTrue();
    assertThat(large.left()).isEqualTo(2 * MAX_ELEMENT);
  }

  @Test
  void anElementBeyondTheWindowIsTakenFromWhatIsForAllUntilItIsHandedOn() {
    allotment.open(100);
    assertThat(allotment.take(Frame.Type.DATA, 300)).isTrue();
    assertThat(large.left()).isEqualTo(2 * MAX_ELEMENT - 300);
    allotment.giveBack(allotment.ofOne(300));
    assertThat(large.left()).isEqualTo(2 * MAX_ELEMENT);
  }

  @Test
  void anElementInPartsTakesAllThatItMayNeedWithItsFirst() {
    allotment.open(100);
    assertThat(allotment.take(Frame.Type.PART, 10)).isTrue();
    assertThat(large.left()).isZero();
    assertThat(allotment.take(Frame.Type.PART, 10)).isTrue();
    assertThat(allotment.take(Frame.Type.DATA, 10)).isTrue();
    var other = new Allotment(large, MAX_ELEMENT);
    other.open(100);
    assertThat(other.take(Frame.Type.DATA, 101)).isFalse();
    allotment.giveBack(allotment.ofParts());
    assertThat(other.take(Frame.Type.DATA, 101)).isTrue();
  }

  @Test
  void aLinkThatIsGoneGivesBackAllAndTakesNothing() {
    allotment.open(100);
    allotment.take(Frame.Type.DATA, 300);
    allotment.close();
    assertThat(large.left()).isEqualTo(2 * MAX_ELEMENT);
    assertThat(allotment.take(Frame.Type.DATA, 300)).isFalse();
    allotment.giveBack(300);
    assertThat(large.left()).isEqualTo(2 * MAX_ELEMENT);
  }

  @Test
  void aSmallHeapTakesSmallerElements() {
    var settings = FlowKit.links("max-element = 64 MiB");
    var small = LargeBytes.of(settings, new Budget("large-elements", 32 << 20));
    assertThat(new Allotment(small, settings.maxElement()).maxElement()).isEqualTo(16 << 20);
    var roomy = LargeBytes.of(settings, new Budget("large-elements", 256 << 20));
    assertThat(new Allotment(roomy, settings.maxElement()).maxElement()).isEqualTo(64 << 20);
  }
}
