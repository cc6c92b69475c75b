package io.dayu.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.dayu.element.Element;
import io.dayu.element.Hop;
import io.dayu.element.Media;
import io.dayu.element.Output;
import io.dayu.element.Outputs;
import io.dayu.link.Parcel;
import io.dayu.settings.Budget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

/** Time is a number here. */
final class JoinBufferTest {
  private static final List<String> BRANCHES = List.of("a", "b", "c");
  private static final Duration PATIENCE = Duration.ofNanos(100);

  private static final Media PAYLOAD =
      Media.newBuilder().setOpaque(ByteString.copyFromUtf8("payload")).build();

  @Example
  void anElementWithoutMissingBranchesGoesOnAtOnceAsItIs() {
    var join = join(10);
    var whole = parcel(element(1, "a", "b", "c"), 0, 0);
    assertThat(join.add(whole, 0)).containsSame(whole);
    assertThat(join.size()).isZero();
  }

  @Example
  void anElementWaitsForItsLastBranch() {
    var join = join(10);
    assertThat(add(join, 1, "a", 0)).isEmpty();
    assertThat(add(join, 1, "b", 0)).isEmpty();
    assertThat(add(join, 1, "c", 0)).isPresent();
  }

  @Example
  void branchesOfDifferentAttemptsStreamsAndNumbersDoNotMeet() {
    var join = join(10);
    var first = element(1, "a");
    join.add(parcel(first, 0, 0), 0);
    join.add(parcel(element(2, "b", "c"), 0, 0), 0);
    for (var other :
        List.of(
            element(1, "b", "c").toBuilder().setAttempt(2).build(),
            element(1, "b", "c").toBuilder().setStream("crossing/cam-1").build()))
      assertThat(join.add(parcel(other, 0, 0), 0)).isEmpty();
    assertThat(join.size()).isEqualTo(4);
  }

  @Example
  void theWholeIsAsOldAsItsOldestBranchEvenIfTheClockTurnsOverBetweenThem() {
    long older = Long.MAX_VALUE - 5;
    long younger = older + 10;
    for (var order : List.of(List.of(older, younger), List.of(younger, older))) {
      var join = join(10);
      join.add(parcel(element(1, "a"), order.get(0), 0), younger);
      var whole = join.add(parcel(element(1, "b", "c"), order.get(1), 0), younger);
      assertThat(whole.orElseThrow().bornNanos()).isEqualTo(older);
    }
  }

  @Example
  void theWholeTookAsLongOnItsWayAsItsSlowestBranch() {
    var join = join(10);
    join.add(parcel(element(1, "a"), 0, 70), 0);
    assertThat(join.add(parcel(element(1, "b", "c"), 0, 20), 0).orElseThrow().transferUs())
        .isEqualTo(70);
  }

  @Example
  void aBranchThatIsOutOfPatienceIsGivenUp() {
    var join = join(10);
    add(join, 1, "a", 0);
    join.expire(PATIENCE.toNanos() - 1);
    assertThat(join.size()).isEqualTo(1);
    join.expire(PATIENCE.toNanos());
    assertThat(join.size()).isZero();
    assertThat(join.crowdedOut()).isZero();
  }

  @Example
  void oneThatIsWholeBeforeItComesLeavesNoPartBehind() {
    var join = join(10);
    add(join, 1, "a", 0);
    var whole = parcel(element(1, "a", "b", "c"), 0, 0);
    assertThat(join.add(whole, 0)).containsSame(whole);
    assertThat(join.size()).isZero();
  }

  @Example
  void thatItIsTooSmallIsToldOnce() {
    var join = join(2);
    for (int seq = 0; seq < 5; seq++) add(join, seq, "a", 0);
    assertThat(join.tooSmall().orElseThrow()).contains("more than 2", "join-capacity", "3 were");
    assertThat(join.tooSmall()).isEmpty();
  }

