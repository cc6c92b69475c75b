package io.dayu.side;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Values of side inputs as bytes: JSON of a limited size. */
public final class SideValues {
  /** Bytes that a value may have. */
  public static final int MOST = 256 << 10;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .build();

  private SideValues() {}

  /** Why these bytes are no value, for people; empty if they are one. */
  public static Optional<String> problem(ByteString json) {
    if (json.size() > MOST) return Optional.of(tooLarge(json.size()));
    try {
      return read(json) == null ? Optional.of("null is no value") : Optional.empty();
    } catch (JsonProcessingException e) {
      var at = e.getLocation();
      return Optional.of(
          "it is no JSON: %s%s"
              .formatted(
                  e.getOriginalMessage(),
                  at == null
                      ? ""
                      : " at line %s, column %s".formatted(at.getLineNr(), at.getColumnNr())));
    } catch (IOException e) {
      return Optional.of("it is no JSON: " + e.getMessage());
    }
  }

  static String tooLarge(long bytes) {
    return "it has %s bytes, at most %s are possible".formatted(bytes, MOST);
  }

  /**
   * The bytes of a value that stands in a pipeline's document; the same for equal values.
   *
   * @param value maps, lists, strings, numbers and booleans
   */
  public static ByteString write(Object value) {
    try {
      return ByteString.copyFrom(MAPPER.writeValueAsBytes(value));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("has no form in JSON", e);
    }
  }

  /**
   * An unmodifiable tree of the value.
   *
   * @throws IllegalArgumentException if there is a {@link #problem}
   */
  static Object tree(ByteString json) {
    try {
      var value = read(json);
      if (value != null) return value;
      throw new IllegalArgumentException("null is no value");
    } catch (IOException e) {
      throw new IllegalArgumentException("it is no JSON", e);
    }
  }

  private static @Nullable Object read(ByteString json) throws IOException {
    return fixed(MAPPER.readValue(json.newInput(), Object.class));
  }

  private static @Nullable Object fixed(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      var copy = new LinkedHashMap<Object, @Nullable Object>();
      map.forEach((name, field) -> copy.put(name, fixed(field)));
      return Collections.unmodifiableMap(copy);
    }
    if (!(value instanceof List<?> list)) return value;
    var copy = new ArrayList<@Nullable Object>(list.size());
    for (var item : list) copy.add(fixed(item));
    return Collections.unmodifiableList(copy);
  }

  /** SHA-256 in hexadecimal digits. */
  public static String digest(ByteString json) {
    try {
      var sha = MessageDigest.getInstance("SHA-256");
      sha.update(json.asReadOnlyByteBuffer());
      return HexFormat.of().formatHex(sha.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
