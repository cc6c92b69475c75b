package io.dayu.store;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.dayu.testkit.LocalPostgres;
import org.junit.jupiter.api.Test;

final class LocalPostgresTest {
  @Test
  void aClosedServerIsNotStartedAgain() {
    assumeTrue(LocalPostgres.installed(), "Debian's package postgresql is not installed");
    var postgres = LocalPostgres.start();
    postgres.down();
    postgres.close();
    assertThatThrownBy(postgres::up)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    postgres.close();
  }
}
