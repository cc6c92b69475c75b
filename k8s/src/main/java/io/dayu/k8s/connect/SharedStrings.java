package io.dayu.k8s.connect;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.StringDeserializer;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Reads strings, and gives for one that was read lately the same object again: most of those in a
 * thousand Deployments are in each of them. Keeps so many at most. Safe for any thread.
 */
final class SharedStrings extends StringDeserializer {
  private static final long serialVersionUID = 1;

  /** A power of two, since hashes are cut to it. */
  private static final int KEPT = 4096;

  /** Longer ones are seldom equal, and would stay for long. */
  private static final int LONGEST = 200;

  private final transient AtomicReferenceArray<String> kept = new AtomicReferenceArray<>(KEPT);

  @Override
  public @Nullable String deserialize(JsonParser parser, DeserializationContext context)
      throws IOException {
    @Nullable String read = super.deserialize(parser, context);
    return read == null ? read : shared(read);
  }

  private String shared(String read) {
    if (read.length() > LONGEST) return read;
    int hash = read.hashCode();
    int at = (hash ^ hash >>> 16) & KEPT - 1;
    var before = kept.getPlain(at);
    if (read.equals(before)) return before;
    kept.setPlain(at, read);
    return read;
  }
}