  /** In any order, of streams, numbers and attempts that are under way together. */
  @Property(tries = 60)
  void everyElementComesOutOnceAndWhole(
      @ForAll @IntRange(min = 1, max = 12) int elements, @ForAll Random random) {
    var branches = new ArrayList<Parcel>();
    for (int i = 0; i < elements; i++) {
      int payload = random.nextInt(BRANCHES.size());
      for (int b = 0; b < BRANCHES.size(); b++) {
        var branch =
            element(i / 4, BRANCHES.get(b)).toBuilder()
                .setStream("crossing/cam-" + i % 2)
                .setAttempt(1 + i / 2 % 2);
        if (b == payload) branch.setPayload(PAYLOAD);
        branches.add(parcel(branch.build(), 0, 0));
      }
    }
    Collections.shuffle(branches, random);
    var join = join(elements);
    var out = new ArrayList<Element>();
    for (var branch : branches) join.add(branch, 0).ifPresent(whole -> out.add(whole.element()));
    assertThat(out).hasSize(elements);
    assertThat(out)
        .extracting(e -> List.of(e.getStream(), e.getSeq(), e.getAttempt()))
        .doesNotHaveDuplicates();
    for (var element : out) {
      assertThat(element.getPayload()).isEqualTo(PAYLOAD);
      assertThat(element.getOutputsList())
          .extracting(Output::getStage)
          .containsExactlyInAnyOrderElementsOf(BRANCHES);
      for (var branch : BRANCHES)
        assertThat(Outputs.get(element, branch)).isEqualTo(output(branch));
      assertThat(element.getTraceList())
          .extracting(Hop::getStage)
          .containsExactlyInAnyOrder("fork", "a", "b", "c");
    }
    assertThat(join.size()).isZero();
    assertThat(join.crowdedOut()).isZero();
  }

  /**
   * A second branch of three comes to every element that is still there, in any order; it makes
   * none of them younger.
   */
  @Property(tries = 60)
  void nothingIsKeptBeyondCapacityOrPatienceAndTheOldestIsGivenUpFirst(
      @ForAll @Size(min = 1, max = 30) List<@LongRange(min = 0, max = 50) Long> pauses,
      @ForAll @IntRange(min = 1, max = 10) int capacity,
      @ForAll Random random) {
    var join = join(capacity);
    var came = new ArrayList<Long>();
    long now = Long.MAX_VALUE - random.nextInt(1_000); // it turns over while they come
    int kept = 0;
    int crowdedOut = 0;
    for (int i = 0; i < pauses.size(); i++) {
      now += pauses.get(i);
      came.add(now);
      add(join, i, "a", now);
      int before = kept;
      kept = 0;
      while (kept < capacity && kept <= i && now - came.get(i - kept) < PATIENCE.toNanos()) kept++;
      assertThat(join.size()).isEqualTo(kept);
      for (int gone = i - before; gone <= i - kept; gone++)
        if (now - came.get(gone) < PATIENCE.toNanos()) crowdedOut++;
      assertThat(join.crowdedOut()).isEqualTo(crowdedOut);
      add(join, i - random.nextInt(kept), "b", now);
      assertThat(join.size()).isEqualTo(kept);
    }
    // Which ones are there is seen when their last branches come.
    int last = pauses.size() - 1;
    for (int i = last; i >= 0; i--) {
      var whole = join.add(parcel(element(i, "b", "c"), now, 0), now);
      assertThat(whole.isPresent()).as("%d of %d", i, last).isEqualTo(i > last - kept);
    }
  }

  @Example
  void withoutMemoryTheOldestAreGivenUpButOneAlwaysStays() {
    var memory = new Budget("stages", 100);
    var join = new JoinBuffer(element -> false, 10, PATIENCE, memory);
    for (int i = 0; i < 5; i++) add(join, i, "b", 0);
    memory.add(1_000); // of other joins
    add(join, 5, "b", 0);
    assertThat(join.size()).isEqualTo(1);
    assertThat(join.crowdedOut()).isEqualTo(5);
    assertThat(join.tooSmall().orElseThrow()).contains("dayu.memory.stages");
    join.close();
    assertThat(memory.used()).isEqualTo(1_000);
  }

  private static JoinBuffer join(int capacity) {
    return new JoinBuffer(
        element -> BRANCHES.stream().allMatch(stage -> Outputs.has(element, stage)),
        capacity,
        PATIENCE,
        new Budget("stages", 1 << 20));
  }

  private static Optional<Parcel> add(JoinBuffer join, long seq, String branch, long now) {
    return join.add(parcel(element(seq, branch), now, 0), now);
  }

  private static Parcel parcel(Element element, long bornNanos, int transferUs) {
    return new Parcel(element, bornNanos, transferUs);
  }

  /** An element that comes from the stage {@code fork} by way of these. */
  private static Element element(long seq, String... branches) {
    var element =
        Element.newBuilder()
            .setStream("crossing/cam-0")
            .setSeq(seq)
            .setAttempt(1)
            .addTrace(Hop.newBuilder().setStage("fork"));
    for (var branch : branches)
      element
          .addOutputs(Outputs.of(branch, output(branch)))
          .addTrace(Hop.newBuilder().setStage(branch));
    return element.build();
  }

  private static Media output(String branch) {
    return Media.newBuilder().setOpaque(ByteString.copyFromUtf8(branch)).build();
  }
}
