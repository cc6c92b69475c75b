package io.dayu.stage;

import com.google.protobuf.ByteString;
import java.util.Objects;

/**
 * A side input in one version. Immutable.
 *
 * @param digest the SHA-256 of {@code json}, in lower-case hexadecimal digits; equal for equal
 *     bytes, so that what is made of a value can be kept under it
 * @param json as it was given or read, UTF-8
 * @param value the same as an unmodifiable tree of maps, lists, strings, numbers and booleans,
 *     where null within it is null
 */
public record SideInput(String digest, ByteString json, Object value) {
  public SideInput {
    Objects.requireNonNull(digest, "digest");
    Objects.requireNonNull(json, "json");
    Objects.requireNonNull(value, "value");
  }
}
