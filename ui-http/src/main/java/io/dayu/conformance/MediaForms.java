package io.dayu.conformance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.InvalidProtocolBufferException;
import io.dayu.element.Media;
import io.dayu.element.MediaJson;
import io.dayu.element.MediaType;
import java.io.IOException;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Base64;

/** Media as they stand in requests, and a look at those of answers. */
final class MediaForms {
  /** Writes ASCII only, as headers need it. */
  static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private static final String SEE = "see docs/services.md for the form of each media type";

  private MediaForms() {}

  static byte[] bytes(JsonNode node) {
    try {
      return MAPPER.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** As nodes send it. */
  static JsonNode json(Media media) {
    return MAPPER.valueToTree(MediaJson.full(media));
  }

  /** Checks that an answer with status 200 holds media of a type. */
  static void check(Answer answer, MediaType declared) throws Wrong {
    switch (answer.contentType()) {
      case Description.JSON -> check(parse(answer.body()), declared);
      case Description.PROTOBUF -> {
        try {
          same(MediaType.of(Media.parseFrom(answer.body())).word(), declared);
        } catch (InvalidProtocolBufferException e) {
          throw new Wrong("the output is no Media of protobuf: " + e.getMessage(), SEE);
        }
      }
      case Description.JPEG -> {
        same("frames", declared);
        var body = answer.body();
        if (body.length < 2 || (body[0] & 0xff) != 0xff || (body[1] & 0xff) != 0xd8)
          throw new Wrong("the output is no JPEG file", "encode the frame as JPEG");
      }
      case Description.BYTES -> same("opaque", declared);
      case "text/plain" -> same("text", declared);
      default ->
          throw new Wrong(
              answer.contentType().isEmpty()
                  ? "the output has no content type"
                  : "the output has the content type " + answer.contentType(),
              "send content-type: application/json, application/x-protobuf, image/jpeg,"
                  + " application/octet-stream or text/plain");
    }
  }

  static JsonNode parse(byte[] body) throws Wrong {
    try {
      return MAPPER.readTree(body);
    } catch (JsonProcessingException e) {
      throw new Wrong("the answer is no JSON: " + e.getOriginalMessage(), SEE);
    } catch (IOException e) {
      throw new Wrong("the answer is no JSON: " + e.getMessage(), SEE);
    }
  }

  /** Checks that JSON is media of a type. */
  static void check(JsonNode media, MediaType declared) throws Wrong {
    if (!media.isObject() || !media.path("type").isTextual())
      throw new Wrong("the output is " + shown(media) + ", no object with a type", SEE);
    var type = media.path("type").asText();
    if (Arrays.stream(MediaType.values()).noneMatch(each -> each.word().equals(type)))
      throw new Wrong("the output has the type \"" + type + "\", which is no media type", SEE);
    same(type, declared);
    var content = media.path(type);
    if (declared == MediaType.OPAQUE) {
      base64(content, "opaque");
      return;
    }
    if (!content.isArray())
      throw new Wrong("the output's \"" + type + "\" is " + shown(content) + ", no list", SEE);
    for (int i = 0; i < content.size(); i++) check(content.get(i), declared, type + "[" + i + "]");
  }

  private static void check(JsonNode each, MediaType type, String where) throws Wrong {
    if (type == MediaType.TEXT) {
      if (!each.isTextual()) throw new Wrong(where + " is " + shown(each) + ", no string", SEE);
      return;
    }
    if (!each.isObject()) throw new Wrong(where + " is " + shown(each) + ", no object", SEE);
    switch (type) {
      case BOXES -> {
        for (var name : new String[] {"x", "y", "width", "height"})
          number(each.path(name), where + "." + name);
        for (var name : new String[] {"score", "track", "frame"})
          if (each.has(name)) number(each.path(name), where + "." + name);
        if (each.has("label")) string(each.path("label"), where + ".label");
      }
      case LABELS -> {
        string(each.path("name"), where + ".name");
        number(each.path("value"), where + ".value");
      }
      case READINGS -> {
        time(each.path("at"), where + ".at");
        number(each.path("value"), where + ".value");
        for (var name : new String[] {"sensor", "unit"})
          if (each.has(name)) string(each.path(name), where + "." + name);
      }
      default -> base64(each.path("jpeg"), where + ".jpeg");
    }
  }

  private static void same(String type, MediaType declared) throws Wrong {
    if (!type.equals(declared.word()))
      throw new Wrong(
          "the output is " + type + ", and the description says " + declared.word(),
          "give what is declared, or correct \"output\" of the description");
  }

  private static void number(JsonNode value, String where) throws Wrong {
    if (!value.isNumber()) throw new Wrong(where + " is " + shown(value) + ", no number", SEE);
  }

  private static void string(JsonNode value, String where) throws Wrong {
    if (!value.isTextual()) throw new Wrong(where + " is " + shown(value) + ", no string", SEE);
  }

  private static void time(JsonNode value, String where) throws Wrong {
    string(value, where);
    try {
      var unused = OffsetDateTime.parse(value.asText()); // only whether it can be read
    } catch (DateTimeParseException e) {
      throw new Wrong(where + " is " + shown(value), "write times as 2026-01-01T12:00:00Z");
    }
  }

  private static void base64(JsonNode value, String where) throws Wrong {
    string(value, where);
    try {
      var unused = Base64.getDecoder().decode(value.asText()); // only whether it can be read
    } catch (IllegalArgumentException e) {
      throw new Wrong(where + " is no base64", "encode bytes as base64 with + and /");
    }
  }

  static String shown(JsonNode node) {
    if (node.isMissingNode()) return "missing";
    var text = node.toString();
    return text.length() > 60 ? text.substring(0, 60) + "…" : text;
  }
}
