package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;

/** An {@link Outlet} and an {@link CreditReturn} with nothing but their messages between them. */
final class CreditTest {
  private enum Step {
    SEND,
    DELIVER,
    TAKE,
    GRANT
  }

  @Property(tries = 200)
  void noMoreThanTheWindowIsOutstandingAndNothingIsLost(
      @ForAll("steps") List<Step> steps,
      @ForAll @IntRange(min = 1, max = 20) int elementWindow,
      @ForAll @IntRange(min = 100, max = 5_000) int byteWindow,
      @ForAll("sizes") List<Integer> sizes) {
    TestInbox<Inlet.Command> consumer = TestInbox.create();
    TestInbox<Inlet.Grant> producer = TestInbox.create();
    var outlet = new Outlet(producer.getRef(), elementWindow, byteWindow);
    var credits = new CreditReturn(consumer.getRef());
    outlet.connect(consumer.getRef());
    credits.attach((Inlet.Attach) consumer.receiveMessage());

    var held = new ArrayDeque<Parcel>(); // with the consumer, not yet taken
    long sent = 0;
    long taken = 0;
    long largest = 0;
    int next = 0;
    // The steps, then as many as bring everything through.
    for (int i = 0; i < steps.size() || taken < sent; i++) {
      var step = i < steps.size() ? steps.get(i) : Step.values()[1 + i % 3];
      switch (step) {
        case SEND -> {
          var parcel = FlowKit.parcel(sent++, sizes.get(next++ % sizes.size()));
          largest = Math.max(largest, parcel.weight());
          // Some go together.
          if (outlet.send(parcel) && sent % 3 == 0) outlet.flush();
        }
        case DELIVER -> {
          outlet.flush();
          for (var message : consumer.getAllReceived())
            held.addAll(((Inlet.Offer) message).parcels());
        }
        case TAKE -> {
          var parcel = held.poll();
          if (parcel != null) {
            assertThat(parcel.element().getSeq()).isEqualTo(taken++);
            credits.taken(producer.getRef(), parcel.weight());
          }
        }
        case GRANT -> producer.getAllReceived().forEach(outlet::granted);
      }
      assertThat(held.size()).isLessThanOrEqualTo(elementWindow);
      long bytes = held.stream().mapToLong(Parcel::weight).sum();
      assertThat(bytes).isLessThan(byteWindow + Math.max(largest, 1));
    }
    assertThat(outlet.waiting()).isZero();
  }

  @Property(tries = 100)
  void whatIsGrantedAgainIsWhatWasTaken(
      @ForAll @IntRange(min = 1, max = 64) int elementWindow,
      @ForAll @IntRange(min = 1, max = 10_000) int byteWindow,
      @ForAll("sizes") List<Integer> weights) {
    TestInbox<Inlet.Command> consumer = TestInbox.create();
    TestInbox<Inlet.Grant> producer = TestInbox.create();
    var credits = new CreditReturn(consumer.getRef());
    credits.attach(new Inlet.Attach(producer.getRef(), elementWindow, byteWindow));
    assertThat(producer.receiveMessage())
        .isEqualTo(new Inlet.Grant(consumer.getRef(), elementWindow, byteWindow));
    int elements = 0;
    long bytes = 0;
    for (int weight : weights) {
      credits.taken(producer.getRef(), weight);
      elements++;
      bytes += weight;
      for (var grant : producer.getAllReceived()) {
        elements -= grant.elements();
        bytes -= grant.bytes();
      }
      // Never more than was taken, and less than a quarter of the window is held back.
      assertThat(elements).isNotNegative();
      assertThat(bytes).isNotNegative();
      assertThat(elements * 4 < elementWindow && bytes * 4 < byteWindow || elements == 0).isTrue();
    }
    credits.detach(producer.getRef());
    credits.taken(producer.getRef(), 1 << 20);
    assertThat(producer.hasMessages()).isFalse();
    assertThat(credits.isEmpty()).isTrue();
  }

  @Property(tries = 20)
  void grantsOfAnEarlierConsumerDoNotCount(@ForAll @IntRange(min = 1, max = 9) int count) {
    TestInbox<Inlet.Command> gone = TestInbox.create();
    TestInbox<Inlet.Command> successor = TestInbox.create();
    TestInbox<Inlet.Grant> producer = TestInbox.create();
    var outlet = new Outlet(producer.getRef(), 10, 1_000);
    outlet.connect(gone.getRef());
    outlet.disconnect();
    for (int i = 0; i < count; i++) outlet.send(FlowKit.parcel(i, 1));
    outlet.connect(successor.getRef());
    outlet.granted(new Inlet.Grant(gone.getRef(), 10, 1_000));
    assertThat(outlet.waiting()).isEqualTo(count);
    outlet.granted(new Inlet.Grant(successor.getRef(), 10, 1_000));
    assertThat(outlet.waiting()).isZero();
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    return Arbitraries.of(Step.values()).list().ofMaxSize(150);
  }

  @Provide
  Arbitrary<List<Integer>> sizes() {
    return Arbitraries.integers().between(1, 3_000).list().ofMinSize(1).ofMaxSize(20);
  }
}
