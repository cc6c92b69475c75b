package io.dayu.deliver;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class RangesPropertyTest {
  /** A positive number is added, a negative one removed. */
  @Property(tries = 300)
  void rangesAreASetOfNumbers(
      @ForAll @Size(max = 80) List<@IntRange(min = -20, max = 20) Integer> steps) {
    var ranges = new Ranges();
    var set = new TreeSet<Long>();
    for (int step : steps) {
      long n = Math.abs(step);
      if (step >= 0) assertThat(ranges.add(n)).isEqualTo(set.add(n));
      else assertThat(ranges.remove(n)).isEqualTo(set.remove(n));
    }
    var seen = new ArrayList<Long>();
    ranges.forEach(seen::add);
    assertThat(seen).isEqualTo(List.copyOf(set));
    assertThat(ranges.size()).isEqualTo(set.size());
    for (long n = 0; n <= 21; n++) {
      assertThat(ranges.contains(n)).isEqualTo(set.contains(n));
      var next = set.ceiling(n);
      assertThat(ranges.ceiling(n))
          .isEqualTo(next == null ? OptionalLong.empty() : OptionalLong.of(next));
    }
    if (!set.isEmpty()) assertThat(ranges.last()).isEqualTo(set.last());
    assertThat(Ranges.ofBounds(ranges.bounds())).isEqualTo(ranges);
    assertThat(ranges.bounds().size()).as("runs are joined").isLessThanOrEqualTo(2 * set.size());
    assertThat(ranges.where(n -> n % 2 == 0).plus(ranges.where(n -> n % 2 == 1))).isEqualTo(ranges);
  }
}
