package io.dayu.read;

import io.dayu.source.Query;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How readings are written in a text, as far as the parameters of a source say it.
 *
 * @param charset if empty it is found, see {@link Encodings}
 * @param separator of CSV; if empty it is found
 */
record Dialect(
    Format format,
    Optional<Charset> charset,
    Optional<CsvRecords.Separator> separator,
    Columns columns,
    OnBad onBad) {
  static final List<String> PARAMETERS =
      Stream.concat(
              Columns.PARAMETERS.stream(),
              Stream.of(
                  Format.PARAMETER, Encodings.PARAMETER, CsvRecords.SEPARATOR, OnBad.PARAMETER))
          .toList();

  /**
   * @param path of the data, which tells format and sensor where nothing else does
   * @param otherwise what becomes of what is no reading, if no parameter says it
   * @throws io.dayu.source.SourceException what is wrong with a parameter; permanent
   */
  static Dialect of(URI uri, String path, Query query, OnBad otherwise) {
    var told = query.choice(Format.PARAMETER, List.of(Format.values()));
    return new Dialect(
        told.or(() -> Format.of(uri, path))
            .orElseThrow(() -> query.wrong("write format=csv or format=ndjson")),
        Encodings.of(query),
        query.choice(CsvRecords.SEPARATOR, List.of(CsvRecords.Separator.values())),
        Columns.of(query, Format.sensor(path)),
        OnBad.of(query, otherwise));
  }

  /**
   * @param heard the encoding that the origin of the data names, if it names one
   */
  Records records(InputStream bytes, Optional<Charset> heard) {
    var lines = new Lines(bytes, charset.or(() -> heard));
    return format == Format.CSV
        ? new CsvRecords(lines, separator, columns)
        : new NdjsonRecords(lines, columns);
  }
}
