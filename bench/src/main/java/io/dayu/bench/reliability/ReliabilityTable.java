package io.dayu.bench.reliability;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** Faults, promises and what was seen, as Markdown. */
record ReliabilityTable(String machine, LocalDate date, List<Row> rows) {
  /**
   * @param kept {@code yes}, {@code no}, or {@code not run}
   */
  record Row(String fault, String promise, String seen, String kept) {
    static Row of(Scenario scenario, Scenario.Seen seen) {
      return new Row(
          scenario.fault(), scenario.promise(), seen.figures(), seen.kept() ? "yes" : "**no**");
    }

    static Row notRun(Scenario scenario) {
      return new Row(scenario.fault(), scenario.promise(), "needs " + scenario.need(), "not run");
    }

    static Row failed(Scenario scenario, String why) {
      return new Row(scenario.fault(), scenario.promise(), oneLine(why), "**no**");
    }

    /** A line of {@link #markdown}; empty if it is another one. */
    private static Optional<Row> read(String line) {
      var cells = line.split(" \\| ");
      return cells.length == 4 && line.startsWith("| ") && line.endsWith(" |")
          ? Optional.of(
              new Row(
                  cells[0].substring(2),
                  cells[1],
                  cells[2],
                  cells[3].substring(0, cells[3].length() - 2)))
          : Optional.empty();
    }

    private static String oneLine(String text) {
      return text.lines().findFirst().orElse("").replace("|", "\\|");
    }
  }

  static final String BEGIN = "<!-- table: written by ./dayu reliability -->";
  static final String END = "<!-- end of table -->";

  ReliabilityTable {
    rows = List.copyOf(rows);
  }

  boolean kept() {
    return rows.stream().noneMatch(r -> r.kept().equals("**no**"));
  }

  String markdown() {
    var lines = new ArrayList<String>();
    lines.add(heading());
    lines.add("");
    lines.add("| fault | promise | seen | kept |");
    lines.add("|---|---|---|---|");
    for (var row : rows)
      lines.add(
          "| %s | %s | %s | %s |".formatted(row.fault(), row.promise(), row.seen(), row.kept()));
    return String.join("\n", lines) + "\n";
  }

  /** The document with this table between its two marks; the table alone if it has none. */
  String into(String document) {
    return table(document).isPresent()
        ? document.substring(0, document.indexOf(BEGIN) + BEGIN.length())
            + "\n\n"
            + markdown()
            + "\n"
            + document.substring(document.indexOf(END))
        : markdown();
  }

  /**
   * This table with the rows that it lacks from the document's, if that was made on the same
   * machine and day.
   *
   * @param order all faults, as they are to follow each other
   */
  ReliabilityTable with(String document, List<String> order) {
    var old = table(document).orElse(document);
    if (old.lines().noneMatch(line -> line.equals(heading()))) return this;
    var all = new TreeMap<String, Row>(Comparator.comparing(order::indexOf));
    old.lines().map(Row::read).flatMap(Optional::stream).forEach(row -> all.put(row.fault(), row));
    all.keySet().retainAll(order);
    rows.forEach(row -> all.put(row.fault(), row));
    return new ReliabilityTable(machine, date, List.copyOf(all.values()));
  }

  private String heading() {
    return "%s, %s.".formatted(machine, date);
  }

  private static Optional<String> table(String document) {
    int begin = document.indexOf(BEGIN);
    int end = document.indexOf(END);
    return begin < 0 || end < begin
        ? Optional.empty()
        : Optional.of(document.substring(begin, end));
  }

  /** This machine in a few words. */
  static String thisMachine() {
    return "%s cores%s, %s, Linux %s, Java %s"
        .formatted(
            Runtime.getRuntime().availableProcessors(),
            first("/proc/cpuinfo", "model name").map(m -> " (" + m + ")").orElse(""),
            first("/proc/meminfo", "MemTotal")
                .map(m -> Long.parseLong(m.replaceAll("\\D", "")) / 1_000_000 + " GB")
                .orElse("? GB"),
            System.getProperty("os.version"),
            System.getProperty("java.version"));
  }

  private static Optional<String> first(String file, String key) {
    try (var lines = Files.lines(Path.of(file))) {
      return lines
          .filter(l -> l.startsWith(key))
          .map(l -> l.substring(l.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
