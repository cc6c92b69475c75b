package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.read.Numbers.Decimal;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NumbersTest {
  private static final Numbers ANY = new Numbers(Optional.empty());

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "21.5 | 21.5",
        "-3 | -3",
        "+.5 | 0.5",
        "5. | 5",
        "1e3 | 1000",
        "1E-3 | 0.001",
        "' 7 ' | 7",
        "21,5 | 21.5",
        "-0,125 | -0.125",
        "1234,567 | 1234.567",
        "1,25e1 | 12.5"
      })
  void numbersAreReadWithAPointOrAComma(String text, double value) {
    assertThat(ANY.parse("value", text)).isEqualTo(value);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "72F",
        "5d",
        "0x1p4",
        "NaN",
        "nan",
        "Infinity",
        "1e400",
        "1 000",
        "1_000",
        "21.5 C",
        "--1",
        "1.2.3",
        "1,234,567",
        "1.234,5",
        "unavailable",
        "null",
        "true",
        "21.5\0",
        "\u0663",
        "e5",
        "."
      })
  void everythingElseIsRefused(String text) {
    assertThatThrownBy(() -> ANY.parse("celsius", text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("'celsius' is not a number: '");
  }

  @Test
  void whatMayBeThousandsIsNotGuessed() {
    assertThatThrownBy(() -> ANY.parse("value", "1,234")).hasMessageContaining("decimal=comma");
    assertThat(new Numbers(Optional.of(Decimal.COMMA)).parse("value", "1,234")).isEqualTo(1.234);
  }

  @Test
  void whatIsToldIsNotGuessed() {
    assertThatThrownBy(() -> new Numbers(Optional.of(Decimal.COMMA)).parse("value", "21.5"))
        .hasMessageContaining("not a number");
    assertThatThrownBy(() -> new Numbers(Optional.of(Decimal.POINT)).parse("value", "21,5"))
        .hasMessageContaining("not a number");
  }
}
