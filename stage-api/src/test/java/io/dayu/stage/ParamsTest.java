package io.dayu.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.element.MediaType;
import io.dayu.stage.Parameter.Type;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ParamsTest {
  private static final StageDescriptor DESCRIPTOR =
      descriptor(
          Parameter.required("labels", Type.STRINGS, ""),
          Parameter.optional("window", Type.NUMBER, 10, ""),
          Parameter.optional("unit", Type.STRING, ""));

  @Test
  void defaultsHoldForWhatIsLeftOut() {
    var params = Params.of(DESCRIPTOR, Map.of("labels", List.of("car")));

    assertThat(params.integer("window")).isEqualTo(10);
    assertThat(params.number("window")).isEqualTo(10.0);
    assertThat(params.find("unit")).isEmpty();
  }

  @Test
  void whatIsGivenWinsOverTheDefault() {
    var params = Params.of(DESCRIPTOR, Map.of("labels", "car", "window", 2.5, "flag", true));

    assertThat(params.number("window")).isEqualTo(2.5);
    assertThat(params.integer("window")).isEqualTo(2);
    assertThat(params.bool("flag")).isTrue();
    assertThat(params.string("labels")).isEqualTo("car");
  }

  @Test
  void aSingleStringIsAListOfOne() {
    assertThat(Params.of(DESCRIPTOR, Map.of("labels", "car")).strings("labels"))
        .containsExactly("car");
    assertThat(Params.of(DESCRIPTOR, Map.of("labels", List.of("a", "b"))).strings("labels"))
        .containsExactly("a", "b");
    assertThat(Params.of(DESCRIPTOR, Map.of()).strings("labels")).isEmpty();
  }

  @Test
  void aValueThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> Params.of(DESCRIPTOR, Map.of()).string("unit"))
        .hasMessageContaining("unit");
  }

  @Test
  void typesAcceptTheirOwnValuesOnly() {
    assertThat(accepted(1)).containsExactly(Type.NUMBER);
    assertThat(accepted(1.5)).containsExactly(Type.NUMBER);
    assertThat(accepted(true)).containsExactly(Type.BOOLEAN);
    assertThat(accepted("a")).containsExactly(Type.STRING, Type.STRINGS);
    assertThat(accepted(List.of("a"))).containsExactly(Type.STRINGS);
    assertThat(accepted(List.of("a", 1))).isEmpty();
    assertThat(accepted(Map.of())).isEmpty();
  }

  @Test
  void aParameterIsRefusedThatContradictsItself() {
    assertThatThrownBy(() -> Parameter.optional("n", Type.NUMBER, "ten", ""))
        .hasMessage("the default of parameter n is not a number");
    assertThatThrownBy(() -> new Parameter("n", Type.NUMBER, true, Optional.of(1), ""))
        .hasMessageContaining("n has a default");
  }

  @Test
  void aDescriptorIsRefusedThatCannotRun() {
    assertThatThrownBy(() -> stage(Set.of(), Set.of(), 1, 0)).hasMessageContaining("reads neither");
    assertThatThrownBy(() -> stage(MediaType.all(), Set.of(), 0, 0))
        .hasMessageContaining("parallelism");
    assertThatThrownBy(() -> stage(MediaType.all(), Set.of(), 1, -1))
        .hasMessageContaining("memoryMb");
    assertThat(stage(MediaType.all(), Set.of(), 1, 0).readsPayload()).isTrue();
    assertThat(stage(Set.of(), MediaType.all(), 1, 0).readsPayload()).isFalse();
  }

  private static List<Type> accepted(Object value) {
    return List.of(Type.values()).stream().filter(type -> type.accepts(value)).toList();
  }

  private static StageDescriptor stage(
      Set<MediaType> payload, Set<MediaType> inputs, int parallelism, int memoryMb) {
    return new StageDescriptor(
        "t", "1", "", payload, inputs, MediaType.TEXT, List.of(), parallelism, memoryMb);
  }

  private static StageDescriptor descriptor(Parameter... parameters) {
    return new StageDescriptor(
        "t", "1", "", MediaType.all(), Set.of(), MediaType.TEXT, List.of(parameters), 1, 0);
  }
}
