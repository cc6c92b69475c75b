package io.dayu.service;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Optional;

/** JSON as services get and give it: a number that is none is null. */
final class Json {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .addModule(
              new SimpleModule()
                  .addSerializer(Double.class, new Finite())
                  .addSerializer(Raw.class, new AsItIs()))
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** Only ASCII, as headers have to be. */
  private static final ObjectMapper ASCII =
      JsonMapper.builder(JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build())
          .build();

  private Json() {}

  static byte[] bytes(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot be written as JSON: " + value.getClass(), e);
    }
  }

  static String ascii(Object value) {
    try {
      return ASCII.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot be written as JSON: " + value.getClass(), e);
    }
  }

  static JsonNode tree(byte[] json) throws IOException {
    return MAPPER.readTree(json);
  }

  /** Maps, lists, strings, numbers and booleans. */
  static Object plain(byte[] json) throws IOException {
    return MAPPER.readValue(json, Object.class);
  }

  static JsonNode object() {
    return MAPPER.createObjectNode();
  }

  /** A value of a parameter in the form that pipelines have it; empty if it can be none. */
  static Optional<Object> plain(JsonNode value) {
    if (value.isTextual()) return Optional.of(value.textValue());
    if (value.isBoolean()) return Optional.of(value.booleanValue());
    if (value.isNumber()) {
      double number = value.doubleValue();
      if (number == Math.rint(number) && Math.abs(number) < 1L << 53)
        return Optional.of((long) number);
      return Optional.of(number);
    }
    if (!value.isArray()) return Optional.empty();
    var list = new ArrayList<Object>();
    value.forEach(item -> plain(item).ifPresent(list::add));
    return Optional.of(list);
  }

  /** What is JSON already, in UTF-8. */
  record Raw(byte[] json) {}

  private static final class AsItIs extends StdSerializer<Raw> {
    private static final long serialVersionUID = 1;

    AsItIs() {
      super(Raw.class);
    }

    @Override
    public void serialize(Raw value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeRawValue(new String(value.json(), StandardCharsets.UTF_8));
    }
  }

  private static final class Finite extends StdSerializer<Double> {
    private static final long serialVersionUID = 1;

    Finite() {
      super(Double.class);
    }

    @Override
    public void serialize(Double value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      if (Double.isFinite(value)) out.writeNumber(value);
      else out.writeNull();
    }
  }
}
