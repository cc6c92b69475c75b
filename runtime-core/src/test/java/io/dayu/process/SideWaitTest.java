package io.dayu.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.element.Element;
import io.dayu.side.Sides;
import io.dayu.stage.SideInput;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class SideWaitTest {
  /** The numbers that are here. */
  private static final class Numbers implements Sides {
    private final Set<Long> here = new HashSet<>();
    private CompletableFuture<Void> arrival = new CompletableFuture<>();

    void come(long number) {
      here.add(number);
      var before = arrival;
      arrival = new CompletableFuture<>();
      before.complete(null);
    }

    @Override
    public OptionalLong newest(String pipeline, Collection<String> names) {
      return here.stream().mapToLong(n -> n).max();
    }

    @Override
    public boolean has(String pipeline, long number, Collection<String> names) {
      return here.contains(number);
    }

    @Override
    public SideInput get(String pipeline, long number, String name) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> arrival() {
      return arrival;
    }
  }

  private final Numbers numbers = new Numbers();
  private int told;
  private final SideWait<String> wait =
      new SideWait<>(numbers, "p", List.of("limits"), Duration.ofNanos(100), () -> told++);

  private static Element at(long number) {
    return Element.newBuilder().setSide(number).build();
  }

  @Test
  void whatWaitsGoesOnWhenItsVersionHasCome() {
    assertThat(wait.lacks(at(2))).isTrue();
    wait.add("two", at(2), 0);
    wait.add("three", at(3), 0);
    numbers.come(3);
    assertThat(told).isEqualTo(1);
    assertThat(wait.ready()).containsExactly("three");
    assertThat(wait.isEmpty()).isFalse();
    numbers.come(2);
    assertThat(told).isEqualTo(2);
    assertThat(wait.ready()).containsExactly("two");
    assertThat(wait.isEmpty()).isTrue();
    assertThat(wait.lacks(at(2))).isFalse();
  }

  @Test
  void whatHasComeMeanwhileIsNotWaitedFor() {
    assertThat(wait.lacks(at(2))).isTrue();
    numbers.come(2);
    wait.add("two", at(2), 0);
    assertThat(told).isEqualTo(1);
    assertThat(wait.ready()).containsExactly("two");
  }

  @Test
  void whatWaitsTooLongIsGivenBack() {
    wait.add("two", at(2), 0);
    wait.add("three", at(3), 50);
    assertThat(wait.late(100)).isEmpty();
    assertThat(wait.late(101)).containsExactly("two");
    assertThat(wait.size()).isEqualTo(1);
  }

  @Test
  void aStageWithoutSideInputsWaitsForNone() {
    var none = new SideWait<String>(numbers, "p", List.of(), Duration.ofNanos(1), () -> told++);
    assertThat(none.lacks(at(0))).isFalse();
  }
}
