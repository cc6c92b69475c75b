package io.dayu.pipeline;

import static io.dayu.pipeline.SampleCatalog.CATALOG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.stage.ServiceProvider;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import java.net.URI;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.actor.typed.Behavior;
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
  void aTypeWhoseServiceIsAwayIsKnownAndCannotBeRun() {
    var away = new AtomicBoolean();
    var any = CATALOG.stage("any").orElseThrow();
    var service =
        new ServiceProvider() {
          @Override
          public StageDescriptor descriptor() {
            var own = any.descriptor();
            return new StageDescriptor(
                "counted",
                own.version(),
                own.description(),
                own.payload(),
                own.inputs(),
                own.output(),
                own.parameters(),
                1,
                1);
          }

          @Override
          public Behavior<StageCommand> create(StageContext context) {
            return any.create(context);
          }

          @Override
          public String transport() {
            return "http";
          }

          @Override
          public String from() {
            return "here";
          }

          @Override
          public boolean isAway() {
            return away.get();
          }
        };
    var catalog = CATALOG.withServices(() -> List.of(service));
    assertThat(catalog.runnable()).contains("any", "counted");
    away.set(true);
    assertThat(catalog.runnable()).contains("any").doesNotContain("counted");
    assertThat(catalog.stage("counted")).as("what waits for it here still does").isPresent();
  }

  @Test
  void loadsProvidersOfTheClassPath() {
    assertThat(Catalog.load(List.of("fixed")).policies()).containsExactly("fixed");
  }
}
