package io.dayu.read;

import io.dayu.source.Query;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PushbackInputStream;
import java.io.Reader;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Optional;

/**
 * Which bytes are which characters. A byte order mark tells, else the parameter {@code charset};
 * UTF-16 is recognised without a mark, too. Everything else is UTF-8, and what is none becomes
 * {@code \ufffd}, which {@link Columns} refuses.
 */
final class Encodings {
  static final String PARAMETER = "charset";

  private Encodings() {}

  static Optional<Charset> of(Query query) {
    return query
        .text(PARAMETER)
        .map(
            name ->
                named(name)
                    .orElseThrow(
                        () ->
                            query.wrong(
                                "charset=%s is unknown; name one as UTF-8, ISO-8859-1 or UTF-16LE"
                                    .formatted(name))));
  }

  static Optional<Charset> named(String name) {
    try {
      return Optional.of(Charset.forName(name));
    } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
      return Optional.empty();
    }
  }

  /** Waits for the first bytes. */
  static Reader reader(InputStream bytes, Optional<Charset> told) throws IOException {
    var input = new PushbackInputStream(bytes, 3);
    int first = input.read();
    int second = first < 0 ? -1 : input.read();
    if (first == 0xFE && second == 0xFF)
      return new InputStreamReader(input, StandardCharsets.UTF_16BE);
    if (first == 0xFF && second == 0xFE)
      return new InputStreamReader(input, StandardCharsets.UTF_16LE);
    if (first == 0xEF && second == 0xBB) {
      int third = input.read();
      if (third == 0xBF) return new InputStreamReader(input, StandardCharsets.UTF_8);
      unread(input, third);
    }
    unread(input, second);
    unread(input, first);
    return new InputStreamReader(input, told.orElse(guess(first, second)));
  }

  /** Readings begin with a letter, a digit or a bracket, so a zero beside it tells UTF-16. */
  private static Charset guess(int first, int second) {
    if (first > 0 && second == 0) return StandardCharsets.UTF_16LE;
    if (first == 0 && second > 0) return StandardCharsets.UTF_16BE;
    return StandardCharsets.UTF_8;
  }

  private static void unread(PushbackInputStream input, int read) throws IOException {
    if (read >= 0) input.unread(read);
  }
}
