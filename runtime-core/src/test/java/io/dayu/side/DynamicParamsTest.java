package io.dayu.side;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.dayu.element.Element;
import io.dayu.element.MediaType;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.stage.Parameter;
import io.dayu.stage.Params;
import io.dayu.stage.SideInput;
import io.dayu.stage.StageDescriptor;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class DynamicParamsTest {
  private static final StageDescriptor COUNT =
      new StageDescriptor(
          "count",
          "1",
          "",
          Set.of(MediaType.READINGS),
          Set.of(),
          MediaType.LABELS,
          List.of(
              Parameter.optional("limit", Parameter.Type.NUMBER, 30, "").perElement(),
              Parameter.optional("unit", Parameter.Type.STRING, "C", "").perElement(),
              Parameter.optional("window", Parameter.Type.NUMBER, 5, "")),
          1,
          0);

  /** Version 0 is not here; each other has its number as the limit, and 4 leaves it out. */
  private record Versions(String name) implements Sides {
    @Override
    public OptionalLong newest(String pipeline, Collection<String> names) {
      return OptionalLong.of(4);
    }

    @Override
    public boolean has(String pipeline, long number, Collection<String> names) {
      return number > 0;
    }

    @Override
    public SideInput get(String pipeline, long number, String name) {
      if (number == 0 || !name.equals(this.name) || !pipeline.equals("p"))
        throw new NoSuchElementException("not here");
      var json = ByteString.copyFromUtf8(number == 4 ? "{}" : "{\"limit\": %s}".formatted(number));
      return new SideInput(SideValues.digest(json), json, SideValues.tree(json));
    }

    @Override
    public CompletionStage<Void> arrival() {
      return new CompletableFuture<>();
    }
  }

  private static StageSpec stage(Map<String, Object> params, Set<String> dynamic) {
    return new StageSpec(
        "s",
        "count",
        List.of(),
        new TreeMap<>(),
        params,
        Optional.empty(),
        List.of(),
        new TreeSet<>(dynamic));
  }

  private static Element at(long version) {
    return Element.newBuilder().setSide(version).build();
  }

  private static Function<Element, Params> params(StageSpec stage) {
    return DynamicParams.of(new Versions(stage.dynamicName()), "p", stage, COUNT);
  }

  @Test
  void anElementHasTheParametersOfItsVersionAndTheOthersAsTheyAre() {
    var params = params(stage(Map.of("limit", 7, "window", 9), Set.of("limit", "unit")));
    for (long version : List.of(1L, 2L, 1L, 3L)) {
      assertThat(params.apply(at(version)).number("limit")).isEqualTo(version);
      assertThat(params.apply(at(version)).integer("window")).isEqualTo(9);
      assertThat(params.apply(at(version)).string("unit")).isEqualTo("C");
    }
  }

  /** And not what the pipeline said when the instance was started. */
  @Test
  void whereItIsLeftOutTheDefaultHolds() {
    var params = params(stage(Map.of("limit", 7), Set.of("limit")));
    assertThat(params.apply(at(4)).number("limit")).isEqualTo(30);
  }

  @Test
  void aVersionThatIsNotHereIsToldAndNoOtherTakesItsPlace() {
    var params = params(stage(Map.of("limit", 7), Set.of("limit")));
    assertThat(params.apply(at(1)).number("limit")).isEqualTo(1);
    assertThatThrownBy(() -> params.apply(at(0))).isInstanceOf(NoSuchElementException.class);
  }

  @Test
  void aStageWithoutDynamicOnesNeedsNoVersion() {
    assertThat(params(stage(Map.of("limit", 7), Set.of())).apply(at(0)).number("limit"))
        .isEqualTo(7);
  }
}
