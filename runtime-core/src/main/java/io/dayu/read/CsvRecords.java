package io.dayu.read;

import io.dayu.element.Reading;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;

/** Comma-separated readings; the first line names the columns. */
final class CsvRecords implements Records {
  private static final CSVFormat FORMAT =
      CSVFormat.DEFAULT
          .builder()
          .setHeader()
          .setSkipHeaderRecord(true)
          .setIgnoreSurroundingSpaces(true)
          .setDuplicateHeaderMode(DuplicateHeaderMode.ALLOW_EMPTY)
          .get();

  private final RecordInput input;
  private final CSVParser parser;
  private final Iterator<CSVRecord> records;
  private final Columns columns;

  private CsvRecords(RecordInput input, CSVParser parser, Columns columns) {
    this.input = input;
    this.parser = parser;
    this.records = parser.iterator();
    this.columns = columns;
  }

  static CsvRecords open(RecordInput input, Columns columns) throws IOException, BrokenRecord {
    try {
      var parser = CSVParser.builder().setReader(input).setFormat(FORMAT).get();
      var header = parser.getHeaderNames();
      var missing =
          Stream.of(columns.at(), columns.value()).filter(c -> !header.contains(c)).toList();
      // An empty file has neither a header nor readings.
      if (!missing.isEmpty() && !header.isEmpty()) throw noHeader(missing, columns);
      return new CsvRecords(input, parser, columns);
    } catch (CSVException | RecordInput.TooLong | IllegalArgumentException e) {
      throw new BrokenRecord(1, e.getMessage(), expected(columns), e);
    }
  }

  @Override
  public Optional<Reading> next() throws IOException, BrokenRecord {
    input.beginRecord();
    // The parser reads ahead of the record, so only the line where it began is certain.
    var line = parser.getCurrentLineNumber() + 1;
    try {
      if (!records.hasNext()) return Optional.empty();
      var record = records.next();
      line = parser.getCurrentLineNumber();
      return Optional.of(
          columns.reading(
              column -> record.isSet(column) ? Optional.of(record.get(column)) : Optional.empty()));
    } catch (UncheckedIOException e) {
      if (e.getCause() instanceof CSVException || e.getCause() instanceof RecordInput.TooLong)
        throw new BrokenRecord(line, e.getCause().getMessage(), expected(columns), e);
      throw e.getCause();
    } catch (IllegalArgumentException e) {
      throw new BrokenRecord(line, e.getMessage(), expected(columns), e);
    }
  }

  @Override
  public void close() throws IOException {
    input.close();
  }

  private static BrokenRecord noHeader(List<String> missing, Columns columns) {
    return new BrokenRecord(
        1,
        "the header has no column %s".formatted(missing),
        expected(columns) + " (other names can be given, as in ?at=time&value=celsius)",
        null);
  }

  private static String expected(Columns c) {
    return "a header and columns %s,%s,%s,%s".formatted(c.sensor(), c.at(), c.value(), c.unit());
  }
}
