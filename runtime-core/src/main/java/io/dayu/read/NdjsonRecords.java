package io.dayu.read;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.dayu.read.Lines.Line;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;

/**
 * Readings as JSON objects, one in a line; an object may go over some lines, and a line may hold
 * several, or an array of them. A line that is no JSON is one bad record.
 */
final class NdjsonRecords implements Records {
  private final Lines lines;
  private final Columns columns;
  private final Queue<Entry> found = new ArrayDeque<>(); // of the last line

  NdjsonRecords(Lines lines, Columns columns) {
    this.lines = lines;
    this.columns = columns;
  }

  @Override
  public Optional<Entry> next() throws IOException {
    while (found.isEmpty()) {
      var line = lines.next();
      if (line.isEmpty()) return Optional.empty();
      if (!line.get().whole()) add(line.get(), new Entry.Bad(Lines.TOO_LONG));
      else if (!line.get().text().isBlank()) read(line.get());
    }
    return Optional.of(found.remove());
  }

  private void read(Line first) throws IOException {
    var text = new StringBuilder(first.text());
    var more = new ArrayList<Line>();
    while (true)
      try {
        for (var entry : JsonEntries.of(text.toString(), columns)) add(first, entry);
        return;
      } catch (JsonProcessingException e) {
        if (!JsonEntries.isCutOff(e) || !append(text, more)) {
          add(first, JsonEntries.broken(e));
          // What follows a line that is broken is tried on its own.
          lines.again(more);
          return;
        }
      }
  }

  /** Adds the next line; false if the record would be too long, or there is none. */
  private boolean append(StringBuilder text, List<Line> more) throws IOException {
    if (more.size() == Lines.MAX_LINES) return false;
    var next = lines.next();
    if (next.isEmpty()) return false;
    more.add(next.get());
    text.append('\n').append(next.get().text());
    return text.length() <= Lines.MAX_CHARS;
  }

  private void add(Line line, Entry entry) {
    found.add(entry instanceof Entry.Bad bad ? bad.in("line " + line.number()) : entry);
  }

  @Override
  public String expected() {
    return "one object per line with %s".formatted(columns.names());
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
