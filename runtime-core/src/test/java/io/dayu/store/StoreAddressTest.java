package io.dayu.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoreAddressTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          postgres://dayu:pw@db/x | postgres://***@db/x
          jdbc:postgresql://dayu:p@w/d@db:5432/x?a=b | jdbc:postgresql://***@db:5432/x?a=b
          jdbc:postgresql:dayu:pw@db | jdbc:postgresql:***@db
          jdbc:postgresql://db/x?user=u&password=pw&ssl=true | jdbc:postgresql://db/x?user=u&password=***&ssl=true
          jdbc:postgresql://db/x?sslPassword=pw | jdbc:postgresql://db/x?sslPassword=***
          no driver for "jdbc:mysql://u:pw@db/x?password=pw", ask u@db | no driver for "jdbc:mysql://***@db/x?password=***", ask u@db
          jdbc:postgresql://db:5432/x | jdbc:postgresql://db:5432/x
          """)
  void aPasswordIsNotShown(String text, String shown) {
    assertThat(StoreAddress.redacted(text)).isEqualTo(shown);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgres://dayu:hush@db/x",
        "postgresql://db/x",
        "jdbc:mysql://db/x?password=hush",
        "jdbc:postgresql://dayu:hush@db/x"
      })
  void whatIsNoAddressIsToldWithHowToWriteIt(String url) {
    assertThat(StoreAddress.problem(url).orElseThrow())
        .contains("jdbc:postgresql://host:port/database", "DAYU_STORE_PASSWORD")
        .doesNotContain("hush");
  }

  @ParameterizedTest
  @ValueSource(strings = {"jdbc:postgresql://db:5432/x", "jdbc:postgresql://db/x?user=me@corp"})
  void anAddressIsNoProblem(String url) {
    assertThat(StoreAddress.problem(url)).isEmpty();
  }

  @Test
  void whatTheDriverDoesNotTakeIsToldWithoutThePassword() {
    assertThatThrownBy(
            () -> JdbcResultStore.pool("jdbc:postgresql://db:x/y?password=hush", "me", "hush"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("jdbc:postgresql://db:x/y?password=***")
        .hasNoCause();
  }
}
