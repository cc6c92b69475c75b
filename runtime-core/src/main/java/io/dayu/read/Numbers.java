package io.dayu.read;

import io.dayu.source.Query;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How values are written: digits, with a point or a comma before the fraction and perhaps an
 * exponent. Nothing else counts as a number, though {@link Double#parseDouble} would take more:
 * {@code 72F}, {@code 5d}, {@code 0x1p4}, {@code NaN}.
 *
 * @param decimal what stands before the fraction; if empty, either, where it is not ambiguous
 */
record Numbers(Optional<Decimal> decimal) {
  enum Decimal {
    POINT,
    COMMA
  }

  static final String PARAMETER = "decimal";

  private static final Pattern POINT =
      Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,4})?");
  private static final Pattern COMMA =
      Pattern.compile("[+-]?(\\d+,?\\d*|,\\d+)([eE][+-]?\\d{1,4})?");
  private static final Pattern MAYBE_THOUSANDS = Pattern.compile("[+-]?[1-9]\\d{0,2},\\d{3}");

  static Numbers of(Query query) {
    return new Numbers(query.choice(PARAMETER, List.of(Decimal.values())));
  }

  /**
   * @param name of the column
   * @throws IllegalArgumentException if it is not a finite number
   */
  double parse(String name, String text) {
    var stripped = text.strip();
    boolean comma = stripped.indexOf(',') >= 0;
    if (comma && decimal.isEmpty() && MAYBE_THOUSANDS.matcher(stripped).matches())
      throw new IllegalArgumentException(
          "'%s' is %s, which may be a fraction or thousands; write decimal=comma if it is a fraction"
              .formatted(name, Cells.excerpt(text)));
    boolean byComma = decimal.map(Decimal.COMMA::equals).orElse(comma);
    if ((byComma ? COMMA : POINT).matcher(stripped).matches()) {
      var number = Double.parseDouble(stripped.replace(',', '.'));
      if (Double.isFinite(number)) return number;
    }
    throw new IllegalArgumentException(
        "'%s' is not a number: %s".formatted(name, Cells.excerpt(text)));
  }
}
