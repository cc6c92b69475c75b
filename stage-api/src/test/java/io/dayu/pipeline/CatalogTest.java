package io.dayu.pipeline;

import static io.dayu.pipeline.SampleCatalog.CATALOG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.stage.StageDescriptor;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;

class CatalogTest {
  @Test
  void findsWhatItHoldsAndNothingElse() {
    assertThat(CATALOG.stage("any")).isPresent();
    assertThat(CATALOG.stage("none")).isEmpty();
    assertThat(CATALOG.source(URI.create("csv://x")).orElseThrow().descriptor().name())
        .isEqualTo("sensor");
    assertThat(CATALOG.source(URI.create("ftp://x"))).isEmpty();
  }

  @Test
  void listsStagesAndPoliciesInOrder() {
    assertThat(CATALOG.stages()).extracting(StageDescriptor::type).isSorted();
    assertThat(CATALOG.policies()).containsExactly("fixed", "least-loaded", "round-robin");
    assertThatThrownBy(() -> CATALOG.policies().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void refusesTwoProvidersOfOneType() {
    var any = CATALOG.stage("any").orElseThrow();

    assertThatThrownBy(() -> new Catalog(List.of(any, any), List.of(), List.of()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("stage type any is provided twice");
  }

  @Test
  void loadsProvidersOfTheClassPath() {
    assertThat(Catalog.load(List.of("fixed")).policies()).containsExactly("fixed");
  }
}
