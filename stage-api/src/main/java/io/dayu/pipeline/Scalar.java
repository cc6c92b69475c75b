package io.dayu.pipeline;

import java.util.Objects;

/**
 * A number or a boolean in the tree of a document, with its text there. Readers put it where the
 * text differs from the value's own, such as {@code off} for false and {@code 007} for 7, so that
 * problems show what was written.
 */
public record Scalar(Object value, String text) {
  public Scalar {
    Objects.requireNonNull(value, "value");
    Objects.requireNonNull(text, "text");
  }
}
