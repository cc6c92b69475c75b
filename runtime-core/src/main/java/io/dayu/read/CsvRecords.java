package io.dayu.read;

import io.dayu.read.Lines.Line;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.jspecify.annotations.Nullable;

/**
 * Readings as separated values. The header names the columns; it is the first of some lines that
 * has the columns which are needed, by the separator that is told, or by any of the usual ones. A
 * line that is no record is one bad record.
 */
final class CsvRecords implements Records {
  /** What may stand between two columns. */
  enum Separator {
    COMMA(','),
    SEMICOLON(';'),
    TAB('\t'),
    PIPE('|');

    private final char sign;
    private final Pattern pattern;

    Separator(char sign) {
      this.sign = sign;
      this.pattern = Pattern.compile(Pattern.quote(String.valueOf(sign)));
    }
  }

  static final String SEPARATOR = "separator";

  /** How many lines may come before the header. */
  private static final int PREAMBLE = 20;

  private record Header(Separator separator, List<String> names) {
    /** By the exact name, else by the only one that differs in upper and lower case. */
    private Optional<Integer> index(String name) {
      int exact = names.indexOf(name);
      if (exact >= 0) return Optional.of(exact);
      var alike = new ArrayList<Integer>();
      for (int i = 0; i < names.size(); i++) if (names.get(i).equalsIgnoreCase(name)) alike.add(i);
      return alike.size() == 1 ? Optional.of(alike.get(0)) : Optional.empty();
    }

    private List<String> missing(List<String> wanted) {
      return wanted.stream().filter(name -> index(name).isEmpty()).toList();
    }
  }

  private record Row(Header header, List<String> cells) implements Cells {
    @Override
    public Optional<String> text(String name) {
      return header.index(name).map(column -> column < cells.size() ? cells.get(column) : "");
    }
  }

  private final Lines lines;
  private final Optional<Separator> separator;
  private final Columns columns;
  private @Nullable Header header; // null until it was read

  /**
   * @param separator of the columns; if empty it is found
   */
  CsvRecords(Lines lines, Optional<Separator> separator, Columns columns) {
    this.lines = lines;
    this.separator = separator;
    this.columns = columns;
  }

  @Override
  public Optional<Entry> next() throws IOException, NoReadings {
    if (header == null) header = findHeader().orElse(null);
    if (header == null) return Optional.empty();
    for (var line = lines.next(); line.isPresent(); line = lines.next()) {
      var entry = entry(header, line.get());
      if (entry.isPresent()) return entry;
    }
    return Optional.empty();
  }

  /** Empty if the line is. */
  private Optional<Entry> entry(Header header, Line line) throws IOException {
    var place = "line " + line.number();
    try {
      if (!line.whole()) throw new IllegalArgumentException(Lines.TOO_LONG);
      var cells = cells(line, header.separator());
      if (cells.stream().allMatch(String::isBlank)) return Optional.empty();
      int columnsThere = header.names().size();
      // A comma that is part of a number would move all that follows to other columns.
      if (cells.stream().skip(columnsThere).anyMatch(cell -> !cell.isBlank()))
        throw new IllegalArgumentException(
            "there are %s values for the %s columns of the header"
                .formatted(cells.size(), columnsThere));
      return Optional.of(new Entry.Good(columns.reading(new Row(header, cells))));
    } catch (IllegalArgumentException e) {
      return Optional.of(new Entry.Bad(String.valueOf(e.getMessage())).in(place));
    }
  }

  /** Empty if there are no lines at all. */
  private Optional<Header> findHeader() throws IOException, NoReadings {
    var likely = "";
    var missing = columns.required();
    long first = 0;
    for (int seen = 0; seen < PREAMBLE; ) {
      var line = lines.next();
      if (line.isEmpty()) break;
      if (!line.get().whole()) throw noReadings(line.get().number(), Lines.TOO_LONG);
      if (line.get().text().isBlank()) continue;
      if (seen++ == 0) first = line.get().number();
      for (var each : separators()) {
        var found = new Header(each, names(line.get(), each));
        var absent = found.missing(columns.required());
        if (absent.isEmpty()) return Optional.of(checked(found, line.get()));
        var shown = found.names().size() > 1 ? Cells.list(found.names()) : "";
        boolean better = likely.isEmpty() || absent.size() < missing.size();
        if (shown.isEmpty() || !better) continue;
        likely = "; it has " + shown;
        missing = absent;
        first = line.get().number();
      }
    }
    if (first == 0) return Optional.empty();
    throw noReadings(first, "the header has no column %s%s".formatted(missing, likely));
  }

  private List<Separator> separators() {
    return separator.map(List::of).orElseGet(() -> List.of(Separator.values()));
  }

  private List<String> names(Line line, Separator separator) throws IOException {
    // Some programs mark the header as a comment.
    var text = line.text().startsWith("#") ? line.text().substring(1) : line.text();
    try {
      return cells(new Line(line.number(), text, true), separator).stream()
          .map(String::strip)
          .toList();
    } catch (IllegalArgumentException e) {
      return List.of(); // a line of the preamble
    }
  }

  private Header checked(Header header, Line line) throws NoReadings {
    for (var column : List.of(columns.sensor(), columns.at(), columns.value(), columns.unit()))
      if (header.names().stream().filter(column.name()::equals).count() > 1)
        throw noReadings(
            line.number(), "the header has several columns '%s'".formatted(column.name()));
    return header;
  }

  /** The cells of a record that begins in this line. */
  private List<String> cells(Line first, Separator separator) throws IOException {
    if (first.text().indexOf('"') < 0)
      return Stream.of(separator.pattern.split(first.text(), -1)).map(String::strip).toList();
    var text = new StringBuilder(first.text());
    var more = new ArrayList<Line>();
    while (isQuoteOpen(text, separator.sign)) {
      var next = more.size() < Lines.MAX_LINES ? lines.next() : Optional.<Line>empty();
      next.ifPresent(more::add);
      if (next.isEmpty() || text.length() + next.get().text().length() > Lines.MAX_CHARS) {
        // What follows a line that is broken is tried on its own.
        lines.again(more);
        throw new IllegalArgumentException("a quote is opened and not closed");
      }
      text.append('\n').append(next.get().text());
    }
    return parsed(text.toString(), separator.sign);
  }

  /** Whether the text ends within a value that began with a quote. */
  private static boolean isQuoteOpen(CharSequence text, char sign) {
    boolean begins = true;
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted) quoted = c != '"';
      else if (c == sign) begins = true;
      // A second quote of a pair opens the value again.
      else if (c == '"') quoted = begins || text.charAt(i - 1) == '"';
      else if (!Character.isWhitespace(c)) begins = false;
    }
    return quoted;
  }

  private static List<String> parsed(String text, char sign) throws IOException {
    var format =
        CSVFormat.DEFAULT.builder().setDelimiter(sign).setIgnoreSurroundingSpaces(true).get();
    try (var parser = CSVParser.parse(text, format)) {
      var records = parser.getRecords();
      return records.isEmpty() ? List.of() : records.get(0).toList();
    } catch (IOException | UncheckedIOException | IllegalStateException e) {
      throw new IllegalArgumentException("a quote stands in the wrong place", e);
    }
  }

  private NoReadings noReadings(long line, String what) {
    return new NoReadings(
        "line %s: %s; expected %s (other names can be given, as in ?at=time&value=celsius)"
            .formatted(line, what, expected()));
  }

  @Override
  public String expected() {
    return "a header and columns %s".formatted(columns.names());
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
