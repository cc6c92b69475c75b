package io.dayu.read;

import io.dayu.element.Reading;

/** What one record of text says. */
sealed interface Entry {
  record Good(Reading reading) implements Entry {}

  /**
   * It is no reading.
   *
   * @param reason what is wrong, and where
   */
  record Bad(String reason) implements Entry {
    Bad in(String place) {
      return new Bad(place + ": " + reason);
    }
  }
}
