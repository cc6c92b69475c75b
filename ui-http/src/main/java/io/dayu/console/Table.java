package io.dayu.console;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Rows in aligned columns; a row may be longer than the terminal, its last column is not padded.
 */
public final class Table {
  private static final String GAP = "  ";
  private final List<String> head;
  private final Set<Integer> right;
  private final List<List<String>> rows = new ArrayList<>();

  private Table(List<String> head, Set<Integer> right) {
    this.head = head;
    this.right = right;
  }

  /** Columns by their heads; {@code >} before a head aligns its column to the right. */
  public static Table of(String... heads) {
    var names = new ArrayList<String>();
    var right = new java.util.HashSet<Integer>();
    for (int i = 0; i < heads.length; i++) {
      if (heads[i].startsWith(">")) right.add(i);
      names.add(heads[i].startsWith(">") ? heads[i].substring(1) : heads[i]);
    }
    return new Table(List.copyOf(names), Set.copyOf(right));
  }

  @CanIgnoreReturnValue
  public Table row(Object... cells) {
    if (cells.length != head.size())
      throw new IllegalArgumentException(
          "%s cells in a table of %s columns".formatted(cells.length, head.size()));
    rows.add(java.util.Arrays.stream(cells).map(c -> oneLine(String.valueOf(c))).toList());
    return this;
  }

  public boolean isEmpty() {
    return rows.isEmpty();
  }

  List<String> lines() {
    var all = new ArrayList<List<String>>();
    all.add(head);
    all.addAll(rows);
    var widths = new int[head.size()];
    for (var row : all)
      for (int i = 0; i < widths.length; i++)
        widths[i] = Math.max(widths[i], row.get(i).codePointCount(0, row.get(i).length()));
    return all.stream().map(row -> line(row, widths)).toList();
  }

  public String render(String indent) {
    var text = new StringBuilder();
    for (var line : lines()) text.append(indent).append(line).append(System.lineSeparator());
    return text.toString();
  }

  private String line(List<String> row, int[] widths) {
    var line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      var cell = row.get(i);
      var pad = " ".repeat(widths[i] - cell.codePointCount(0, cell.length()));
      line.append(i == 0 ? "" : GAP);
      line.append(right.contains(i) ? pad + cell : cell + pad);
    }
    return line.toString().stripTrailing();
  }

  private static String oneLine(String cell) {
    return cell.replaceAll("\\s*\\R\\s*", " ");
  }
}
