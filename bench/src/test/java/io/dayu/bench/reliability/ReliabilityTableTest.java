package io.dayu.bench.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.bench.truth.Verdict;
import io.dayu.client.LedgerCounts;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.LocalDate;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReliabilityTableTest {
  private static final Scenario SCENARIO = new StoreDown();
  private static final LocalDate DAY = LocalDate.of(2026, 11, 26);

  private static Verdict verdict(long lost) {
    return new Verdict(new LedgerCounts(9, 9, 0, 0, 0), 9, 9, lost, 0, 0, true, List.of());
  }

  @Test
  void aRowTellsFaultPromiseWhatWasSeenAndWhetherItWasKept() {
    var row = ReliabilityTable.Row.of(SCENARIO, Scenario.Seen.of("2 s", true, verdict(0)));
    var table = new ReliabilityTable("a machine", DAY, List.of(row));
    assertThat(table.markdown())
        .startsWith("a machine, 2026-11-26.\n")
        .contains("| %s | %s |".formatted(SCENARIO.fault(), SCENARIO.promise()))
        .contains("| 0 lost, 0 duplicates; 2 s | yes |");
    assertThat(table.kept()).isTrue();
  }

  @Test
  void aPromiseIsNotKeptIfAnythingWasLostHoweverFastItWas() {
    var seen = Scenario.Seen.of("2 s", true, verdict(1));
    assertThat(seen.kept()).isFalse();
    var rows = List.of(ReliabilityTable.Row.of(SCENARIO, seen));
    assertThat(new ReliabilityTable("m", DAY, rows).kept()).isFalse();
  }

  @Test
  void whatCannotBeTriedIsNeitherKeptNorBroken() {
    var rows = List.of(ReliabilityTable.Row.notRun(SCENARIO));
    var table = new ReliabilityTable("m", DAY, rows);
    assertThat(table.kept()).isTrue();
    assertThat(table.markdown())
        .contains("| needs PostgreSQL (Debian's package postgresql) | not run |");
  }

  @Test
  void aFailureIsOneLineOfTheTable() {
    var rows = List.of(ReliabilityTable.Row.failed(SCENARIO, "gave | up\nand a log"));
    assertThat(new ReliabilityTable("m", DAY, rows).markdown())
        .contains("| gave \\| up | **no** |")
        .doesNotContain("and a log");
  }

  @Test
  void aDocumentKeepsWhatStandsAroundItsTable() {
    var table = new ReliabilityTable("m", DAY, List.of(ReliabilityTable.Row.notRun(SCENARIO)));
    var document =
        "before\n%s\nold\n%s\nbehind\n".formatted(ReliabilityTable.BEGIN, ReliabilityTable.END);
    assertThat(table.into(document))
        .startsWith("before\n" + ReliabilityTable.BEGIN)
        .endsWith(ReliabilityTable.END + "\nbehind\n")
        .contains(table.markdown())
        .doesNotContain("old");
    assertThat(table.into(table.into(document))).isEqualTo(table.into(document));
    assertThat(table.into("")).isEqualTo(table.markdown());
  }

  @Test
  void rowsThatAreNotMadeAnewStayIfTheyAreOfTheSameMachineAndDay() {
    var old = table("m", row("d", "4"), row("a", "1"), row("gone", "0"), row("b \\| c", "2"));
    var document =
        "before\n%s\n%s%s\n"
            .formatted(ReliabilityTable.BEGIN, old.markdown(), ReliabilityTable.END);
    var names = List.of("a", "b \\| c", "d");
    assertThat(table("m", row("a", "5")).with(document, names).rows())
        .containsExactly(row("a", "5"), row("b \\| c", "2"), row("d", "4"));
    assertThat(table("m", row("a", "5")).with(old.markdown(), names).rows()).hasSize(3);
    assertThat(table("another", row("a", "5")).with(document, names).rows())
        .containsExactly(row("a", "5"));
    assertThat(table("m", row("a", "5")).with("", names).rows()).containsExactly(row("a", "5"));
  }

  private static ReliabilityTable table(String machine, ReliabilityTable.Row... rows) {
    return new ReliabilityTable(machine, DAY, List.of(rows));
  }

  private static ReliabilityTable.Row row(String fault, String seen) {
    return new ReliabilityTable.Row(fault, "promise", seen, "yes");
  }

  @Test
  void aFaultThatDoesNotExistIsRefusedWithTheNamesOfAll() {
    var err = new StringWriter();
    int code =
        io.dayu.bench.run.CommandLines.of(
                new ReliabilityCommand(),
                new PrintWriter(new StringWriter()),
                new PrintWriter(err, true))
            .execute("--only", "nonsense");
    assertThat(code).isEqualTo(2);
    assertThat(err.toString()).contains("nonsense", "kill-processor", "new-edge", "chaos");
  }
}
