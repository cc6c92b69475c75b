package io.dayu.facts;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.SideVersions.Change;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class SideVersionsTest {
  private static final List<String> NAMES = List.of("a", "b", "c");

  /**
   * However much of the history a node knows, and however much was pruned of it: a number stands
   * for one set of values, or cannot be resolved.
   */
  @Property(tries = 300)
  void aNumberStandsForTheSameValuesWhereverItCanBeResolved(
      @ForAll("histories") List<List<Change>> history) {
    var all = new ArrayList<Change>(); // never pruned
    var editions = new ArrayList<SideVersions>();
    var now = SideVersions.NONE;
    for (var changes : history) {
      all.addAll(changes);
      now = now.next(changes, Map.of());
      editions.add(now);
    }
    for (var edition : editions)
      for (long number = 0; number <= history.size() + 1; number++)
        for (var name : NAMES) {
          var found = edition.at(name, number);
          if (found.isPresent()) assertThat(found).isEqualTo(whole(all, name, number));
        }
    for (long number = Math.max(1, history.size() - SideVersions.KEPT + 1);
        number <= history.size();
        number++)
      for (var name : NAMES) assertThat(now.at(name, number)).isEqualTo(whole(all, name, number));
    assertThat(now.changes().size()).isLessThanOrEqualTo(NAMES.size() * (SideVersions.KEPT + 1));
  }

  private static Optional<Change> whole(List<Change> all, String name, long number) {
    return all.stream()
        .filter(change -> change.name().equals(name) && change.number() <= number)
        .reduce((before, change) -> change)
        .filter(change -> !change.isGone());
  }

  @Provide
  Arbitrary<List<List<Change>>> histories() {
    var one =
        Combinators.combine(
                Arbitraries.of(NAMES).set().ofMinSize(1), Arbitraries.of("", "x", "y", "z"))
            .as((names, digest) -> names.stream().sorted().map(n -> new Change(n, 0, digest, 1)));
    return one.list()
        .ofMaxSize(25)
        .map(
            steps -> {
              var history = new ArrayList<List<Change>>();
              for (var step : steps) {
                long number = history.size() + 1;
                history.add(
                    step.map(c -> new Change(c.name(), number, c.digest(), c.bytes())).toList());
              }
              return history;
            });
  }

  @Test
  void theNewestIsTheOneInWhichAllAreHere() {
    var versions =
        SideVersions.NONE
            .next(List.of(new Change("a", 1, "one", 3)), Map.of())
            .next(List.of(new Change("b", 2, "two", 3)), Map.of())
            .next(List.of(new Change("a", 3, "three", 5)), Map.of());
    assertThat(versions.newest(List.of("a", "b"), digest -> true)).hasValue(3);
    assertThat(versions.newest(List.of("a", "b"), digest -> !digest.equals("three"))).hasValue(2);
    assertThat(versions.newest(List.of("a"), "one"::equals)).hasValue(2);
    assertThat(versions.newest(List.of("a", "b"), "one"::equals)).isEmpty();
    assertThat(versions.newest(List.of("c"), digest -> true)).isEmpty();
  }

  @Test
  void theyAreReadAsTheyWereWritten() {
    var versions =
        SideVersions.NONE
            .next(List.of(new Change("a", 1, "00ff".repeat(16), 3)), Map.of("b", "gone"))
            .next(List.of(new Change("a", 2, "", 0)), Map.of());
    assertThat(SideFactsProto.read(SideFactsProto.write(versions))).isEqualTo(versions);
  }
}
