package io.dayu.read;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dayu.element.Reading;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Readings as one JSON object per line. */
final class NdjsonRecords implements Records {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final RecordInput input;
  private final JsonParser parser;
  private final Columns columns;

  NdjsonRecords(RecordInput input, Columns columns) throws IOException {
    this.input = input;
    this.parser = JSON.getFactory().createParser(input);
    this.columns = columns;
  }

  @Override
  public Optional<Reading> next() throws IOException, BrokenRecord {
    input.beginRecord();
    try {
      if (parser.nextToken() == null) return Optional.empty();
      JsonNode record = JSON.readTree(parser);
      if (!record.isObject())
        throw new IllegalArgumentException("this is not an object but " + record.getNodeType());
      return Optional.of(
          columns.reading(
              field ->
                  record.path(field).isValueNode() && !record.path(field).isNull()
                      ? Optional.of(record.path(field).asText())
                      : Optional.empty()));
    } catch (JsonProcessingException e) {
      throw broken(e.getOriginalMessage(), e);
    } catch (RecordInput.TooLong | IllegalArgumentException e) {
      throw broken(e.getMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    input.close();
  }

  private BrokenRecord broken(@Nullable String what, Exception cause) {
    return new BrokenRecord(
        parser.currentLocation().getLineNr(),
        what,
        "one object per line with %s, %s, %s and %s"
            .formatted(columns.sensor(), columns.at(), columns.value(), columns.unit()),
        cause);
  }
}
