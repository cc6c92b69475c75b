package io.dayu.read;

import io.dayu.source.Query;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/** What text with readings is written in. */
enum Format {
  CSV,
  NDJSON;

  static final String PARAMETER = "format";

  /** By the parameter, else by the ending of the path. Empty if neither tells. */
  static Optional<Format> of(URI uri, String path) {
    for (var format : values())
      if (List.of(Query.raw(uri).split("&")).contains(PARAMETER + "=" + Query.word(format)))
        return Optional.of(format);
    var name = plain(path.toLowerCase(Locale.ROOT));
    if (name.endsWith(".csv")) return Optional.of(CSV);
    return name.endsWith(".ndjson") || name.endsWith(".jsonl")
        ? Optional.of(NDJSON)
        : Optional.empty();
  }

  /** Whether the bytes of {@code path} are packed with gzip. */
  static boolean isPacked(String path) {
    return path.toLowerCase(Locale.ROOT).endsWith(".gz");
  }

  /**
   * What is packed with gzip in {@code bytes}, which are closed if they are not.
   *
   * @throws IOException if they are not, or cannot be read
   */
  static InputStream unpacked(InputStream bytes) throws IOException {
    try {
      return new GZIPInputStream(bytes);
    } catch (IOException e) {
      bytes.close();
      throw e;
    }
  }

  /** The name of a sensor that has none in the data: that of the file, without its endings. */
  static String sensor(String path) {
    var file = plain(path.substring(path.lastIndexOf('/') + 1));
    int dot = file.lastIndexOf('.');
    return dot < 0 ? file : file.substring(0, dot);
  }

  private static String plain(String path) {
    return isPacked(path) ? path.substring(0, path.length() - ".gz".length()) : path;
  }
}
