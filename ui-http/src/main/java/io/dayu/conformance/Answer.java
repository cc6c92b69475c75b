package io.dayu.conformance;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;

/**
 * An answer over HTTP.
 *
 * @param headers names in lower case
 * @param keeps whether the service keeps the connection
 */
record Answer(int status, Map<String, String> headers, byte[] body, boolean keeps) {
  private static final int SHOWN = 200;

  /** The content type without its parameters, in lower case; empty if there is none. */
  String contentType() {
    return headers
        .getOrDefault("content-type", "")
        .split(";", 2)[0]
        .strip()
        .toLowerCase(Locale.ROOT);
  }

  String text() {
    return new String(body, StandardCharsets.UTF_8);
  }

  /** The status and the beginning of the body, as a person reads it. */
  String brief() {
    var text = text().strip().replaceAll("\\s+", " ");
    if (text.isEmpty()) return Integer.toString(status);
    return status + ": " + (text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text);
  }

  /** Whether a node gives the element up by this status. */
  boolean failsForGood() {
    return status >= 400 && status < 500 && !again();
  }

  /** Whether a node sends the element again by this status. */
  boolean again() {
    return status == 408 || status == 425 || status == 429 || status >= 500;
  }
}
