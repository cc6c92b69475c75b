package io.dayu.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.pipeline.StreamName;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

class ResultStorePropertyTest {
  @Property(tries = 40)
  void whateverIsStoredAgainIsStoredOnceAndReportedNewOnce(
      @ForAll("batches") List<List<StoredResult>> batches) throws IOException {
    var dir = Files.createTempDirectory("dayu-results");
    var expected = new LinkedHashMap<String, StoredResult>();
    var fresh = new ArrayList<StoredResult>();
    try (var store = JdbcResultStore.openFile(dir.resolve("results.db"), 1)) {
      for (var batch : batches) {
        fresh.addAll(store.store(batch));
        for (var r : batch) expected.putIfAbsent(r.element().getStream() + r.element().getSeq(), r);
      }

      assertThat(fresh).containsExactlyInAnyOrderElementsOf(expected.values());
      assertThat(store.page("p", Optional.empty(), 10_000).items()).isEqualTo(fresh);
      for (var stream : List.of("p/a", "p/b")) {
        var name = StreamName.parse(stream);
        var of = fresh.stream().filter(r -> r.element().getStream().equals(stream)).toList();
        assertThat(of)
            .isEqualTo(
                expected.values().stream()
                    .filter(r -> r.element().getStream().equals(stream))
                    .toList());
        assertThat(store.highestSeq(name))
            .isEqualTo(of.stream().mapToLong(r -> r.element().getSeq()).max().orElse(-1));
        var failed = of.stream().filter(r -> r.element().hasEnding()).count();
        var counts = store.counts("p").getOrDefault(name, new ResultStore.Counts(0, 0));
        assertThat(counts).isEqualTo(new ResultStore.Counts(of.size() - failed, failed));
      }
    } finally {
      try (var files = Files.list(dir)) {
        for (var file : files.toList()) Files.delete(file);
      }
      Files.delete(dir);
    }
  }

  @Provide
  Arbitrary<List<List<StoredResult>>> batches() {
    var result =
        Combinators.combine(
                Arbitraries.of("p/a", "p/b"),
                // Close together, and far apart now and then: both ways of looking up.
                Arbitraries.frequencyOf(
                    Tuple.of(5, Arbitraries.longs().between(0, 30)),
                    Tuple.of(1, Arbitraries.longs().between(0, 5_000))),
                Arbitraries.of(false, true))
            .as(
                (stream, seq, ok) ->
                    ok ? Results.delivered(stream, seq) : Results.failed(stream, seq));
    return result.list().ofMaxSize(40).list().ofMaxSize(8);
  }
}
