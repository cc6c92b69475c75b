package io.dayu.read;

import java.io.IOException;
import java.util.Optional;

/**
 * What records of text say, one after the other. Used by one thread at a time, save for closing.
 */
interface Records extends AutoCloseable {
  /** The data as a whole holds no readings. */
  final class NoReadings extends Exception {
    private static final long serialVersionUID = 1L;

    NoReadings(String message) {
      super(message);
    }
  }

  /** The next record; empty at the end. */
  Optional<Entry> next() throws IOException, NoReadings;

  /** What records should look like, for messages. */
  String expected();

  @Override
  void close() throws IOException;
}
