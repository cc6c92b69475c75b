package io.dayu.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariDataSource;
import io.dayu.facts.DeclaredService;
import io.dayu.store.JdbcResultStore;
import io.dayu.store.Schema;
import io.dayu.store.SqliteFile;
import io.dayu.store.StoreException;
import io.dayu.testkit.LocalPostgres;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceTableTest {
  @TempDir Path dir;
  private HikariDataSource pool;
  private ServiceTable table;

  @BeforeEach
  void open() {
    pool = SqliteFile.pool(dir.resolve("control.db"), "services");
    Schema.migrate(pool, List.of(ServiceTable.SCHEMA));
    table = new ServiceTable(pool);
  }

  @AfterEach
  void close() {
    pool.close();
  }

  @Test
  void eachChangeIsTheNextVersionAndAWithdrawnServiceIsRemembered() {
    keeps(pool, table);
  }

  @Test
  void theSameHoldsOnPostgres() {
    assumeTrue(LocalPostgres.installed(), "Debian's package postgresql is not installed");
    try (var postgres = LocalPostgres.start();
        var shared = JdbcResultStore.pool(postgres.create("services"), postgres.user(), "")) {
      Schema.migrate(shared, List.of(ServiceTable.SCHEMA));
      keeps(shared, new ServiceTable(shared));
    }
  }

  private static void keeps(HikariDataSource source, ServiceTable table) {
    var first = new DeclaredService("count", 1, Optional.of("{\"a\": 1}"));
    assertThat(table.put("count", Optional.of("{\"a\": 1}"))).isEqualTo(first);
    assertThat(table.put("count", Optional.empty()))
        .isEqualTo(new DeclaredService("count", 2, Optional.empty()));
    var third = table.put("count", Optional.of("{}"));
    assertThat(third.version()).isEqualTo(3);
    var other = table.put("a", Optional.of("{}"));
    assertThat(new ServiceTable(source).all()).containsExactly(other, third);
  }

  @Test
  void aDatabaseThatIsAwayIsTold() {
    pool.close();
    assertThatThrownBy(table::all)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("declared services");
  }
}
